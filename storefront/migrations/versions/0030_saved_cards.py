"""Customers at Stripe that keep cards which buyers saved, off in every shop; and for whom a checkout was begun."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0030"
down_revision = "0028"
branch_labels = None
depends_on = None

UtcDateTime = storefront.core.db.UtcDateTime


def upgrade() -> None:
    op.create_table(
        "stripe_customers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("stripe_id", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("given_up_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_stripe_customers_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_customers")),
        sa.UniqueConstraint("customer_id", "account", name=op.f("uq_stripe_customers_customer_id_account")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_stripe_customers_stripe_id")),
    )
    op.create_index(op.f("ix_stripe_customers_given_up_at"), "stripe_customers", ["given_up_at"])
    with op.batch_alter_table("checkouts") as checkouts:
        checkouts.add_column(sa.Column("customer_id", sa.Integer(), nullable=True))
        checkouts.create_foreign_key(
            op.f("fk_checkouts_customer_id_customers"), "customers", ["customer_id"], ["id"]
        )
        checkouts.create_index(op.f("ix_checkouts_customer_id"), ["customer_id"])
    with op.batch_alter_table("shop_profile") as profile:
        profile.add_column(sa.Column("saves_cards", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("shop_profile") as profile:
        profile.alter_column("saves_cards", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("shop_profile") as profile:
        profile.drop_column("saves_cards")
    with op.batch_alter_table("checkouts") as checkouts:
        checkouts.drop_index(op.f("ix_checkouts_customer_id"))
        checkouts.drop_constraint(op.f("fk_checkouts_customer_id_customers"), type_="foreignkey")
        checkouts.drop_column("customer_id")
    op.drop_index(op.f("ix_stripe_customers_given_up_at"), table_name="stripe_customers")
    op.drop_table("stripe_customers")
