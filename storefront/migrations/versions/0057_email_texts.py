"""What owners say in emails: a table, and every email of any shop says the shop's own words."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

UtcDateTime = storefront.core.db.UtcDateTime


def upgrade() -> None:
    op.create_table(
        "email_texts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("heading", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_texts")),
        sa.UniqueConstraint("kind", "language", name=op.f("uq_email_texts_kind_language")),
    )


def downgrade() -> None:
    op.drop_table("email_texts")
