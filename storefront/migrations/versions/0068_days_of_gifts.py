"""Let the days of a gift begin when it is handed over: one that waited for its day could arrive expired."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None

UtcDateTime = storefront.core.db.UtcDateTime


def upgrade() -> None:
    op.add_column("orders", sa.Column("days_begin_at", UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("orders", "days_begin_at")
