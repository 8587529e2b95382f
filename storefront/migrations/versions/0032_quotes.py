"""What others say of a product, as its seller chose. Nothing yet in every shop."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("products") as products:
        products.add_column(sa.Column("quotes", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("products") as products:
        products.alter_column("quotes", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("products") as products:
        products.drop_column("quotes")
