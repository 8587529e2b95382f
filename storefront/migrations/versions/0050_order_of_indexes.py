"""Make the indexes of few orders once more, after that of all: a rebuilt table had them in any order.

To SQLite they look alike, and it takes the one that was made last.
"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

NEWEST = ("mode", "placed_at", "id")
FEW = {
    "ix_orders_unpaid": "NOT is_paid",
    "ix_orders_free": "total_minor = 0",
    "ix_orders_refunded": "refunded_minor > 0",
    "ix_orders_disputed": "(is_disputed OR dispute_status IS NOT NULL)",
    "ix_orders_decided": "decision <> 'follow_payment'",
}


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for name, condition in FEW.items():
        op.drop_index(name, table_name="orders")
        op.create_index(name, "orders", NEWEST, sqlite_where=sa.text(condition))


def downgrade() -> None:
    """The indexes are those of before."""
