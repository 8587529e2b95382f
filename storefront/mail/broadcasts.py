"""Emails of broadcasts in the outbox: promised a batch at a time, each buyer once, counted and taken back."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.db import db, insert_missing
from storefront.core.runtime import settings
from storefront.mail.models import MailKind, MailState, OutboxMessage
from storefront.mail.outbox import new_message_id

TAKEN_BACK = "the broadcast was canceled"


def promise_broadcast(session: Session, broadcast_id: int, emails: Mapping[int, str]) -> int:
    """Promise one email to each customer (id -> address), due at once; return how many are new."""
    now = clock.now()
    rows: list[dict[str, Any]] = [
        {
            "dedupe_key": f"{MailKind.BROADCAST}:{broadcast_id}:{customer_id}",
            "about": f"{broadcast_id}:{customer_id}",
            "kind": MailKind.BROADCAST,
            "mode": settings().mode,
            "broadcast_id": broadcast_id,
            "recipient": email,
            "message_id": new_message_id(),
            "due_at": now,
        }
        for customer_id, email in emails.items()
    ]
    return insert_missing(session, OutboxMessage, rows) if rows else 0


def count_untried(session: Session, broadcast_id: int) -> int:
    """Count what waits for its first try, as while the mail server is down."""
    waiting = (
        OutboxMessage.broadcast_id == broadcast_id,
        OutboxMessage.state == MailState.QUEUED,
        OutboxMessage.attempts == 0,
    )
    return session.scalar(select(func.count()).where(*waiting)) or 0


def cancel_waiting(session: Session, broadcast_id: int) -> int:
    """Take back what waits, and return how many. What is being sent at this moment is asked about once more."""
    statement = (
        update(OutboxMessage)
        .where(
            OutboxMessage.broadcast_id == broadcast_id,
            OutboxMessage.state == MailState.QUEUED,
        )
        .values(state=MailState.CANCELED, last_error=TAKEN_BACK)
        .returning(OutboxMessage.id)
        .execution_options(synchronize_session=False)
    )
    return len(session.scalars(statement).all())


def is_any_leaving(session: Session, broadcast_id: int) -> bool:
    """Tell whether a worker is sending one at this moment: it may come back, and asks once more then."""
    leaving = OutboxMessage.broadcast_id == broadcast_id, OutboxMessage.state == MailState.SENDING
    return session.scalar(select(OutboxMessage.id).where(*leaving).limit(1)) is not None


def count_broadcasts(broadcast_ids: list[int]) -> dict[int, dict[MailState, int]]:
    """Return how many emails of each broadcast are in which state, in one statement over its index."""
    rows = db.session.execute(
        select(OutboxMessage.broadcast_id, OutboxMessage.state, func.count())
        .where(OutboxMessage.broadcast_id.in_(broadcast_ids))
        .group_by(OutboxMessage.broadcast_id, OutboxMessage.state)
    )
    counts: dict[int, dict[MailState, int]] = {}
    for broadcast_id, state, count in rows:
        counts.setdefault(int(broadcast_id or 0), {})[state] = count
    return counts
