"""Split figures by edition as well: every day that was counted is counted again."""

from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE counted_days SET is_counted = false, version = version + 1")


def downgrade() -> None:
    op.execute("DELETE FROM day_sums WHERE facet = 'edition'")
