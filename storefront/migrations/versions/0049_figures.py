"""The shop's time zone, and sums of each day that is over, so that a year is read from a few hundred rows."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

UtcDateTime = storefront.core.db.UtcDateTime
COUNTS = (
    "orders",
    "paid_minor",
    "discount_minor",
    "tax_minor",
    "refunded_minor",
    "disputed_minor",
    "fee_minor",
    "net_minor",
    "unbooked",
)


def upgrade() -> None:
    with op.batch_alter_table("shop_profile") as profile:
        profile.add_column(sa.Column("time_zone", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("shop_profile") as profile:
        profile.alter_column("time_zone", server_default=None)
    op.create_index("ix_orders_mode_paid_at", "orders", ["mode", "paid_at"])
    op.create_index(op.f("ix_refunds_created_at"), "refunds", ["created_at"])
    op.create_table(
        "counted_days",
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("is_counted", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("mode", "zone", "day", name=op.f("pk_counted_days")),
    )
    op.create_table(
        "day_sums",
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("facet", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        *[sa.Column(name, sa.BigInteger(), nullable=False) for name in COUNTS],
        sa.PrimaryKeyConstraint("mode", "zone", "day", "facet", "name", "currency", name=op.f("pk_day_sums")),
    )
    op.create_index("ix_day_sums_mode_zone_facet_day", "day_sums", ["mode", "zone", "facet", "day"])


def downgrade() -> None:
    op.drop_table("day_sums")
    op.drop_table("counted_days")
    op.drop_index(op.f("ix_refunds_created_at"), "refunds")
    op.drop_index("ix_orders_mode_paid_at", "orders")
    with op.batch_alter_table("shop_profile") as profile:
        profile.drop_column("time_zone")
