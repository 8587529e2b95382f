"""Indexes for the owner's list of orders: newest first, and of what few of them are."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
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
    op.create_index("ix_orders_mode_placed_at", "orders", NEWEST)
    op.drop_index("ix_orders_mode", table_name="orders")
    for name, condition in FEW.items():
        words = sa.text(condition)
        op.create_index(name, "orders", NEWEST, sqlite_where=words, postgresql_where=words)
    op.create_index("ix_orders_country", "orders", ["country"])
    op.create_index("ix_orders_payment_last4", "orders", ["payment_last4"])
    op.create_index("ix_order_items_product_id", "order_items", ["product_id"])


def downgrade() -> None:
    op.drop_index("ix_order_items_product_id", table_name="order_items")
    op.drop_index("ix_orders_payment_last4", table_name="orders")
    op.drop_index("ix_orders_country", table_name="orders")
    for name in reversed(FEW):
        op.drop_index(name, table_name="orders")
    op.create_index("ix_orders_mode", "orders", ["mode"])
    op.drop_index("ix_orders_mode_placed_at", table_name="orders")
