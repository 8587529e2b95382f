"""Which site the buyer of a checkout and of an order came from, or that an owner wants to know of none."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

TABLES = ("checkouts", "orders")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("referrer", sa.String(), nullable=True))
    # The schema goes on giving the value: older code that still runs does not.
    op.add_column(
        "shop_profile", sa.Column("ignores_referrers", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    op.execute("DELETE FROM day_sums WHERE facet = 'referrer'")
    op.drop_column("shop_profile", "ignores_referrers")
    for table in TABLES:
        op.drop_column(table, "referrer")
