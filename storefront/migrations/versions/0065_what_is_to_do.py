"""Index what is still to do: events, notices, emails and gifts that are open, and keys that are owed.

Probes, worker and the owner's pages ask for it each minute and more, and read all that there ever was.
"""

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_stripe_events_unhandled", "stripe_events", ["mode", "received_at", "id"], "handled_at IS NULL"),
    ("ix_outbox_claimed", "outbox", ["mode", "state", "claimed_at"], "claimed_at IS NOT NULL"),
    ("ix_notices_open", "notices", ["mode", "kind"], "closed_at IS NULL"),
    ("ix_gifts_to_hand_over", "gifts", ["send_on", "id"], "handed_over_at IS NULL"),
)
# Older code that serves meanwhile notes none: the worker looks for those.
NOTE_KEYLESS = """
    UPDATE grants SET is_keyless = true
    WHERE kind = 'license' AND NOT EXISTS (SELECT 1 FROM licenses WHERE licenses.grant_id = grants.id)
"""


def upgrade() -> None:
    for name, table, columns, condition in INDEXES:
        where = sa.text(condition)
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
    op.create_index(op.f("ix_outbox_mode_state_due_at"), "outbox", ["mode", "state", "due_at"])
    op.drop_index(op.f("ix_outbox_state_due_at"), table_name="outbox")
    op.drop_index(op.f("ix_stripe_events_handled_at"), table_name="stripe_events")
    # Last, because a sale that waits for this table may hold one of the others.
    op.add_column("grants", sa.Column("is_keyless", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(NOTE_KEYLESS)
    keyless = sa.text("is_keyless")
    op.create_index(
        "ix_grants_keyless", "grants", ["product_id", "id"], sqlite_where=keyless, postgresql_where=keyless
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ANALYZE grants")  # it would guess that half of them are


def downgrade() -> None:
    op.drop_index("ix_grants_keyless", table_name="grants")
    op.drop_column("grants", "is_keyless")
    op.create_index(op.f("ix_stripe_events_handled_at"), "stripe_events", ["handled_at"])
    op.create_index(op.f("ix_outbox_state_due_at"), "outbox", ["state", "due_at"])
    op.drop_index(op.f("ix_outbox_mode_state_due_at"), table_name="outbox")
    for name, table, _columns, _condition in INDEXES:
        op.drop_index(name, table_name=table)
