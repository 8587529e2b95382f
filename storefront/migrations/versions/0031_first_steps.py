"""What a product says to who bought it: how to install it, how to begin. Nothing yet in every shop."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("products") as products:
        products.add_column(sa.Column("first_steps", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("products") as products:
        products.alter_column("first_steps", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("products") as products:
        products.drop_column("first_steps")
