"""How many mails with codes leave: to one address, for one customer's changes, and from the whole shop.

Whoever asks in another's name must neither flood a mailbox nor lock its owner out. So nobody is refused for what
others asked: in place of one more mail, the code in the newest one stays the one to use. Codes that were used do
not count, for who reads a mailbox wanted its mails.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.errors import StorefrontError
from storefront.core.measurements import CODE_CEILING_AT, measurements
from storefront.core.runtime import settings
from storefront.core.texts import marked
from storefront.customers.models import AddressChange, AddressProof, ProofPurpose, email_key
from storefront.customers.queries import proof_in_running_mode

MOST_MAILS = 5  # open at once, to one address for one purpose
MANY_A_DAY = 10  # unused ones; from then on one is open at once
YOUNG = timedelta(minutes=5)  # what is older has not long to live: a new one is mailed
CHANGES_A_DAY = 5  # of one customer: each sends an email to an address that may be anybody's
TAKEN_A_DAY = 20  # emails to one address that others say is theirs
STRANGERS_SHARE = 10  # one in ten of the shop's emails with codes may go to people who never bought
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class TooManyMails(StorefrontError):
    code = "too_many_mails"
    status = 429
    title = marked("Too many emails")
    retry_after_seconds = 60 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailed:
    """A proof whose mail was promised and that nobody used."""

    id: int
    created_at: datetime
    expires_at: datetime


def find_mailed(session: Session, *, purpose: ProofPurpose, email: str, about: str | None) -> list[Mailed]:
    """Return what a day brought, newest first, in the running mode: one address and purpose, about one thing."""
    rows = session.execute(
        select(AddressProof.id, AddressProof.created_at, AddressProof.expires_at)
        .where(
            proof_in_running_mode(),
            AddressProof.email_key == email_key(email),
            AddressProof.purpose == purpose,
            AddressProof.about == about,
            AddressProof.spent_at.is_(None),
            AddressProof.created_at > clock.now() - DAY,
        )
        .order_by(AddressProof.id.desc())
    )
    return [Mailed(id=row.id, created_at=row.created_at, expires_at=row.expires_at) for row in rows]


def choose_shared(mailed: list[Mailed], now: datetime) -> int | None:
    """Return the proof to use in place of one more email; None where an email may leave. Pure."""
    still_open = [proof for proof in mailed if proof.expires_at > now]
    most = MOST_MAILS if len(mailed) < MANY_A_DAY else 1
    if len(still_open) < most or now - still_open[0].created_at >= YOUNG:
        return None
    return still_open[0].id


def _count_unused(session: Session, *, since: datetime, to_customer: bool) -> int:
    unused = select(func.count()).select_from(AddressProof)
    unused = unused.where(
        proof_in_running_mode(),
        AddressProof.is_customer.is_(to_customer),
        AddressProof.spent_at.is_(None),
        AddressProof.created_at > since,
    )
    if not to_customer:
        unused = unused.where(AddressProof.purpose == ProofPurpose.TAKE_ADDRESS)
    return session.scalar(unused) or 0


def demand_room(session: Session, *, purpose: ProofPurpose, is_customer: bool) -> None:
    """Raise TooManyMails where the shop's own ceiling is met, the same for every address."""
    now = clock.now()
    to_customer = is_customer or purpose is not ProofPurpose.TAKE_ADDRESS  # signing in mails nobody else
    ceiling = settings().code_mails_per_hour
    most = ceiling if to_customer else max(1, ceiling // STRANGERS_SHARE)
    if _count_unused(session, since=now - HOUR, to_customer=to_customer) >= most:
        measurements().see(CODE_CEILING_AT)
        raise TooManyMails(
            marked(
                "The shop sent very many codes within the last hour, so no more leave for now. Try again "
                "in an hour. The links in your order emails still work."
            )
        )


def demand_change(session: Session, customer_id: int, new_email: str) -> None:
    """Check the ceilings before a change of address begins. Raises TooManyMails."""
    since = clock.now() - DAY
    begun = session.scalar(
        select(func.count())
        .select_from(AddressChange)
        .where(
            AddressChange.customer_id == customer_id,
            AddressChange.done_at.is_(None),
            AddressChange.created_at > since,
        )
    )
    if (begun or 0) >= CHANGES_A_DAY:
        raise TooManyMails(
            marked(
                "You began %(most)s changes of address within a day. Finish one of them with "
                "the codes in its emails, try again tomorrow, or write to the shop.",
                most=CHANGES_A_DAY,
            )
        )
    codes_mailed = session.scalar(
        select(func.count())
        .select_from(AddressProof)
        .where(
            proof_in_running_mode(),
            AddressProof.email_key == email_key(new_email),
            AddressProof.purpose == ProofPurpose.TAKE_ADDRESS,
            AddressProof.spent_at.is_(None),
            AddressProof.created_at > since,
        )
    )
    if (codes_mailed or 0) >= TAKEN_A_DAY:
        raise TooManyMails(marked("This address got many codes today. Try again tomorrow, or write to the shop."))
