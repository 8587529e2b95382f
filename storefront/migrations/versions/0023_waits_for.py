"""What a buyer must still do for an order to be paid, and what they sent too much."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("orders") as orders:
        orders.add_column(sa.Column("waits_for", sa.JSON(), nullable=True))
        orders.add_column(sa.Column("excess_minor", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("orders") as orders:
        orders.alter_column("excess_minor", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("orders") as orders:
        orders.drop_column("excess_minor")
        orders.drop_column("waits_for")
