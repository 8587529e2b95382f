"""Lines of the "needs you" list that no order's convergence writes: mails, events, deliveries that do not come."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Row, func, select

from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.core.runtime import settings
from storefront.mail.failures import AT_ADDRESS, TO_ANYBODY, TO_DEAD_ADDRESS, has_failed_lately, is_of_address
from storefront.mail.models import MailKind, OutboxMessage
from storefront.orders.after_sale import Notice
from storefront.orders.models import Order
from storefront.orders.notices import NoticeDraft, NoticeKind, reopen_notice, settle_notices
from storefront.payments.webhook import ledger

KINDS = (
    NoticeKind.MAIL_FAILED,
    NoticeKind.EVENT_STUCK,
    NoticeKind.LIST_UNREADABLE,
)
_Failed = Row[int, str, str | None, int | None, str | None, bool, str, datetime]
STUCK = timedelta(hours=1)
BROADCAST = "broadcast "  # begins the subject of the line about all emails of one
NEWS = "the news of release "  # the same for the emails about one
ELSEWHERE = "of another account"  # the subject of the one line about all events of such
MAILINGS = (MailKind.BROADCAST, MailKind.NEW_RELEASE)


def sweep(*, never_received: int, unreadable_lists: Iterable[str]) -> None:
    """Opens and closes them by what the rows say now; nothing is written where nothing changed."""
    drafts = [*_failed_mails(), *_stuck_events(), *_events_elsewhere()]
    drafts += [_forbidden(name) for name in unreadable_lists]
    with transaction() as session:
        settle_notices(session, drafts, kinds=KINDS, forgets_done=True)
    tell_silence(never_received)


def tell_silence(never_received: int) -> None:
    if never_received:
        with transaction() as session:
            reopen_notice(session, _silent(never_received))  # also what was done today: these are others


def open_unreadable(sessions: Mapping[str, str]) -> None:
    """Leave the others open: whoever reads a Session closes its own."""
    with transaction() as session:
        for draft in _unreadable(sessions):
            settle_notices(session, [draft], kinds=(draft.kind,), about=(draft.subject,))


def find_told_unreadable() -> list[str]:
    """Return the Sessions that were told to be unreadable, in any order, so that of many each has its turn.

    Also those that the owner called done: they are in no list of Stripe's any more, and may have been paid.
    """
    told = select(Notice.subject).where(
        Notice.mode == settings().mode,
        Notice.kind == NoticeKind.SESSION_UNREADABLE,
        Notice.closed_at.is_(None) | Notice.is_closed_by_owner,
    )
    return list(db.session.scalars(told.order_by(func.random())))


def close_unreadable(session_id: str) -> None:
    """It was read, or is not at Stripe any more."""
    with transaction() as session:
        kinds = (NoticeKind.SESSION_UNREADABLE,)
        settle_notices(session, [], kinds=kinds, about=(session_id,), forgets_done=True)


def _failed_mails() -> list[NoticeDraft]:
    """One line for each mail, and one for all of a broadcast or of the news of a release."""
    is_lost = OutboxMessage.kind.in_(TO_ANYBODY) & OutboxMessage.kind.not_in(MAILINGS) & AT_ADDRESS
    rows = db.session.execute(
        select(
            OutboxMessage.id,
            OutboxMessage.kind,
            OutboxMessage.about,
            OutboxMessage.broadcast_id,
            OutboxMessage.last_error,
            TO_DEAD_ADDRESS.label("is_dead"),
            Order.number,
            OutboxMessage.due_at,
        )
        .outerjoin(Order, Order.id == OutboxMessage.order_id)
        .where(has_failed_lately(), ~is_lost)
        .order_by(OutboxMessage.id)
    )
    drafts: list[NoticeDraft] = []
    mailings: dict[str, list[_Failed]] = {}
    for row in rows:
        if mailing := _mailing_of(row):
            mailings.setdefault(mailing, []).append(row)
        else:
            drafts.append(_failed_mail(row))
    return drafts + [_failed_mailing(name, some) for name, some in mailings.items()]


def _mailing_of(row: _Failed) -> str | None:
    if row.broadcast_id is not None:
        return f"{BROADCAST}{row.broadcast_id}"
    if row.kind == MailKind.NEW_RELEASE:
        return f"{NEWS}{(row.about or '').partition(':')[0]}"
    return None


def _failed_mail(row: _Failed) -> NoticeDraft:
    return NoticeDraft(
        kind=NoticeKind.MAIL_FAILED,
        subject=str(row.id),
        last_at=row.due_at,
        text=(
            f"The mail \u201c{row.kind.replace('_', ' ')}\u201d of order {row.number or 'none'} "
            f"could not be delivered: {row.last_error}. {_what_helps(row.id, row.last_error, row.number)}"
        ),
    )


def _failed_mailing(name: str, rows: list[_Failed]) -> NoticeDraft:
    count, dead = len(rows), sum(row.is_dead for row in rows)
    emails = "One email" if count == 1 else f"{count} emails"
    again = (
        "`storefront mail retry --failed` tries the others again." if dead < count else "Nothing is left to do."
    )
    return NoticeDraft(
        kind=NoticeKind.MAIL_FAILED,
        subject=name,
        last_at=max(row.due_at for row in rows),
        text=(
            f"{emails} of {name} could not be delivered, {dead} of them because the address takes none; "
            f"`storefront mail list --state failed` says more. {again}"
        ),
    )


def _what_helps(mail_id: int, error: str | None, number: str | None) -> str:
    again = f"`storefront mail retry {mail_id}` tries again, `storefront mail cancel {mail_id}` ends it."
    if number is None or not is_of_address(error):
        return again
    return f"If the address is wrong, send it to the right one at order {number}. {again}"


def _stuck_events() -> list[NoticeDraft]:
    return [
        NoticeDraft(
            kind=NoticeKind.EVENT_STUCK,
            subject=event_id,
            text=(
                f"Stripe's event {event_id} ({event_type}) cannot be handled: {error or 'no error noted'}. "
                f"`storefront events run {event_id}` tries again and says why."
            ),
        )
        for event_id, event_type, error in ledger.find_stuck(older_than=STUCK)
    ]


def _events_elsewhere() -> Iterator[NoticeDraft]:
    """Yield one line for all of them: most may be of other programs, and each is kept."""
    count, first = ledger.count_elsewhere(older_than=STUCK)
    if first is not None:
        events = "One event" if count == 1 else f"{count} events"
        text = (
            f"{events} of Stripe since {first:%Y-%m-%d} may tell of sales in another account than that of "
            "STRIPE_SECRET_KEY, whose endpoint still leads here. If this shop sold there, set a key of that "
            "account for some minutes, and what was paid is handed out. If not, remove the endpoint there. "
            f"Each is kept for {settings().keep_days.events} days."
        )
        yield NoticeDraft(kind=NoticeKind.EVENT_STUCK, subject=ELSEWHERE, text=text)


def _unreadable(sessions: Mapping[str, str]) -> list[NoticeDraft]:
    return [
        NoticeDraft(
            kind=NoticeKind.SESSION_UNREADABLE,
            subject=session_id,
            text=(
                f"The Checkout Session {session_id} could not be compared: {why.rstrip('.')}. "
                f"`storefront fulfill {session_id}` tries again and says why."
            ),
        )
        for session_id, why in sessions.items()
    ]


def _forbidden(name: str) -> NoticeDraft:
    text = (
        f"STRIPE_SECRET_KEY may not list {name}, so what only they tell is not found without its webhook. "
        "Give the restricted key that permission in the Stripe Dashboard."
    )
    return NoticeDraft(kind=NoticeKind.LIST_UNREADABLE, subject=name, text=text)


def _silent(count: int) -> NoticeDraft:
    events = "one event" if count == 1 else f"{count} events"
    return NoticeDraft(
        kind=NoticeKind.EVENTS_MISSING,
        subject=f"{clock.now():%Y-%m-%d}",
        text=(
            f"Stripe told of {events} that never arrived here and were found only by comparing. Look at the "
            "endpoint's failed deliveries in the Stripe Dashboard, and at STRIPE_WEBHOOK_SECRET."
        ),
    )
