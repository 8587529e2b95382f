"""Failed mails: which of them an owner can act on, and which went to an address that takes none."""

from datetime import timedelta
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, func, literal, or_, select
from sqlalchemy.orm import aliased

from storefront.core import clock
from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.mail.faults import DEAD_CODES, PERHAPS_THE_ACCOUNT, RECIPIENT_REFUSED, UNUSABLE
from storefront.mail.models import PATIENT, MailKind, MailState, OutboxMessage

BOUNCED = "bounced"  # begins the last error of an email that came back
NEWS_DAYS = timedelta(days=30)  # what failed earlier is known, or nobody waits for it
# An address that takes none of these is nobody's fault: readers go, and any address may be typed.
TO_ANYBODY = (*PATIENT, MailKind.PROOF, MailKind.AVAILABILITY_CONFIRM)

# RFC 3463: unknown, of the address, disabled, and two for servers that know nobody there. A full mailbox empties.
# Not 5.5.0, which Outlook.com says of closed addresses, and of others while it doubts who sends.
DEAD_STATUSES = ("5.0.0)", "5.1.", "5.2.1)", "5.4.1)", "5.4.4)")
STATUSES_OF_THE_SENDER = ("5.1.7)", "5.1.8)", "5.1.90)")

_error = func.coalesce(OutboxMessage.last_error, "")


def _says(statuses: tuple[str, ...]) -> ColumnElement[bool]:
    begins = (f"{BOUNCED} (", f"{RECIPIENT_REFUSED} (5__ ")
    return or_(*(_error.like(f"{begin}{status}%") for begin, status in product(begins, statuses)))


# For good, and not perhaps because of the shop's own account: that may be mended.
AT_ADDRESS: ColumnElement[bool] = or_(
    _error.startswith(BOUNCED) & ~_error.startswith(f"{BOUNCED} (5.7."),  # those are of who sends
    _error.startswith(UNUSABLE),
    _error.startswith(f"{RECIPIENT_REFUSED} (5") & ~_error.contains(PERHAPS_THE_ACCOUNT),
)
# The same, where trying again is useless: nobody has that address.
TO_DEAD_ADDRESS: ColumnElement[bool] = AT_ADDRESS & or_(
    _error.startswith(BOUNCED) & ~_error.startswith(f"{BOUNCED} ("),
    _error.startswith(UNUSABLE),
    # By words: `faults` puts another word behind the code where they do not say so.
    *(_error.startswith(f"{RECIPIENT_REFUSED} ({code})") for code in DEAD_CODES),
    _says(DEAD_STATUSES) & ~_says(STATUSES_OF_THE_SENDER),
)


def has_failed() -> ColumnElement[bool]:
    """Tell what failed in the running mode."""
    return (OutboxMessage.mode == settings().mode) & (OutboxMessage.state == MailState.FAILED)


def has_failed_lately() -> ColumnElement[bool]:
    """By its last try: a gift may have been promised months before its day."""
    return has_failed() & (OutboxMessage.due_at > clock.now() - NEWS_DAYS)


def select_dead_addresses() -> Select[str]:
    """Select to which spellings an email bounced or was refused for good, and none left since.

    Also where the owner has ended it: that says nothing of the address. One that is tried again is asked anew.
    """
    later = aliased(OutboxMessage)
    has_left_since = exists().where(
        later.recipient == OutboxMessage.recipient,
        # So written, they lead to no other index: by mode, state or time an engine reads all that was ever sent.
        func.coalesce(later.mode, "") == settings().mode,
        func.coalesce(later.state, MailState.QUEUED) == MailState.SENT,
        func.coalesce(later.sent_at, later.created_at) > OutboxMessage.due_at,
    )
    return select(OutboxMessage.recipient).where(
        OutboxMessage.mode == settings().mode,
        OutboxMessage.state.in_((MailState.FAILED, MailState.CANCELED)),
        TO_DEAD_ADDRESS,
        ~has_left_since,
    )


def is_left_out(message: OutboxMessage) -> bool:
    """Tell whether an email that nobody waits for would go to a dead address, by what is known when it leaves.

    One that came back itself and is in the queue again leaves: who sent it once more may know better.
    """
    return _is_for_many(message) and not is_of_address(message.last_error) and _is_dead(message.recipient)


def _is_for_many(message: OutboxMessage) -> bool:
    is_test = message.kind == MailKind.BROADCAST and message.broadcast_id is None
    return message.kind in PATIENT and not is_test


def _is_dead(email: str) -> bool:
    found = select_dead_addresses().where(OutboxMessage.recipient == email).limit(1)
    return db.session.scalar(found) is not None


def readdressed(email: str) -> dict[str, Any]:
    """Return the values of emails that go to another address by now, of which an earlier bounce says nothing."""
    said = case(
        (AT_ADDRESS, literal("at the address before: ") + OutboxMessage.last_error),
        else_=OutboxMessage.last_error,
    )
    return {"recipient": email, "last_error": said}


def is_of_address(error: str | None) -> bool:
    """Tell whether another address is what helps."""
    return (error or "").startswith((BOUNCED, RECIPIENT_REFUSED))
