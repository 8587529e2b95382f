"""The outbox: promise a mail with its cause, release it, claim it, say how it ended. The row is the promise."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from storefront import clock, tokens
from storefront.db import db, insert_missing, transaction
from storefront.mail.models import MailState, OutboxMessage
from storefront.web import settings

RECEIPT = "receipt"
WAITING_FOR_BANK = "waiting_for_bank"
PAYMENT_FAILED = "payment_failed"
REFUNDED = "refunded"
DISPUTE_OPENED = "dispute_opened"  # to the owner, as the next two
FRAUD_WARNING = "fraud_warning"
RECONCILE_REPORT = "reconcile_report"

HOLD_SECONDS = 120  # the webhook path releases earlier; if no webhook ever comes the mail goes by itself
RETRY_MINUTES = (1, 5, 30, 120, 720)
MAX_ATTEMPTS = len(RETRY_MINUTES) + 1
CLAIM_SECONDS = 300  # a claim older than this was left by a worker that died


def _domain() -> str:
    return settings().mail_from.rsplit("@", 1)[-1].rstrip(">") or "localhost"


def promise(
    session: Session,
    *,
    kind: str,
    order_id: int | None,
    mode: str,
    recipient: str,
    about: str | None = None,
    again: str = "",
    hold: bool = True,
) -> bool:
    """Store the promise inside the caller's transaction; False when it was made before.

    `about` is the refund, dispute or warning it tells of: one mail for each. `again` tells a mail that was asked
    for once more from the first one.
    """
    wait = timedelta(seconds=HOLD_SECONDS if hold else 0)
    row: dict[str, Any] = {
        "dedupe_key": ":".join(str(part) for part in (kind, order_id, about, again) if part),
        "about": about,
        "kind": kind,
        "mode": mode,
        "order_id": order_id,
        "recipient": recipient,
        "message_id": f"<{tokens.new_token()}@{_domain()}>",  # short enough not to be folded
        "due_at": clock.now() + wait,
    }
    return insert_missing(session, OutboxMessage, [row]) == 1


def release(session: Session, order_id: int) -> None:
    """Let what is held for an order go now. A mail waiting for its next try keeps its time."""
    session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.order_id == order_id,
            OutboxMessage.state == MailState.QUEUED,
            OutboxMessage.attempts == 0,
        )
        .values(due_at=clock.now())
    )


def claim_next() -> int | None:
    """Take a due message, or one whose worker died. One worker gets it, however many ask."""
    now = clock.now()
    dead = now - timedelta(seconds=CLAIM_SECONDS)
    due = or_(
        (OutboxMessage.state == MailState.QUEUED) & (OutboxMessage.due_at <= now),
        (OutboxMessage.state == MailState.SENDING) & (OutboxMessage.claimed_at <= dead),
    )
    # After a switch to live no test's mail leaves, and from a copy for trying out no live one.
    due = (OutboxMessage.mode == settings().mode) & due
    if db.session.scalar(select(OutboxMessage.id).where(due).limit(1)) is None:
        return None  # without a write lock, for the many times there is nothing
    with transaction() as session:
        oldest = (
            select(OutboxMessage.id)
            .where(due)
            # What failed before goes to the end of the line: a message that a bug stops holds up no other.
            .order_by(OutboxMessage.attempts, OutboxMessage.due_at, OutboxMessage.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        return session.scalar(
            update(OutboxMessage)
            .where(OutboxMessage.id == oldest.scalar_subquery())
            .values(state=MailState.SENDING, claimed_at=now, attempts=OutboxMessage.attempts + 1)
            .returning(OutboxMessage.id)
            .execution_options(synchronize_session=False)
        )


def get_message(message_id: int) -> OutboxMessage:
    return db.session.scalars(
        select(OutboxMessage).where(OutboxMessage.id == message_id).execution_options(populate_existing=True)
    ).one()


def _finish(message_id: int, *claimed: ColumnElement[bool], **values: object) -> None:
    with transaction() as session:
        session.execute(
            update(OutboxMessage).where(OutboxMessage.id == message_id, *claimed).values(claimed_at=None, **values)
        )


def mark_sent(message_id: int) -> None:
    """Whoever holds the claim now: a mail that left has left."""
    _finish(message_id, state=MailState.SENT, sent_at=clock.now(), last_error=None)


def mark_canceled(message_id: int, reason: str) -> None:
    _finish(message_id, OutboxMessage.state == MailState.SENDING, state=MailState.CANCELED, last_error=reason)


def mark_failed(message_id: int, *, attempts: int, error: str, is_permanent: bool) -> None:
    """Back to the queue for the next try, or visibly at its end. Nothing when another took the claim over."""
    ours = OutboxMessage.state == MailState.SENDING, OutboxMessage.attempts == attempts
    if is_permanent or attempts >= MAX_ATTEMPTS:
        _finish(message_id, *ours, state=MailState.FAILED, last_error=error)
        return
    wait = timedelta(minutes=RETRY_MINUTES[attempts - 1])
    _finish(message_id, *ours, state=MailState.QUEUED, due_at=clock.now() + wait, last_error=error)
