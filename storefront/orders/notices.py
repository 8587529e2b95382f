"""The owner's "needs you" list: what is wanted is opened, what is not wanted any more closes by itself."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core import clock
from storefront.core.db import db, insert_missing, transaction
from storefront.core.errors import NotFound, StorefrontError
from storefront.core.runtime import settings
from storefront.orders.after_sale import Dispute, Notice
from storefront.orders.models import Order

NO_LAST_DAY = datetime.max.replace(tzinfo=UTC)


class OpenedAnew(StorefrontError):
    code = "opened_anew"
    status = 409
    title = "This is there again"


class NoticeKind(StrEnum):
    """What a notice is about. The values are stored, and `needs-you --json` prints them."""

    CUSTOMER_REFUSED = "customer_refused"
    DISPUTE_OPEN = "dispute_open"
    DISPUTE_PAID_BACK = "dispute_paid_back"
    DISPUTE_UNKNOWN = "dispute_unknown"
    DOUBLE_PURCHASE = "double_purchase"
    EVENTS_MISSING = "events_missing"
    EXCESS_PAID = "excess_paid"
    EVENT_STUCK = "event_stuck"
    FILE_MISSING = "file_missing"
    FRAUD_WARNING = "fraud_warning"
    KEY_REFUSED = "key_refused"
    LIST_UNREADABLE = "list_unreadable"
    MAIL_FAILED = "mail_failed"
    POOL_LOW = "pool_low"
    REFUND_FAILED = "refund_failed"
    REMINDERS_REFUSED = "reminders_refused"
    SESSION_UNREADABLE = "session_unreadable"
    TERMS_URL_MISSING = "terms_url_missing"
    UNKNOWN_LINE = "unknown_line"
    UPGRADE_UNUSED = "upgrade_unused"


# Of one order each, whose owner decides about it once: what was called done is not told again, even where its
# cause goes and comes back, as a double purchase does whose refund waits and is canceled. All others come back.
DECIDED_ONCE = frozenset(
    {
        NoticeKind.DISPUTE_OPEN,
        NoticeKind.DISPUTE_PAID_BACK,
        NoticeKind.DISPUTE_UNKNOWN,
        NoticeKind.DOUBLE_PURCHASE,
        NoticeKind.FRAUD_WARNING,
        NoticeKind.REFUND_FAILED,
        NoticeKind.UNKNOWN_LINE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDraft:
    """Something for the owner. `text` is one or two sentences that say what to do; no key in it."""

    kind: NoticeKind
    subject: str
    text: str
    last_at: datetime | None = None  # what came after its owner called it done is new
    names_amount: bool = False  # another text than the one that its owner called done is new


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenNotice:
    """A notice as its owner reads it; `order_number` is None for what is about no order.

    `respond_by` is the last moment to answer a dispute, `dispute_id`; None for anything else.
    """

    id: int
    kind: str
    subject: str
    order_number: str | None
    text: str
    created_at: datetime
    dispute_id: str | None = None
    respond_by: datetime | None = None

    @property
    def opened(self) -> str:
        """What a page sends back, which may be old by then: it may have closed since, and opened again."""
        return self.created_at.isoformat()


def settle_notices(
    session: Session,
    wanted: Iterable[NoticeDraft],
    *,
    order_id: int | None = None,
    kinds: Iterable[NoticeKind] = (),
    forgets_done: bool = False,
    about: Iterable[str] = ("",),
    unread: Container[str] = (),
    unread_subjects: Container[str] = (),
) -> None:
    """Make the open notices of one order, or of these kinds, agree with what is wanted now.

    `about` narrows kinds to subjects that begin so. What is of an `unread` kind, or about one of
    `unread_subjects`, stays as it is, open or done: nobody knows.

    One that the owner called done stays done; one that closed by itself opens again when its cause is back.
    With `forgets_done` also one that was done, once its cause had gone in between. Only for callers who always
    know all that is wanted: what a quick look at an order leaves out has not gone.
    """
    known = {
        (notice.kind, notice.subject): notice
        for notice in session.scalars(_select_notices().where(_is_settled_with(order_id, kinds, about)))
    }
    drafts: dict[tuple[str, str], NoticeDraft] = {(draft.kind, draft.subject): draft for draft in wanted}
    for key, draft in drafts.items():
        if key not in known:
            open_notices(session, [draft], order_id=order_id)
        else:
            _update_notice(known[key], draft)
    for notice in _find_gone(known, drafts, unread):
        if notice.subject not in unread_subjects:
            _close_unwanted(notice, forgets_done=forgets_done)


def _find_gone(
    known: Mapping[tuple[str, str], Notice], wanted: Container[tuple[str, str]], unread: Container[str]
) -> list[Notice]:
    return [notice for key, notice in known.items() if key not in wanted and notice.kind not in unread]


def close_unwanted(session: Session, kind: NoticeKind, *, order_id: int) -> None:
    """Close what was wanted of an order and is not any more; it opens again when its cause is back."""
    for notice in session.scalars(_select_notices().where(Notice.order_id == order_id, Notice.kind == kind)):
        _close_unwanted(notice, forgets_done=True)


def close_about(session: Session, kind: NoticeKind, subject: str) -> None:
    """Close what is about no order; it opens again when its cause is back."""
    for notice in session.scalars(_select_notices().where(Notice.kind == kind, Notice.subject == subject)):
        _close_unwanted(notice, forgets_done=True)


def balance_subject(stripe_customer_id: str, currency: str) -> str:
    """Return what a line is about that tells of money in a Customer's cash balance of which no order tells."""
    return f"{stripe_customer_id} {currency}"


def _select_notices() -> Select[Notice]:
    """Select all notices of the running mode."""
    return select(Notice).where(Notice.mode == settings().mode)


def _select_open_notices() -> Select[Notice]:
    """Select the open notices of the running mode, oldest first."""
    return (
        _select_notices()
        .where(Notice.closed_at.is_(None))
        .order_by(Notice.created_at, Notice.id)
        .execution_options(populate_existing=True)
    )


def _is_settled_with(
    order_id: int | None, kinds: Iterable[NoticeKind], about: Iterable[str]
) -> ColumnElement[bool]:
    if order_id is not None:
        return Notice.order_id == order_id
    subjects = or_(*(Notice.subject.startswith(beginning, autoescape=True) for beginning in about))
    return Notice.kind.in_(list(kinds)) & subjects


def _update_notice(notice: Notice, draft: NoticeDraft) -> None:
    if notice.closed_at is None:
        notice.text = draft.text
    elif not notice.is_closed_by_owner or _is_new(draft, notice.text, notice.closed_at):
        _open_again(notice, draft)


def _is_new(draft: NoticeDraft, done: str, done_at: datetime) -> bool:
    came_later = draft.last_at is not None and draft.last_at > done_at
    return came_later or (draft.names_amount and draft.text != done)


def _open_again(notice: Notice, draft: NoticeDraft) -> None:
    notice.closed_at, notice.created_at, notice.text = None, clock.now(), draft.text
    notice.is_closed_by_owner = False


def _close_unwanted(notice: Notice, *, forgets_done: bool) -> None:
    notice.closed_at = notice.closed_at or clock.now()
    if forgets_done:
        notice.is_closed_by_owner = False


def open_notices(session: Session, wanted: Iterable[NoticeDraft], *, order_id: int | None = None) -> None:
    """Open the notices that are not there yet: two orders may find the same double purchase."""
    rows = [
        {
            "mode": settings().mode,
            "kind": draft.kind,
            "subject": draft.subject,
            "order_id": order_id,
            "text": draft.text,
        }
        for draft in wanted
    ]
    insert_missing(session, Notice, rows)


def reopen_notice(session: Session, wanted: NoticeDraft) -> None:
    """Make this one open, and touch no other: two callers may report two things at once."""
    open_notices(session, [wanted])
    notice = session.scalars(
        _select_notices()
        .where(Notice.kind == wanted.kind, Notice.subject == wanted.subject)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if notice.closed_at is not None:
        _open_again(notice, wanted)


def find_open_notices() -> list[Notice]:
    """Return the open notices of the running mode, oldest first."""
    return list(db.session.scalars(_select_open_notices()))


def list_open_notices() -> list[OpenNotice]:
    """Return the open notices of the running mode with their orders' numbers, in one statement.

    Disputes come first, in the order of their last days, then everything else, oldest first.
    """
    is_of = (
        (Notice.kind == NoticeKind.DISPUTE_OPEN)
        & (Dispute.order_id == Notice.order_id)
        & Notice.subject.startswith(Dispute.id)
    )
    rows = db.session.execute(
        _select_open_notices()
        .add_columns(Order.number, Dispute.id, Dispute.respond_by)
        .outerjoin(Order, Order.id == Notice.order_id)
        .outerjoin(Dispute, is_of)
    )
    notices = [
        OpenNotice(
            id=notice.id,
            kind=notice.kind,
            subject=notice.subject,
            order_number=number,
            text=notice.text,
            created_at=notice.created_at,
            dispute_id=dispute_id,
            respond_by=respond_by,
        )
        for notice, number, dispute_id, respond_by in rows
    ]
    return sorted(notices, key=lambda notice: notice.respond_by or NO_LAST_DAY)


def _no_such_notices(missing: list[int], *, closed_none_of: int) -> NotFound:
    others = " Nothing was closed." if closed_none_of else ""
    names = ", ".join(map(str, missing))
    return NotFound(f"There is no notice {names}.{others} `storefront needs-you` lists those that are open.")


def _lock_notices(session: Session, notice_ids: Iterable[int]) -> dict[int, Notice]:
    rows = session.scalars(
        select(Notice)
        .where(Notice.id.in_(notice_ids), Notice.mode == settings().mode)
        .order_by(Notice.id)  # so that two who close the same ones do not wait for each other
        .with_for_update()
    )
    return {notice.id: notice for notice in rows}


def close_notices(notice_ids: Iterable[int]) -> list[str]:
    """Close notices that their owner calls done, all of them or none; safe to repeat. Return their texts.

    Raises:
        NotFound: some are no notices of the running mode; the message names them.
    """
    wanted = list(dict.fromkeys(notice_ids))
    with transaction() as session:
        notices = _lock_notices(session, wanted)
        if missing := [notice_id for notice_id in wanted if notice_id not in notices]:
            raise _no_such_notices(missing, closed_none_of=len(notices))
        for notice_id in wanted:
            _close(session, notices[notice_id])
        return [notices[notice_id].text for notice_id in wanted]


def close_notice_about(notice_id: int, *, order_id: int, number: str) -> str:
    """Close a notice about this order that its owner calls done, and return its kind; safe to repeat.

    Raises:
        NotFound: the order has no such notice. Who may help with orders decides on no other.
    """
    with transaction() as session:
        notice = session.scalars(
            _select_notices()
            .where(Notice.id == notice_id, is_about(order_id, number))
            .with_for_update()
            .execution_options(populate_existing=True)
        ).first()
        if notice is None:
            raise NotFound(f"Order {number} has no such notice.")
        _close(session, notice)
        return notice.kind


def is_about(order_id: int, number: str) -> ColumnElement[bool]:
    """Select an order's notices: a double purchase belongs to the order that saw it, and names both."""
    return (Notice.order_id == order_id) | Notice.subject.contains(number, autoescape=True)


def _close(session: Session, notice: Notice) -> None:
    is_new = notice.closed_at is None or not notice.is_closed_by_owner
    notice.is_closed_by_owner = True
    notice.closed_at = notice.closed_at or clock.now()
    if is_new:
        subject, after = f"notice {notice.id}", {"kind": notice.kind}
        record(session, "notice.closed", subject_kind="notice", subject=subject, after=after)


def close_seen_notice(notice_id: int, *, opened_at: str) -> str | None:
    """Close a notice by a page that may be old: `opened_at` is its `created_at` there, in ISO 8601.

    Returns its kind; None where it was closed already, by its owner or by itself: that may open again.

    Raises:
        NotFound: no notice of the running mode.
        OpenedAnew: it closed since, and its cause is back.
    """
    with transaction() as session:
        notice = _lock_notices(session, [notice_id]).get(notice_id)
        if notice is None:
            raise NotFound("There is no such line in \u201cneeds you\u201d.")
        if notice.closed_at is not None:
            return None
        if notice.created_at.isoformat() != opened_at:
            raise OpenedAnew(
                "This came back since that page was shown, so it was left open: look at it once more."
            )
        _close(session, notice)
        return notice.kind
