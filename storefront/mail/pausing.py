"""Mails that are not true now and may be again: their order is closed. Paused, then the same row goes on.

One row is one mail: whatever closes and opens how often, it leaves once, and one that left never comes back.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Row, case, select, update
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.db import transaction
from storefront.mail.models import MailKind, MailState, OutboxMessage

FIRST_LOOK = timedelta(minutes=2)
LIVE = (MailState.QUEUED, MailState.SENDING, MailState.PAUSED)
WHOLE_ORDER = (
    MailKind.RECEIPT,
    MailKind.KEYS_ARRIVED,
)  # they tell all there is: of several that were stopped the newest is enough
NEWER = "a newer one tells the same"


def pause(message: OutboxMessage, *, due_at: datetime, attempts: int, reason: str) -> None:
    """Of a claimed message; `due_at` and `attempts` are those of the claim. The claim does not count.

    `resume` moves `due_at` of a message that is being looked at: then it is looked at again at once. And whatever
    opens an order without saying so is found later: after half the time again that the mail is old.
    """
    now = clock.now()
    is_untouched = OutboxMessage.due_at == due_at
    later = now + max((now - message.created_at) / 2, FIRST_LOOK)
    mine = (
        OutboxMessage.id == message.id,
        OutboxMessage.state == MailState.SENDING,
        OutboxMessage.attempts == attempts,
    )
    with transaction() as session:
        session.execute(
            update(OutboxMessage)
            .where(*mine)
            .values(
                state=case((is_untouched, MailState.PAUSED), else_=MailState.QUEUED),
                due_at=case((is_untouched, later), else_=OutboxMessage.due_at),
                claimed_at=None,
                attempts=OutboxMessage.attempts - 1,
                last_error=reason,
            )
            .execution_options(synchronize_session=False)
        )


def resume(session: Session, order_id: int, readers: list[int]) -> bool:
    """Inside the transaction that opened the order: what was paused is looked at now. True when there was any.

    `readers` are the customers whose news of releases hang on it. Also what waits or is being looked at is locked:
    a worker that read the order before this transaction ends must not pause it afterwards.
    """
    of_order = OutboxMessage.order_id == order_id
    rows = _lock(session, of_order, OutboxMessage.state.in_(LIVE))
    newest = {row.kind: row.id for row in rows}
    paused = [row for row in rows if row.state is MailState.PAUSED]
    old = [row.id for row in paused if row.kind in WHOLE_ORDER and row.id != newest[row.kind]]
    again = [row.id for row in paused if row.id not in old]
    looked_at = [row.id for row in rows if row.state is MailState.SENDING]
    for reader in readers:
        news = OutboxMessage.kind == MailKind.NEW_RELEASE, OutboxMessage.about.like(f"%:{reader}")
        again += [row.id for row in _lock(session, *news, OutboxMessage.state == MailState.PAUSED)]
    now = clock.now()
    for ids, values in (
        (old, {"state": MailState.CANCELED, "last_error": NEWER}),
        (again, {"state": MailState.QUEUED, "due_at": now, "last_error": None}),
        (looked_at, {"due_at": now}),
    ):
        if ids:
            session.execute(
                update(OutboxMessage)
                .where(OutboxMessage.id.in_(ids))
                .values(**values)
                .execution_options(synchronize_session=False)
            )
    return bool(again or looked_at)


def _lock(session: Session, *which: ColumnElement[bool]) -> list[Row[int, str, MailState]]:
    found = session.execute(
        select(OutboxMessage.id, OutboxMessage.kind, OutboxMessage.state)
        .where(*which)
        .order_by(OutboxMessage.id)
        .with_for_update()
    )
    return list(found.all())
