"""Let owners choose the shop's main currency: the one that pages show to who chose none."""

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The schema goes on giving the value: older code that still runs does not.
    op.add_column("shop_profile", sa.Column("main_currency", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("shop_profile", "main_currency")
