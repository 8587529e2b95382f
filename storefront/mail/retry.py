"""What becomes of failed emails because the owner says so: back into the queue, written anew, or ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select, update

from storefront.audit.record import record
from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.core.errors import StorefrontError
from storefront.core.queue import nudge
from storefront.core.runtime import settings
from storefront.mail.failures import TO_DEAD_ADDRESS, has_failed
from storefront.mail.models import MailState, OutboxMessage

ENDED = "ended by the owner"


class NotFailed(StorefrontError):
    code = "mail_not_failed"
    status = 409
    title = "This email did not fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """`left_out` went to addresses that bounced or refused for good: each is tried again where it is named."""

    queued: int
    left_out: int


def retry_mails(mail_ids: Sequence[int]) -> int:
    """Put these back: no attempts, due now. Return how many there were.

    Raises:
        NotFailed: one of them is not here, or is in another state; nothing was done.
    """
    return _put_back(_named(mail_ids))


def retry_all_failed() -> Retried:
    queued = _put_back(~TO_DEAD_ADDRESS)
    left = select(func.count()).select_from(OutboxMessage).where(has_failed(), TO_DEAD_ADDRESS)
    return Retried(queued=queued, left_out=db.session.scalar(left) or 0)


def cancel_mails(mail_ids: Sequence[int]) -> int:
    """End these for good: nobody is warned of them any more. Return how many there were.

    Raises:
        NotFailed: as above.
    """
    return _cancel(_named(mail_ids))


def cancel_all_failed() -> int:
    return _cancel()


def _named(mail_ids: Sequence[int]) -> ColumnElement[bool]:
    named = OutboxMessage.id.in_(mail_ids)
    rows = db.session.execute(
        select(OutboxMessage.id, OutboxMessage.state).where(OutboxMessage.mode == settings().mode, named)
    )
    states = dict(rows.all())
    for mail_id in mail_ids:
        if states.get(mail_id) != MailState.FAILED:
            raise NotFailed(f"Mail {mail_id} is {states.get(mail_id, 'not here')}: nothing done.")
    return named


def _put_back(*which: ColumnElement[bool]) -> int:
    again = {"state": MailState.QUEUED, "attempts": 0, "due_at": clock.now(), "claimed_at": None}
    count = _change("mail.queued_again", again, *which)
    nudge("outbox")
    return count


def _cancel(*which: ColumnElement[bool]) -> int:
    """What the mail server said stays: it tells why."""
    why = func.coalesce(OutboxMessage.last_error + ", " + ENDED, ENDED)
    return _change("mail.canceled", {"state": MailState.CANCELED, "last_error": why}, *which)


def _change(action: str, values: dict[str, Any], *which: ColumnElement[bool]) -> int:
    with transaction() as session:
        mail_ids = session.scalars(
            update(OutboxMessage)
            .where(has_failed(), *which)
            .values(values)
            .returning(OutboxMessage.id)
            .execution_options(synchronize_session=False)
        ).all()
        if mail_ids:
            subject = f"mail {mail_ids[0]}" if len(mail_ids) == 1 else f"{len(mail_ids)} mails"
            after = {"mails": sorted(mail_ids)}
            record(session, action, subject_kind="mail", subject=subject, after=after)
    return len(mail_ids)
