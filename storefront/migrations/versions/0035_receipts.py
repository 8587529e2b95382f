"""What receipts name: the seller, the company and address of a buyer, card and last digits; none in old rows."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

OF_SELLER = ("legal_name", "postal_address", "tax_id")
OF_ORDER = ("business_name", "payment_brand", "payment_last4")


def upgrade() -> None:
    with op.batch_alter_table("orders") as orders:
        for name in OF_ORDER:
            orders.add_column(sa.Column(name, sa.String(), nullable=True))
        orders.add_column(sa.Column("billing_address", sa.JSON(none_as_null=True), nullable=True))
    with op.batch_alter_table("shop_profile") as profile:
        for name in OF_SELLER:
            profile.add_column(sa.Column(name, sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("shop_profile") as profile:
        for name in OF_SELLER:
            profile.alter_column(name, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("shop_profile") as profile:
        for name in reversed(OF_SELLER):
            profile.drop_column(name)
    with op.batch_alter_table("orders") as orders:
        orders.drop_column("billing_address")
        for name in reversed(OF_ORDER):
            orders.drop_column(name)
