"""The owner's "needs you" list: what is wanted is opened, what is not wanted any more closes by itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.db import db, insert_missing, transaction
from storefront.core.errors import NotFound
from storefront.core.runtime import settings
from storefront.orders.after_sale import Notice
from storefront.orders.models import Order


class NoticeKind(StrEnum):
    """What a notice is about. The values are stored, and `needs-you --json` prints them."""

    DISPUTE_OPEN = "dispute_open"
    DISPUTE_UNKNOWN = "dispute_unknown"
    DOUBLE_PURCHASE = "double_purchase"
    EVENTS_MISSING = "events_missing"
    EVENT_STUCK = "event_stuck"
    FILE_MISSING = "file_missing"
    FRAUD_WARNING = "fraud_warning"
    LIST_UNREADABLE = "list_unreadable"
    MAIL_FAILED = "mail_failed"
    POOL_LOW = "pool_low"
    REFUND_FAILED = "refund_failed"
    SESSION_UNREADABLE = "session_unreadable"
    UNKNOWN_LINE = "unknown_line"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDraft:
    """Something for the owner. `text` is one or two sentences that say what to do; no key in it."""

    kind: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenNotice:
    """As its owner reads it; `order_number` is None for what is about no order."""

    id: int
    kind: str
    subject: str
    order_number: str | None
    text: str
    created_at: datetime


def settle_notices(
    session: Session,
    wanted: Iterable[NoticeDraft],
    *,
    order_id: int | None = None,
    kinds: Iterable[str] = (),
    forgets_done: bool = False,
    about: Iterable[str] = ("",),
) -> None:
    """Make the open notices of one order, or of these kinds, agree with what is wanted now.

    `about` narrows kinds to subjects that begin so.

    One that the owner called done stays done; one that closed by itself opens again when its cause is back.
    With `forgets_done` also one that was done, once its cause had gone in between. Only for callers who always
    know all that is wanted: what a quick look at an order leaves out has not gone.
    """
    mode, now = settings().mode, clock.now()
    mine = Notice.order_id == order_id
    if order_id is None:
        subjects = or_(*(Notice.subject.startswith(each, autoescape=True) for each in about))
        mine = Notice.kind.in_(list(kinds)) & subjects
    known = {
        (notice.kind, notice.subject): notice
        for notice in session.scalars(select(Notice).where(Notice.mode == mode, mine))
    }
    by_key = {(draft.kind, draft.subject): draft for draft in wanted}
    for key, draft in by_key.items():
        notice = known.get(key)
        if notice is None:
            open_notices(session, [draft], order_id=order_id)
        elif notice.closed_at is not None and not notice.is_closed_by_owner:
            notice.closed_at, notice.created_at, notice.text = None, now, draft.text
        elif notice.closed_at is None:
            notice.text = draft.text
    for key, notice in known.items():
        if key not in by_key and notice.closed_at is None:
            notice.closed_at = now
        if key not in by_key and forgets_done:
            notice.is_closed_by_owner = False


def open_notices(session: Session, wanted: Iterable[NoticeDraft], *, order_id: int | None = None) -> None:
    """Where there are none of these yet: two orders may find the same double purchase."""
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
    """This one is open afterwards, and no other is touched: two callers may report two things at once."""
    open_notices(session, [wanted])
    notice = session.scalars(
        select(Notice)
        .where(Notice.mode == settings().mode, Notice.kind == wanted.kind, Notice.subject == wanted.subject)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if notice.closed_at is not None:
        notice.closed_at, notice.created_at, notice.text = None, clock.now(), wanted.text
        notice.is_closed_by_owner = False


def find_open_notices() -> list[Notice]:
    """Of the running mode, oldest first."""
    return list(
        db.session.scalars(
            select(Notice)
            .where(Notice.mode == settings().mode, Notice.closed_at.is_(None))
            .order_by(Notice.created_at, Notice.id)
            .execution_options(populate_existing=True)
        )
    )


def list_open_notices() -> list[OpenNotice]:
    """Of the running mode, oldest first, with the numbers of their orders. One statement."""
    rows = db.session.execute(
        select(Notice, Order.number)
        .outerjoin(Order, Order.id == Notice.order_id)
        .where(Notice.mode == settings().mode, Notice.closed_at.is_(None))
        .order_by(Notice.created_at, Notice.id)
        .execution_options(populate_existing=True)
    )
    return [
        OpenNotice(
            id=notice.id,
            kind=notice.kind,
            subject=notice.subject,
            order_number=number,
            text=notice.text,
            created_at=notice.created_at,
        )
        for notice, number in rows
    ]


def as_json(notice: Notice) -> dict[str, str]:
    return {"id": str(notice.id), "kind": notice.kind, "subject": notice.subject, "text": notice.text}


def close_notice(notice_id: int) -> str:
    """The owner's "done"; safe to repeat. Returns the notice's text.

    Raises:
        NotFound: no such notice in the running mode.
    """
    with transaction() as session:
        notice = session.get(Notice, notice_id, with_for_update=True)
        if notice is None or notice.mode != settings().mode:
            raise NotFound(f"There is no notice {notice_id}. `storefront needs-you` lists those that are open.")
        notice.is_closed_by_owner = True
        notice.closed_at = notice.closed_at or clock.now()
        return notice.text
