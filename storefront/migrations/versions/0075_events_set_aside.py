"""Index the events set aside for Stripe's other mode: all were read to find what nobody finished."""

import sqlalchemy as sa
from alembic import op

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None

NAME = "ix_stripe_events_set_aside"


def upgrade() -> None:
    where = sa.text("outcome = 'other_mode'")
    op.create_index(
        NAME, "stripe_events", ["livemode", "received_at", "id"], sqlite_where=where, postgresql_where=where
    )


def downgrade() -> None:
    op.drop_index(NAME, table_name="stripe_events")
