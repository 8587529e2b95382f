"""Mails that were canceled because their order was closed are paused, as they would be now, and go on.

Those whose order is open by now leave at once: their buyer never had any.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NAMES = ("id", "kind", "state", "order_id", "about", "recipient", "last_error")
outbox = sa.table("outbox", *map(sa.column, NAMES))
KINDS = ("receipt", "keys_arrived", "key_replaced", "waiting_for_bank", "payment_failed")
# Said of what is over for good, by the shop of the revision below.
OVER = (
    "a newer one was asked for",
    "the customer was erased",
    "there is no address",
    "the bank has answered meanwhile",
    "the payment went through after all",
)


def upgrade() -> None:
    """The newest of a kind alone, and none where one of its kind has left or waits."""
    other = outbox.alias()
    same = sa.and_(
        other.c.order_id == outbox.c.order_id,
        other.c.kind == outbox.c.kind,
        sa.or_(outbox.c.kind != "key_replaced", other.c.about == outbox.c.about),
    )
    told = sa.or_(other.c.state != "canceled", other.c.id > outbox.c.id)
    op.get_bind().execute(
        sa.update(outbox)
        .where(
            outbox.c.state == "canceled",
            outbox.c.kind.in_(KINDS),
            outbox.c.recipient != "",
            sa.func.coalesce(outbox.c.last_error, "").not_in(OVER),
            ~sa.exists().where(same, told).correlate(outbox),
        )
        .values(state="paused")
    )


def downgrade() -> None:
    op.get_bind().execute(sa.update(outbox).where(outbox.c.state == "paused").values(state="canceled"))
