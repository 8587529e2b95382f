"""Remember from when a list of Stripe's could not be read: what it tells comes in once the key may read it."""

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reconcile_passes", sa.Column("unread", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("reconcile_passes", "unread")
