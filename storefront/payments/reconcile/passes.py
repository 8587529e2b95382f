"""Rows of passes: where one goes on, how one ends, and the checkpoint that only a complete one moves."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storefront.audit.record import record_if_asked
from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.core.runtime import settings
from storefront.mail import outbox
from storefront.mail.models import MailKind
from storefront.orders.after_sale import Notice
from storefront.orders.notices import NoticeKind, find_open_notices
from storefront.payments.reconcile.models import ReconcilePass
from storefront.payments.reconcile.report import ReportLine, line_of

MARGIN = timedelta(hours=1)  # Stripe's clock and ours, and what was being written while the last pass looked
KEPT = timedelta(days=90)
FIRST_WINDOW = timedelta(days=30)  # as long as Stripe keeps events
# These have a mail of their own.
TOLD_ALREADY = frozenset({NoticeKind.DISPUTE_OPEN, NoticeKind.FRAUD_WARNING})


def find_last_complete() -> ReconcilePass | None:
    return db.session.scalars(
        select(ReconcilePass)
        .where(ReconcilePass.mode == settings().mode, ReconcilePass.finished_at.is_not(None))
        .order_by(ReconcilePass.id.desc())
        .limit(1)
    ).one_or_none()


def _unless_ahead(moment: datetime | None) -> datetime | None:
    """Believe no clock that was put back since: what was seen before that moment is not known."""
    return None if moment is None or moment > clock.now() else moment


def find_checkpoint() -> datetime | None:
    last = find_last_complete()
    return _unless_ahead(last.checkpoint) if last else None


def window_start() -> datetime:
    checkpoint = find_checkpoint()
    return checkpoint - MARGIN if checkpoint else clock.now() - FIRST_WINDOW


def _stumbles_left() -> dict[str, int]:
    """Return those of the last pass, each less by one: what the shop failed on is tried again some day."""
    last = find_last_complete()
    before = (last.stumbles if last else None) or {}
    return {session_id: count - 1 for session_id, count in before.items()}


def unread_left() -> dict[str, str]:
    """Return the lists that the last pass could not read, each with the moment from which on it is to be read."""
    last = find_last_complete()
    return {**(last.unread or {})} if last else {}


def begin(since: datetime | None, *, first_step: str) -> ReconcilePass:
    """A pass that was interrupted goes on; one with its own `since` always begins anew."""
    mode = settings().mode
    start, stumbles, unread = since or window_start(), _stumbles_left(), unread_left()
    with transaction() as session:
        begun = _find_unfinished(session) if since is None else None
        if begun is None or begun.since > clock.now():
            begun = ReconcilePass(
                mode=mode,
                since=start,
                step=first_step,
                fixed=[],
                needs_you=[],
                stumbles=stumbles,
                unread=unread,
            )
            session.add(begun)
            session.flush()
        record_if_asked(
            session,
            "reconciliation.started",
            subject_kind="reconciliation",
            subject=f"pass {begun.id}",
            after={"since": begun.since.isoformat()},
        )
        return begun


def _find_unfinished(session: Session) -> ReconcilePass | None:
    return session.scalars(
        select(ReconcilePass)
        .where(ReconcilePass.mode == settings().mode, ReconcilePass.finished_at.is_(None))
        .order_by(ReconcilePass.id.desc())
        .limit(1)
    ).one_or_none()


def save(
    pass_id: int,
    *,
    step: str,
    cursor: str | None,
    checked: int,
    fixed: list[ReportLine],
    stumbles: dict[str, int],
    unread: dict[str, str],
) -> None:
    with transaction() as session:
        row = session.get_one(ReconcilePass, pass_id)
        row.step, row.cursor, row.checked = step, cursor, checked
        row.fixed, row.stumbles = [line.to_json() for line in fixed], {**stumbles}
        row.unread = {**unread}


def finish(
    pass_id: int, *, checked: int, fixed: list[ReportLine], unread: dict[str, str], is_whole: bool
) -> list[ReportLine]:
    """Move the checkpoint, store the report, promise its email when there is something new for the owner.

    A pass that is not whole leaves the checkpoint, so that the next one looks at the same days again.
    Returns what needs the owner, old and new.
    """
    open_notices = find_open_notices()
    needs_you = [line_of(notice) for notice in open_notices]
    last = find_last_complete()
    finished_at, checkpoint = (last.finished_at, last.checkpoint) if last else (None, None)
    finished_at, checkpoint = _unless_ahead(finished_at), _unless_ahead(checkpoint)
    is_news = any(_is_news(notice, finished_at) for notice in open_notices)
    with transaction() as session:
        _tell_now(session, open_notices)
        row = session.get_one(ReconcilePass, pass_id)
        row.checked, row.fixed, row.unread = checked, [line.to_json() for line in fixed], {**unread}
        row.needs_you = [line.to_json() for line in needs_you] if is_news else []
        row.finished_at = clock.now()
        row.checkpoint = _next_checkpoint(row, checkpoint) if is_whole else checkpoint
        _forget_dull(session, row)
        if is_news:
            _promise_report(session, row)
    return needs_you


def _tell_now(session: Session, open_notices: list[Notice]) -> None:
    """Of a clock that was put back: told by this pass, and not by each one until that day."""
    ahead = [notice.id for notice in open_notices if notice.created_at > clock.now()]
    if ahead:
        session.execute(update(Notice).where(Notice.id.in_(ahead)).values(created_at=clock.now()))


def _promise_report(session: Session, row: ReconcilePass) -> None:
    owner = settings().owner_email
    if owner:
        outbox.promise_once(  # two that finish the same pass at once tell it once
            session,
            kind=MailKind.RECONCILE_REPORT,
            order_id=None,
            mode=row.mode,
            recipient=owner,
            about=str(row.id),
            hold=False,
        )


def _is_news(notice: Notice, since: datetime | None) -> bool:
    return notice.kind not in TOLD_ALREADY and (since is None or notice.created_at > since)


def _next_checkpoint(row: ReconcilePass, before: datetime | None) -> datetime | None:
    """A pass that looked at less than what is due has left a gap behind itself."""
    due_from = before or row.started_at - FIRST_WINDOW + MARGIN
    return row.started_at if row.since <= due_from else before


def _forget_dull(session: Session, newest: ReconcilePass) -> None:
    """What found nothing is kept only while it is the newest, what was interrupted until another covers it."""
    older = session.scalars(
        select(ReconcilePass).where(ReconcilePass.mode == newest.mode, ReconcilePass.id < newest.id)
    )
    for row in older:
        if _is_dull(row, newest):
            session.delete(row)


def _is_dull(row: ReconcilePass, newest: ReconcilePass) -> bool:
    is_over = row.finished_at is not None or row.since >= newest.since
    has_found_nothing = not row.fixed and not row.needs_you
    return is_over and (has_found_nothing or row.started_at < newest.started_at - KEPT)
