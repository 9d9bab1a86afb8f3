"""Users, cards, and the log."""
import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("email", sa.String(254), nullable=False, unique=True),
        sa.Column("password_hash", sa.String(300), nullable=False),
        sa.Column("is_superuser", sa.Boolean, nullable=False),
    )
    op.create_table(
        "cards",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("overdue", sa.Boolean, nullable=False),
        sa.Column("notify", sa.String(254)),
        sa.Column("image", sa.String(80)),
        sa.Column("preview", sa.String(80)),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id")),
        sa.Column("card_id", sa.BigInteger, sa.ForeignKey("cards.id")),
        sa.Column("action", sa.String(200), nullable=False),
    )
    op.create_index("events_card_id", "events", ["card_id"])


def downgrade():
    op.drop_table("events")
    op.drop_table("cards")
    op.drop_table("users")
