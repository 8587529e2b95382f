"""Mails that are not true now and may be again: their order is closed. Paused, then the same row goes on.

One row is one mail: whatever closes and opens how often, it leaves once, and one that left never comes back.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Row, case, select, update
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.db import transaction
from storefront.core.runtime import settings
from storefront.mail.models import MailKind, MailState, OutboxMessage

FIRST_LOOK = timedelta(minutes=2)
LIVE = (MailState.QUEUED, MailState.SENDING, MailState.PAUSED)
# They tell all there is: of several that were stopped the newest is enough.
WHOLE_ORDER = (MailKind.RECEIPT, MailKind.KEYS_ARRIVED, MailKind.GIFT)
NEWER = "a newer one tells the same"


def pause(message: OutboxMessage, *, due_at: datetime, attempts: int, reason: str) -> None:
    """Pause a claimed message; `due_at` and `attempts` are those of the claim. The claim does not count.

    `resume` moves `due_at` of a message that is being looked at: then it is looked at again at once. And whatever
    opens an order without saying so is found later: after half the time again that the mail is old.
    """
    now = clock.now()
    is_untouched = OutboxMessage.due_at == due_at
    later = now + max((now - message.created_at) / 2, FIRST_LOOK)
    this_claim = (
        OutboxMessage.id == message.id,
        OutboxMessage.state == MailState.SENDING,
        OutboxMessage.attempts == attempts,
    )
    with transaction() as session:
        session.execute(
            update(OutboxMessage)
            .where(*this_claim)
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
    """Let what was paused be looked at now, inside the transaction that opened the order. True when there was any.

    `readers` are the customers whose news of releases hang on it. Also what waits or is being looked at is locked:
    a worker that read the order before this transaction ends must not pause it afterwards.
    """
    rows = _lock(session, OutboxMessage.order_id == order_id, OutboxMessage.state.in_(LIVE))
    told_again = _find_told_again(rows)
    again = [row.id for row in rows if row.state is MailState.PAUSED and row.id not in told_again]
    again += _lock_news(session, readers)
    looked_at = [row.id for row in rows if row.state is MailState.SENDING]
    now = clock.now()
    _change(session, told_again, state=MailState.CANCELED, last_error=NEWER)
    _change(session, again, state=MailState.QUEUED, due_at=now, last_error=None)
    _change(session, looked_at, due_at=now)
    return bool(again or looked_at)


def look_again(session: Session, message_ids: Sequence[int]) -> int:
    """Let paused ones of these be looked at now, inside the caller's transaction; return how many there are."""
    statement = (
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(message_ids), OutboxMessage.state == MailState.PAUSED)
        .values(state=MailState.QUEUED, due_at=clock.now(), last_error=None)
        .returning(OutboxMessage.id)
        .execution_options(synchronize_session=False)
    )
    return len(session.scalars(statement).all())


def _find_told_again(rows: list[Row[int, str, MailState]]) -> list[int]:
    """Return the ids of paused mails about the whole order that a newer one makes needless."""
    newest = {row.kind: row.id for row in rows}.values()
    whole = [row for row in rows if row.state is MailState.PAUSED and row.kind in WHOLE_ORDER]
    return [row.id for row in whole if row.id not in newest]


def _lock_news(session: Session, readers: list[int]) -> list[int]:
    # The mode is what the index of what waits begins with: without it all that was ever sent is read.
    paused = OutboxMessage.mode == settings().mode, OutboxMessage.state == MailState.PAUSED
    ids: list[int] = []
    for reader in readers:
        news = OutboxMessage.kind == MailKind.NEW_RELEASE, OutboxMessage.about.like(f"%:{reader}")
        ids += [row.id for row in _lock(session, *paused, *news)]
    return ids


def _change(session: Session, ids: list[int], **values: object) -> None:
    if not ids:
        return
    statement = update(OutboxMessage).where(OutboxMessage.id.in_(ids)).values(**values)
    session.execute(statement.execution_options(synchronize_session=False))


def _lock(session: Session, *which: ColumnElement[bool]) -> list[Row[int, str, MailState]]:
    rows = session.execute(
        select(OutboxMessage.id, OutboxMessage.kind, OutboxMessage.state)
        .where(*which)
        .order_by(OutboxMessage.id)
        .with_for_update()
    )
    return list(rows.all())
