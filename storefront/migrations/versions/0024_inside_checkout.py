"""Quantities and further products inside Checkout: older products offer neither."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("products") as products:
        products.add_column(sa.Column("most_in_form", sa.Integer(), nullable=True))
        products.add_column(sa.Column("offered_beside", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("products") as products:
        products.alter_column("offered_beside", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("products") as products:
        products.drop_column("offered_beside")
        products.drop_column("most_in_form")
