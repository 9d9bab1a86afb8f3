"""Pages."""
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, current_app, flash, jsonify, redirect, render_template, request, session, url_for
from sqlalchemy import func, select, text

from . import pictures
from .cache import cache, remembered
from .models import Card, Event, db
from .protocol import later, log
from .users import authenticate, current_user, needs_log_in

blueprint = Blueprint("pages", __name__)


@blueprint.app_context_processor
def common():
    return {"site": current_app.config["SITE_NAME"], "user": current_user(), "media": current_app.config["MEDIA_URL"]}


@blueprint.get("/")
def welcome():
    return render_template("welcome.html")


@blueprint.get("/health")
def health():
    """For machines: whether database and cache answer."""
    database = db.session.scalar(text("SELECT 1")) == 1
    cached = cache().set("health", "1", expire=10) is True and cache().get("health") == b"1"
    return jsonify(database=database, cache=cached), 200 if database and cached else 503


@blueprint.route("/login", methods=["GET", "POST"])
def log_in():
    if request.method == "POST":
        user = authenticate(request.form.get("email", ""), request.form.get("password", ""), request.remote_addr)
        if user is not None:
            session.clear()
            session.permanent = True
            session["user"] = user.id
            return redirect(url_for("pages.cards"))
        flash("E-mail or password is wrong, or was wrong too often.")
    return render_template("login.html"), 403 if request.method == "POST" else 200


@blueprint.post("/logout")
def log_out():
    session.clear()
    return redirect(url_for("pages.welcome"))


@blueprint.get("/cards")
@needs_log_in
def cards():
    count, from_cache = remembered("cards", 30, lambda: db.session.scalar(select(func.count()).select_from(Card)))
    newest = db.session.scalars(select(Card).order_by(Card.id.desc()).limit(50)).all()
    page = current_app.make_response(render_template("cards.html", cards=newest, count=count))
    page.headers["X-Cache"] = "hit" if from_cache else "miss"
    return page


@blueprint.post("/cards")
@needs_log_in
def create_card():
    title = request.form.get("title", "").strip()
    if not 0 < len(title) <= 200:
        abort(400, "a title of at most 200 characters is needed")
    card = Card(title=title, due_at=moment(request.form.get("due")), notify=request.form.get("notify") or None)
    upload = request.files.get("image")
    if upload is not None and upload.filename:
        card.image = pictures.save(upload, current_app.config["MEDIA_FOLDER"])
        if card.image is None:
            abort(415, "only PNG, JPEG and GIF pictures are taken")
    db.session.add(card)
    db.session.commit()
    cache().delete("cards")
    log("card created", user_id=current_user().id, card_id=card.id)
    if card.image is not None:
        later("make_preview", card.id)
    if card.notify is not None:
        later("send_notice", card.id)
    return redirect(url_for("pages.card", number=card.id))


@blueprint.get("/cards/<int:number>")
@needs_log_in
def card(number):
    found = db.get_or_404(Card, number)
    events = db.session.scalars(select(Event).where(Event.card_id == number).order_by(Event.id)).all()
    if request.accept_mimetypes.best == "application/json":
        return jsonify(id=found.id, title=found.title, overdue=found.overdue, image=found.image, preview=found.preview, events=[event.action for event in events])
    return render_template("card.html", card=found, events=events)


def moment(value):
    """A form's date and time, in the time zone of the site."""
    try:
        return datetime.fromisoformat(value).replace(tzinfo=ZoneInfo(current_app.config["TIME_ZONE"])) if value else None
    except ValueError:
        abort(400, "that is no date")
