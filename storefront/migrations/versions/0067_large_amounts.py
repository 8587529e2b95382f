"""Give amounts room on PostgreSQL: an order of 21 million rupiah, or such a payout, could not be stored.

The tables are written anew under a lock: a million orders take some seconds, and sales wait meanwhile. SQLite
keeps any size in an INTEGER.
"""

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None

AMOUNTS = {
    "prices": ("amount_minor", "least_minor", "most_minor"),
    "orders": (
        "subtotal_minor",
        "discount_minor",
        "tax_minor",
        "total_minor",
        "presentment_minor",
        "refunded_minor",
        "excess_minor",
    ),
    "order_items": ("subtotal_minor", "discount_minor", "tax_minor", "total_minor"),
    "refunds": ("amount_minor", "presentment_minor"),
    "disputes": ("amount_minor",),
    "payouts": ("amount_minor",),
    "money_lines": ("amount_minor", "fee_minor", "net_minor"),
    "abandoned_checkouts": ("total_minor",),
}


def _resize(kind: str) -> None:
    """In one statement for each table, or each column would write it anew."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, columns in AMOUNTS.items():
        changes = ", ".join(f"ALTER COLUMN {column} TYPE {kind}" for column in columns)
        op.execute(sa.text(f"ALTER TABLE {table} {changes}"))


def upgrade() -> None:
    _resize("bigint")


def downgrade() -> None:
    """An amount that is too large for the old columns ends it, and changes nothing."""
    _resize("integer")
