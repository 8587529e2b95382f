"""What concerns the safety of somebody's account: an entry of the audit log, and an email to them about it."""

from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core.runtime import settings
from storefront.mail import outbox
from storefront.mail.models import MailKind
from storefront.owner.people.models import Person


def tell_person(changes: Session, person: Person, verb: str, after: dict[str, str] | None = None) -> None:
    """Record what concerns the safety of somebody's account, and promise them a mail about it."""
    entry_id = record(changes, verb, subject_kind="person", subject=person.email, after=after)
    outbox.promise(
        changes,
        kind=MailKind.SECURITY_NOTICE,
        order_id=None,
        mode=settings().mode,
        recipient=person.email,
        about=str(entry_id),
        hold=False,
    )
