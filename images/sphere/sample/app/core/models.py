"""Tables."""
from datetime import UTC, datetime

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, Boolean, DateTime, ForeignKey, Identity, String
from sqlalchemy.orm import Mapped, mapped_column

db = SQLAlchemy()


def now():
    return datetime.now(UTC)


class User(db.Model):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(300))
    is_superuser: Mapped[bool] = mapped_column(Boolean, default=False)


class Card(db.Model):
    __tablename__ = "cards"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    overdue: Mapped[bool] = mapped_column(Boolean, default=False)
    notify: Mapped[str | None] = mapped_column(String(254))
    image: Mapped[str | None] = mapped_column(String(80))
    preview: Mapped[str | None] = mapped_column(String(80))


class Event(db.Model):
    """A line of the log: changes of cards, and every request of a user. Written in the background."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    card_id: Mapped[int | None] = mapped_column(ForeignKey("cards.id"))
    action: Mapped[str] = mapped_column(String(200))
