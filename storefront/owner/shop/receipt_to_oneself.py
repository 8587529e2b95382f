"""A test receipt to oneself, which goes the way of all mails, and what became of the last one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storefront.audit.record import record
from storefront.core import tokens
from storefront.core.db import db, transaction
from storefront.core.queue import nudge
from storefront.core.runtime import settings
from storefront.mail import outbox
from storefront.mail.models import MailKind, MailState, OutboxMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class LastReceipt:
    """`why` is what the mail server said last, where something went wrong."""

    state: MailState
    sent_at: datetime | None
    why: str


def send_test_receipt(email: str) -> None:
    """Promise a receipt of nothing with the words as they are saved. The worker sends it at once."""
    with transaction() as changes:
        outbox.promise(
            changes,
            kind=MailKind.TEST_RECEIPT,
            order_id=None,
            mode=settings().mode,
            recipient=email,
            again=tokens.new_token(),
            hold=False,
        )
        record(changes, "shop.test_mail_asked", subject_kind="shop", subject="shop")
    nudge("outbox")


def find_test_receipt(email: str) -> LastReceipt | None:
    """Return the last one that was asked for to this address, in the running mode."""
    message = db.session.scalars(
        select(OutboxMessage)
        .where(
            OutboxMessage.kind == MailKind.TEST_RECEIPT,
            OutboxMessage.mode == settings().mode,
            OutboxMessage.recipient == email,
        )
        .order_by(OutboxMessage.id.desc())
        .limit(1)
    ).one_or_none()
    if message is None:
        return None
    return LastReceipt(
        state=message.state,
        sent_at=message.sent_at,
        why=message.last_error or "",
    )
