"""Where a product is paid, if not where the shop says."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("products") as products:
        products.add_column(sa.Column("checkout_ui", sa.String(length=32), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("products") as products:
        products.drop_column("checkout_ui")
