"""What is done in the background, on demand or by the clock."""
import os
from datetime import datetime

from celery.utils.log import get_task_logger
from flask import current_app
from sqlalchemy import select

from . import mail, pictures
from .background import celery
from .models import Card, Event, db, now

logger = get_task_logger(__name__)


@celery.task
def save_event(at, action, user_id, card_id):
    db.session.add(Event(at=datetime.fromisoformat(at), action=action, user_id=user_id, card_id=card_id))
    db.session.commit()


@celery.task
def make_preview(card_id):
    """Converts a card's picture by ImageMagick into a small PNG beside it."""
    card = db.session.get(Card, card_id)
    if card is None or card.image is None:
        return
    folder = current_app.config["MEDIA_FOLDER"]
    name = f"{os.path.splitext(card.image)[0]}-preview.png"
    pictures.convert(os.path.join(folder, card.image), os.path.join(folder, name))
    card.preview = name
    db.session.add(Event(at=now(), action=f"preview {name}", card_id=card.id))
    db.session.commit()


@celery.task(autoretry_for=(OSError,), retry_backoff=5, max_retries=5)
def send_notice(card_id):
    card = db.session.get(Card, card_id)
    if card is None or card.notify is None:
        return
    domain = current_app.config["SITE_DOMAIN"]
    link = "" if domain is None else f"https://{domain}/cards/{card.id}\n"
    sent = mail.send(card.notify, f"Card: {card.title}", f"The card “{card.title}” was created.\n{link}")
    db.session.add(Event(at=now(), action="mail sent" if sent else "mail is switched off", card_id=card.id))
    db.session.commit()


@celery.task
def mark_overdue():
    """By the clock (beat): cards whose time is over."""
    cards = db.session.scalars(select(Card).where(Card.overdue.is_(False), Card.due_at < now())).all()
    for card in cards:
        card.overdue = True
        db.session.add(Event(at=now(), action="overdue", card_id=card.id))
    db.session.commit()
    return len(cards)
