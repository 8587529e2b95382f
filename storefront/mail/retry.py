"""Failed emails go back into the queue because the owner asks. Each is then written anew."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select, update

from storefront.audit.record import record
from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.core.errors import StorefrontError
from storefront.core.queue import nudge
from storefront.core.runtime import settings
from storefront.mail.models import MailState, OutboxMessage


class NotFailed(StorefrontError):
    code = "mail_not_failed"
    status = 409
    title = "This email did not fail"


def retry_mails(mail_ids: Sequence[int]) -> int:
    """Put these back: no attempts, due now. Return how many there were.

    Raises:
        NotFailed: one of them is not here, or is in another state; nothing was done.
    """
    named = OutboxMessage.id.in_(mail_ids)
    rows = db.session.execute(
        select(OutboxMessage.id, OutboxMessage.state).where(OutboxMessage.mode == settings().mode, named)
    )
    states = dict(rows.all())
    for mail_id in mail_ids:
        if states.get(mail_id) != MailState.FAILED:
            raise NotFailed(f"Mail {mail_id} is {states.get(mail_id, 'not here')}: nothing done.")
    return _put_back(named)


def retry_all_failed() -> int:
    return _put_back()


def _put_back(*which: ColumnElement[bool]) -> int:
    with transaction() as session:
        mail_ids = session.scalars(
            update(OutboxMessage)
            .where(OutboxMessage.mode == settings().mode, OutboxMessage.state == MailState.FAILED, *which)
            .values(state=MailState.QUEUED, attempts=0, due_at=clock.now(), claimed_at=None)
            .returning(OutboxMessage.id)
            .execution_options(synchronize_session=False)
        ).all()
        if mail_ids:
            subject = f"mail {mail_ids[0]}" if len(mail_ids) == 1 else f"{len(mail_ids)} mails"
            record(
                session,
                "mail.queued_again",
                subject_kind="mail",
                subject=subject,
                after={"mails": sorted(mail_ids)},
            )
    nudge("outbox")
    return len(mail_ids)
