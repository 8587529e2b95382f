"""Let several promotions be there at once: running, or prepared while another one runs."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

RUNNING = sa.text("is_automatic AND stopped_at IS NULL")


def upgrade() -> None:
    op.drop_index("uq_discounts_is_automatic", table_name="discounts")


def downgrade() -> None:
    """Keep the one that was made last: of those of before there may be one."""
    op.execute(
        sa.text(
            "UPDATE discounts SET stopped_at = created_at WHERE is_automatic AND stopped_at IS NULL"
            " AND id < (SELECT max(id) FROM discounts WHERE is_automatic AND stopped_at IS NULL)"
        )
    )
    op.create_index(
        "uq_discounts_is_automatic",
        "discounts",
        ["is_automatic"],
        unique=True,
        sqlite_where=RUNNING,
        postgresql_where=RUNNING,
    )
