"""The language of buyers: of an order, of who waits for a product, and what the shop speaks."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

OF_BUYERS = ("orders", "availability_requests")


def upgrade() -> None:
    for table in OF_BUYERS:
        op.add_column(table, sa.Column("language", sa.String(), nullable=True))
    with op.batch_alter_table("shop_profile") as profile:
        profile.add_column(sa.Column("languages", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("shop_profile") as profile:
        profile.alter_column("languages", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("shop_profile") as profile:
        profile.drop_column("languages")
    for table in OF_BUYERS:
        with op.batch_alter_table(table) as changed:
            changed.drop_column("language")
