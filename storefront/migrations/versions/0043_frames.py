"""Which sites may show the checkout in a frame, none in every shop; and which checkouts were begun in one."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _add("shop_profile", sa.Column("frame_origins", sa.String(), nullable=False, server_default=""))
    _add("checkouts", sa.Column("is_framed", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("checkouts") as checkouts:
        checkouts.drop_column("is_framed")
    with op.batch_alter_table("shop_profile") as profile:
        profile.drop_column("frame_origins")


def _add(table: str, column: "sa.Column[object]") -> None:
    """Add a column whose value for old rows is given once, and not by the schema from then on."""
    with op.batch_alter_table(table) as changed:
        changed.add_column(column)
    with op.batch_alter_table(table) as changed:
        changed.alter_column(column.name, server_default=None)
