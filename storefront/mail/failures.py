"""Failed mails: which of them an owner can act on, and which went to an address that takes none."""

from datetime import timedelta

from sqlalchemy import ColumnElement, func, or_

from storefront.core import clock
from storefront.core.runtime import settings
from storefront.mail.faults import PERHAPS_THE_ACCOUNT, RECIPIENT_REFUSED, UNUSABLE
from storefront.mail.models import PATIENT, MailKind, MailState, OutboxMessage

BOUNCED = "bounced"  # begins the last error of an email that came back
NEWS_DAYS = timedelta(days=30)  # what failed earlier is known, or nobody waits for it
# An address that takes none of these is nobody's fault: readers go, and any address may be typed.
TO_ANYBODY = (*PATIENT, MailKind.PROOF, MailKind.AVAILABILITY_CONFIRM)

_error = func.coalesce(OutboxMessage.last_error, "")
# For good, and not perhaps because of the shop's own account: that may be mended.
TO_DEAD_ADDRESS: ColumnElement[bool] = or_(
    _error.startswith(BOUNCED) & ~_error.startswith(f"{BOUNCED} (5.7."),  # those are of who sends
    _error.startswith(UNUSABLE),
    _error.startswith(f"{RECIPIENT_REFUSED} (5") & ~_error.contains(PERHAPS_THE_ACCOUNT),
)


def has_failed() -> ColumnElement[bool]:
    """Tell what failed in the running mode."""
    return (OutboxMessage.mode == settings().mode) & (OutboxMessage.state == MailState.FAILED)


def has_failed_lately() -> ColumnElement[bool]:
    """By its last try: a gift may have been promised months before its day."""
    return has_failed() & (OutboxMessage.due_at > clock.now() - NEWS_DAYS)


def is_of_address(error: str | None) -> bool:
    """Tell whether another address is what helps."""
    return (error or "").startswith((BOUNCED, RECIPIENT_REFUSED))
