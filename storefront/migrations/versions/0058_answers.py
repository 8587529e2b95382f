"""Prepared answers, what owners say in them, and those that were sent about orders."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

UtcDateTime = storefront.core.db.UtcDateTime


def upgrade() -> None:
    op.create_table(
        "answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answers")),
        sa.UniqueConstraint("key", name=op.f("uq_answers_key")),
    )
    op.create_table(
        "answer_texts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_texts")),
        sa.UniqueConstraint("answer", "language", name=op.f("uq_answer_texts_answer_language")),
    )
    op.create_table(
        "sent_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("reader", sa.String(length=32), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_sent_answers_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sent_answers")),
        sa.UniqueConstraint("order_id", "form", name=op.f("uq_sent_answers_order_id_form")),
    )


def downgrade() -> None:
    op.drop_table("sent_answers")
    op.drop_table("answer_texts")
    op.drop_table("answers")
