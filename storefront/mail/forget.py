"""Takes the address out of mails whose cause was deleted, and stops those that have not left."""

from collections.abc import Sequence

from sqlalchemy import update
from sqlalchemy.orm import Session

from storefront.mail.models import NOT_LEFT, MailState, OutboxMessage
from storefront.mail.outbox import BATCH

REASON = "what it tells of was deleted"


def forget_mails(session: Session, dedupe_keys: Sequence[str]) -> None:
    """Inside the caller's transaction. By their unique keys, which have an index; `about` has none."""
    for start in range(0, len(dedupe_keys), BATCH):
        mails = OutboxMessage.dedupe_key.in_(dedupe_keys[start : start + BATCH])
        for statement in (
            update(OutboxMessage)
            .where(mails, OutboxMessage.state.in_(NOT_LEFT))
            .values(state=MailState.CANCELED, last_error=REASON),
            update(OutboxMessage).where(mails).values(recipient=""),
        ):
            session.execute(statement.execution_options(synchronize_session=False))
