"""Indexes of what still holds something that is forgotten one day: nothing reads old rows again and again."""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_outbox_addressed": ("outbox", "created_at", "recipient <> ''"),
    "ix_downloads_client": ("downloads", "at", "client IS NOT NULL"),
    "ix_checkouts_body": ("checkouts", "created_at", "body IS NOT NULL"),
    "ix_checkouts_unsent": ("checkouts", "created_at", "body IS NULL AND expires_at IS NULL"),
}


def upgrade() -> None:
    for name, (table, column, condition) in INDEXES.items():
        where = sa.text(condition)
        op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name, (table, _column, _condition) in INDEXES.items():
        op.drop_index(name, table_name=table)
