"""Accounts, log-in, and the brake on guessing passwords."""
import functools

from flask import g, redirect, session, url_for
from sqlalchemy import select
from werkzeug.security import check_password_hash, generate_password_hash

from .cache import cache
from .models import User, db

ATTEMPTS = 10
PAUSE_SECONDS = 300


def save_superuser(email, password):
    user = db.session.scalar(select(User).where(User.email == email.lower()))
    word = "updated"
    if user is None:
        user, word = User(email=email.lower()), "created"
        db.session.add(user)
    user.password_hash = generate_password_hash(password)
    user.is_superuser = True
    db.session.commit()
    return word


@functools.cache
def _nobody():
    return generate_password_hash("nobody's")


def authenticate(email, password, address):
    """The user, or None: wrong, or tried too often from this address."""
    key = f"log-in:{address}"
    if int(cache().get(key) or 0) >= ATTEMPTS:
        return None
    user = db.session.scalar(select(User).where(User.email == email.lower()))
    # As much work for a name that is not there: the time must not tell.
    right = check_password_hash(_nobody() if user is None else user.password_hash, password)
    if user is not None and right:
        return user
    cache().add(key, "0", expire=PAUSE_SECONDS)
    cache().incr(key, 1)
    return None


def current_user():
    if "user" not in g:
        identity = session.get("user")
        g.user = None if identity is None else db.session.get(User, identity)
    return g.user


def needs_log_in(view):
    @functools.wraps(view)
    def guarded(*arguments, **options):
        return view(*arguments, **options) if current_user() else redirect(url_for("pages.log_in"))

    return guarded
