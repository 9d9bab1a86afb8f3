"""Forms carry a secret of the session. It looks different on every page, so that compression tells nothing (BREACH)."""
import hmac
import secrets

from flask import abort, request, session

LENGTH = 24


def token():
    own = bytes.fromhex(session.setdefault("csrf", secrets.token_hex(LENGTH)))
    pad = secrets.token_bytes(LENGTH)
    return (pad + _mixed(pad, own)).hex()


def _mixed(one, other):
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _matches(given):
    try:
        both = bytes.fromhex(given)
        return len(both) == 2 * LENGTH and hmac.compare_digest(_mixed(both[:LENGTH], both[LENGTH:]).hex(), session.get("csrf", ""))
    except ValueError:
        return False


def protect(application):
    @application.before_request
    def check():
        if request.method not in ("GET", "HEAD", "OPTIONS") and not _matches(request.form.get("csrf", "")):
            abort(400, "the form is too old: go back, load the page again and repeat")

    application.jinja_env.globals["csrf_token"] = token
