"""The outbox as its owner reads it: what became of the newest emails, and which orders they are about."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.mail.models import MailState, OutboxMessage
from storefront.orders.models import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMail:
    """`order` is the number of the order it is about; `error` is what the mail server said last."""

    id: int
    order: str | None
    kind: str
    state: MailState
    recipient: str
    attempts: int
    error: str | None
    created_at: datetime
    sent_at: datetime | None


def list_mails(*, limit: int, state: MailState | None) -> list[ListedMail]:
    """Return the newest of the running mode, oldest of them first. One statement."""
    newest_first = (
        select(OutboxMessage, Order.number)
        .outerjoin(Order, Order.id == OutboxMessage.order_id)
        .where(OutboxMessage.mode == settings().mode)
        .order_by(OutboxMessage.id.desc())
        .limit(limit)
    )
    if state is not None:
        newest_first = newest_first.where(OutboxMessage.state == state)
    rows = db.session.execute(newest_first).all()
    return [_listed(message, number) for message, number in reversed(rows)]


def _listed(message: OutboxMessage, number: str | None) -> ListedMail:
    return ListedMail(
        id=message.id,
        order=number,
        kind=message.kind,
        state=message.state,
        recipient=message.recipient,
        attempts=message.attempts,
        error=message.last_error,
        created_at=message.created_at,
        sent_at=message.sent_at,
    )
