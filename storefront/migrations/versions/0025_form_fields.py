"""What an owner asks inside Checkout, and what buyers answered: nothing in older shops and orders."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _add("shop_profile", sa.Column("form_fields", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("orders") as orders:
        orders.add_column(sa.Column("phone", sa.String(), nullable=True))
    _add("orders", sa.Column("answers", sa.JSON(), nullable=False, server_default="[]"))


def _add(table: str, column: "sa.Column[object]") -> None:
    """Fill old rows by a default, which the table then forgets."""
    with op.batch_alter_table(table) as changed:
        changed.add_column(column)
    with op.batch_alter_table(table) as changed:
        changed.alter_column(column.name, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("orders") as orders:
        orders.drop_column("answers")
        orders.drop_column("phone")
    with op.batch_alter_table("shop_profile") as profile:
        profile.drop_column("form_fields")
