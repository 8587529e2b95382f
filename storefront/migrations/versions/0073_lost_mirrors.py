"""Know what is still sold of a product at Stripe after the price that the shop made there was archived or lost."""

import sqlalchemy as sa
from alembic import op

import storefront.core.db

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lost_mirrors",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("price_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("stripe_product_id", sa.String(), nullable=False),
        sa.Column("stripe_price_id", sa.String(), nullable=False),
        sa.Column("lost_at", storefront.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["price_id"], ["prices.id"], name=op.f("fk_lost_mirrors_price_id_prices")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lost_mirrors")),
        sa.UniqueConstraint("stripe_price_id", name=op.f("uq_lost_mirrors_stripe_price_id")),
    )
    op.create_index(op.f("ix_lost_mirrors_price_id"), "lost_mirrors", ["price_id"])
    op.create_index(op.f("ix_lost_mirrors_stripe_product_id"), "lost_mirrors", ["stripe_product_id"])


def downgrade() -> None:
    op.drop_table("lost_mirrors")
