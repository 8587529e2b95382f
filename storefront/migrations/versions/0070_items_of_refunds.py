"""Keep which items a refund names: their own taxes go back with it, not a part of the whole order's."""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("refunds", sa.Column("positions", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column("refunds", "positions")
