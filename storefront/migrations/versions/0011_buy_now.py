"""A checkout that was begun with "Buy now" leaves the cart alone."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("checkouts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_from_cart", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("checkouts", schema=None) as batch_op:
        batch_op.alter_column("is_from_cart", existing_type=sa.Boolean(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("checkouts", schema=None) as batch_op:
        batch_op.drop_column("is_from_cart")
