"""Gifts: who has what an order hands out is said beside who paid for it. In older orders both are one."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

UtcDateTime = storefront.core.db.UtcDateTime


def upgrade() -> None:
    _add_gifts()
    with op.batch_alter_table("orders") as orders:
        orders.add_column(sa.Column("is_gift", sa.Boolean(), server_default=sa.false(), nullable=False))
        orders.add_column(sa.Column("holder_id", sa.Integer(), nullable=True))
        orders.create_foreign_key(op.f("fk_orders_holder_id_customers"), "customers", ["holder_id"], ["id"])
    op.execute("UPDATE orders SET holder_id = customer_id")
    op.create_index(op.f("ix_orders_holder_id"), "orders", ["holder_id"])
    with op.batch_alter_table("orders") as orders:
        orders.alter_column("is_gift", server_default=None)
    with op.batch_alter_table("checkouts") as checkouts:
        checkouts.add_column(sa.Column("gift_id", sa.Integer(), nullable=True))
        checkouts.create_foreign_key(op.f("fk_checkouts_gift_id_gifts"), "gifts", ["gift_id"], ["id"])


def _add_gifts() -> None:
    op.create_table(
        "gifts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("email_key", sa.String(), nullable=False),
        sa.Column("from_name", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("send_on", sa.Date(), nullable=False),
        sa.Column("handed_over_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("token_version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_gifts_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gifts")),
        sa.UniqueConstraint("order_id", name=op.f("uq_gifts_order_id")),
    )
    for column in ("mark", "email_key", "created_at"):
        op.create_index(op.f(f"ix_gifts_{column}"), "gifts", [column])
    op.create_table(
        "gift_links",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("gift_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["gift_id"], ["gifts.id"], name=op.f("fk_gift_links_gift_id_gifts")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_gift_links")),
    )
    op.create_index(op.f("ix_gift_links_gift_id"), "gift_links", ["gift_id"])


def downgrade() -> None:
    with op.batch_alter_table("checkouts") as checkouts:
        checkouts.drop_constraint(op.f("fk_checkouts_gift_id_gifts"), type_="foreignkey")
        checkouts.drop_column("gift_id")
    op.drop_index(op.f("ix_orders_holder_id"), table_name="orders")
    with op.batch_alter_table("orders") as orders:
        orders.drop_constraint(op.f("fk_orders_holder_id_customers"), type_="foreignkey")
        orders.drop_column("holder_id")
        orders.drop_column("is_gift")
    op.drop_table("gift_links")
    op.drop_table("gifts")
