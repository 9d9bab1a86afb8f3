#!/home/www/.virtualenv/sphere/bin/python
"""Administration of the system: run it without arguments to see what there is to do."""
import getpass
import sys

import click
from flask.cli import FlaskGroup

from sphere.application import create_application


@click.group(cls=FlaskGroup, create_app=create_application, add_default_commands=False)
def cli():
    """Administration of Sphere."""


@cli.command("create_superuser")
@click.argument("email")
def create_superuser(email):
    """Makes EMAIL a superuser. The password is asked for, or is the first line of standard input."""
    from sphere.users import save_superuser

    password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if password == "":
        raise click.ClickException("a password is needed")
    click.echo(f"{email}: {save_superuser(email, password)}")


@cli.command("runserver")
@click.option("-h", "--host", default="127.0.0.1", help="Address to listen on; 0.0.0.0 lets others in.")
@click.option("-p", "--port", default=5000)
def runserver(host, port):
    """Runs the debugging server. Only for trying things out."""
    create_application().run(host=host, port=port)


if __name__ == "__main__":
    cli()
