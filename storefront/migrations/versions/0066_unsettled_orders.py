"""Index what `reconcile` looks at again each quarter of an hour: it read every order to find the few."""

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

ORDERS = {
    "ix_orders_awaited": "fulfilled_at IS NULL AND NOT has_failed",
    "ix_orders_excessive": "excess_minor > 0",
}
STATUSES = ("refunds", "disputes")


def upgrade() -> None:
    for name, condition in ORDERS.items():
        where = sa.text(condition)
        op.create_index(name, "orders", ["id"], sqlite_where=where, postgresql_where=where)
    for table in STATUSES:
        op.create_index(op.f(f"ix_{table}_status"), table, ["status"])


def downgrade() -> None:
    for table in STATUSES:
        op.drop_index(op.f(f"ix_{table}_status"), table_name=table)
    for name in ORDERS:
        op.drop_index(name, table_name="orders")
