"""The web application."""
import os

from flask import Flask
from flask_migrate import Migrate

from . import csrf, pages, protocol
from .models import db


def create_application():
    core = os.path.dirname(os.path.abspath(__file__))
    application = Flask("sphere", static_folder=None, template_folder=os.path.join(core, "templates"))
    application.config.from_object("config")
    db.init_app(application)
    Migrate(application, db, directory=os.path.join(application.config["PROJECT"], "migrations"))
    csrf.protect(application)
    protocol.record(application)
    application.register_blueprint(pages.blueprint)
    return application
