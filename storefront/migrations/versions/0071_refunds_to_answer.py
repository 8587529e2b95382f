"""Keep until when a buyer must tell Stripe where a refund should go: then it ends, and its email says so."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = storefront.core.db.UtcDateTime(timezone=True)
    op.add_column("refunds", sa.Column("answer_by", kind, nullable=True))


def downgrade() -> None:
    op.drop_column("refunds", "answer_by")
