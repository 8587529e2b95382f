"""The outbox: promise a mail with its cause, release it, claim it, say how it ended. The row is the promise."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, delete, func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from storefront.core import clock, tokens
from storefront.core.db import db, insert_missing, transaction
from storefront.core.languages import Language, current_language
from storefront.core.outlast import outlast
from storefront.core.runtime import settings
from storefront.mail.failures import BOUNCED
from storefront.mail.models import PATIENT, MailKind, MailState, OutboxMessage

HOLD_SECONDS = 120  # the webhook path releases earlier; if no webhook ever comes the mail goes by itself
RETRY_MINUTES = (1, 5, 30, 120, 720)
MAX_ATTEMPTS = len(RETRY_MINUTES) + 1
BATCH = 500  # rows a statement
CLAIM_SECONDS = 300  # a claim older than this was left by a worker that died
PAUSE_SECONDS = 50  # after a server that is down; the clock ticks each minute, a little early or late

STOPPED = (MailState.CANCELED, MailState.PAUSED)

# Of the table, and built once: an entity's takes longer to build than to run.
_outbox = OutboxMessage.__table__
_RELEASE = (
    update(_outbox)  # type: ignore[arg-type] # a mapped class always has a Table
    .where(
        _outbox.c.order_id == bindparam("order"),
        _outbox.c.state == MailState.QUEUED,
        _outbox.c.attempts == 0,
        _outbox.c.claimed_at.is_(None),
        _outbox.c.due_at <= bindparam("held_until"),
    )
    .values(due_at=bindparam("now"))
)

# `claimed_at` of a queued message is when it met a server that was down, and `due_at` since when.
MET_SERVER_DOWN = (OutboxMessage.state == MailState.QUEUED) & OutboxMessage.claimed_at.is_not(None)


def _domain() -> str:
    return settings().mail_from.address.partition("@")[2]


class AlreadyPromised(RuntimeError):
    """A bug: this mail is another one than the one that has its key, and would never be sent."""


def promise(
    session: Session,
    *,
    kind: MailKind,
    order_id: int | None,
    mode: str,
    recipient: str,
    language: Language | None = None,
    about: str | None = None,
    again: str = "",
    hold: bool = True,
    not_before: datetime | None = None,
) -> None:
    """Store the promise of a mail that is new each time, inside the caller's transaction.

    `about` is the refund, dispute or warning it tells of: one mail for each. `again` tells a mail that was asked
    for once more from the first one. Both outlive what they name: nothing that may be given twice goes in.
    `language` is that of the page that asked for it; an order's emails take that of the order when they leave.

    Raises:
        AlreadyPromised: what should be new was promised before, so a mail would be missing.
    """
    is_new = promise_once(
        session,
        kind=kind,
        order_id=order_id,
        mode=mode,
        recipient=recipient,
        language=language,
        about=about,
        again=again,
        hold=hold,
        not_before=not_before,
    )
    if not is_new:
        raise AlreadyPromised(f"a {kind} that should be new was promised before")


def promise_once(
    session: Session,
    *,
    kind: MailKind,
    order_id: int | None,
    mode: str,
    recipient: str,
    language: Language | None = None,
    about: str | None = None,
    again: str = "",
    hold: bool = True,
    not_before: datetime | None = None,
) -> bool:
    """Promise a mail that a state owes, however often it is looked at; False when it was promised before."""
    due_at = clock.now() + timedelta(seconds=HOLD_SECONDS if hold else 0)
    row: dict[str, Any] = {
        "dedupe_key": key_of(kind, order_id, about, again),
        "about": about,
        "kind": kind,
        "mode": mode,
        "order_id": order_id,
        "recipient": recipient,
        "language": language or current_language(),
        "message_id": new_message_id(),
        "due_at": max(due_at, not_before) if not_before else due_at,
    }
    return insert_missing(session, OutboxMessage, [row]) == 1


def key_of(kind: MailKind, order_id: int | None, about: str | None, again: str = "") -> str:
    """Return the unique key of a mail."""
    return ":".join(str(part) for part in (kind, order_id, about, again) if part)


def new_message_id() -> str:
    return f"<{tokens.new_token()}@{_domain()}>"  # short enough not to be folded


def promise_news(
    session: Session, readers: Iterable[tuple[tuple[str, str], datetime]], *, state: MailState = MailState.QUEUED
) -> int:
    """Promise news to readers: ((what it is about, address), when it may leave). A few statements for hundreds.

    A mail that was canceled or paused makes room for its next promise. Returns how many are new: whoever tells of
    the same release at the same moment promises the others.
    """
    count = 0
    rows: list[dict[str, Any]] = [
        {
            "dedupe_key": f"{MailKind.NEW_RELEASE}:{about}",
            "about": about,
            "kind": MailKind.NEW_RELEASE,
            "mode": settings().mode,
            "order_id": None,
            "recipient": recipient,
            "message_id": new_message_id(),
            "due_at": due_at,
            "state": state,
        }
        for (about, recipient), due_at in readers
    ]
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        keys = [row["dedupe_key"] for row in part]
        old = OutboxMessage.dedupe_key.in_(keys), OutboxMessage.state.in_(STOPPED)
        session.execute(delete(OutboxMessage).where(*old).execution_options(synchronize_session=False))
        count += insert_missing(session, OutboxMessage, part)
    return count


def find_end_of_news(session: Session) -> datetime:
    """Return when news that waits will have left: two mailings at once keep the pace of one.

    What failed before sets no pace: one full mailbox would hold up everybody's for hours.
    """
    last = session.scalar(
        select(func.max(OutboxMessage.due_at)).where(
            OutboxMessage.kind == MailKind.NEW_RELEASE,
            OutboxMessage.mode == settings().mode,
            OutboxMessage.state == MailState.QUEUED,
            OutboxMessage.attempts == 0,
        )
    )
    return max(clock.now(), last) if last else clock.now()


def release(session: Session, order_id: int) -> None:
    """Let what is held for an order go now. What waits for its next try, or for a later hour, keeps its time."""
    now = clock.now()
    session.execute(_RELEASE, {"order": order_id, "held_until": now + timedelta(seconds=HOLD_SECONDS), "now": now})


def claim_next() -> int | None:
    """Take a due message, or one whose worker died. One worker gets it, however many ask.

    None, too, shortly after the server was down: one connection a minute is enough to see it come back.
    """
    now = clock.now()
    dead = now - timedelta(seconds=CLAIM_SECONDS)
    # After a switch to live no email of a test leaves. A copy for trying things out sends no live one.
    in_running_mode = OutboxMessage.mode == settings().mode
    due = or_(  # each side names the mode, which its index begins with
        in_running_mode
        & OutboxMessage.state.in_((MailState.QUEUED, MailState.PAUSED))
        & (OutboxMessage.due_at <= now),
        in_running_mode
        & (OutboxMessage.state == MailState.SENDING)
        & or_(OutboxMessage.claimed_at <= dead, OutboxMessage.claimed_at > now + clock.AHEAD),
    )
    lately = OutboxMessage.claimed_at.between(now - timedelta(seconds=PAUSE_SECONDS), now + clock.AHEAD)
    pause = in_running_mode & MET_SERVER_DOWN & lately
    if db.session.scalar(select(OutboxMessage.id).where(pause).limit(1)) is not None:
        return None
    if db.session.scalar(select(OutboxMessage.id).where(due).limit(1)) is None:
        return None  # without a write lock, for the many times there is nothing
    claimed_id: int | None = None
    try:
        with transaction() as session:
            claimed_id = _claim(session, due, now)
    except SQLAlchemyError:
        if claimed_id is not None:  # its commit may have been done, and only the answer was lost
            outlast(partial(_unclaim, claimed_id, now), seconds=CLAIM_SECONDS)
        raise
    return claimed_id


def _claim(session: Session, due: ColumnElement[bool], now: datetime) -> int | None:
    # Take another message each time the server is asked again: one that upsets it holds up no other.
    last_try = case((MET_SERVER_DOWN, OutboxMessage.claimed_at), else_=OutboxMessage.due_at)
    since = case((OutboxMessage.claimed_at.is_(None), now), else_=OutboxMessage.due_at)
    oldest = (
        select(OutboxMessage.id)
        .where(due)
        # News waits for keys and receipts. What failed before goes to the end of the line: a message that a
        # bug stops holds up no other.
        .order_by(OutboxMessage.kind.in_(PATIENT), OutboxMessage.attempts, last_try, OutboxMessage.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return session.scalar(
        update(OutboxMessage)
        .where(OutboxMessage.id == oldest.scalar_subquery())
        .values(state=MailState.SENDING, claimed_at=now, due_at=since, attempts=OutboxMessage.attempts + 1)
        .returning(OutboxMessage.id)
        .execution_options(synchronize_session=False)
    )


def bring_forward() -> int:
    """Let go now what a clock that was ahead promised or put off until then; return how many."""
    now = clock.now()
    longest = timedelta(minutes=max(RETRY_MINUTES))
    was_put_off = (OutboxMessage.state == MailState.QUEUED) & (OutboxMessage.attempts > 0)
    is_ahead = (
        OutboxMessage.mode == settings().mode,
        OutboxMessage.state.in_((MailState.QUEUED, MailState.PAUSED)),
        OutboxMessage.due_at > now + clock.AHEAD,
        or_(
            OutboxMessage.created_at > now + clock.AHEAD,
            was_put_off & (OutboxMessage.due_at > now + longest + clock.AHEAD),
        ),
    )
    if db.session.scalar(select(OutboxMessage.id).where(*is_ahead).limit(1)) is None:
        return 0
    with transaction() as session:
        brought = session.scalars(
            update(OutboxMessage)
            .where(*is_ahead)
            .values(due_at=now)
            .returning(OutboxMessage.id)
            .execution_options(synchronize_session=False)
        )
        return len(brought.all())


def _unclaim(message_id: int, claimed_at: datetime) -> None:
    """Give back what was claimed at that moment, untried. Do nothing where that claim is not there."""
    this_claim = OutboxMessage.state == MailState.SENDING, OutboxMessage.claimed_at == claimed_at
    _finish(message_id, *this_claim, state=MailState.QUEUED, attempts=OutboxMessage.attempts - 1)


def get_message(message_id: int) -> OutboxMessage:
    return db.session.scalars(
        select(OutboxMessage).where(OutboxMessage.id == message_id).execution_options(populate_existing=True)
    ).one()


def has_sent_since(when: datetime) -> bool:
    """Tell whether a mail has left since then: the server takes mails of this shop."""
    sent_since = OutboxMessage.sent_at > when, OutboxMessage.mode == settings().mode
    return db.session.scalar(select(OutboxMessage.id).where(*sent_since).limit(1)) is not None


def _finish(message_id: int, *claimed: ColumnElement[bool], **values: object) -> None:
    with transaction() as session:
        session.execute(
            update(OutboxMessage).where(OutboxMessage.id == message_id, *claimed).values(claimed_at=None, **values)
        )


def mark_sent(message_id: int) -> None:
    """Mark it, whoever holds the claim now: a mail that left has left. What came back meanwhile stays failed."""
    error = func.coalesce(OutboxMessage.last_error, "")
    has_come_back = (OutboxMessage.state == MailState.FAILED) & error.startswith(BOUNCED)
    _finish(message_id, ~has_come_back, state=MailState.SENT, sent_at=clock.now(), last_error=None)


def mark_canceled(message_id: int, reason: str) -> None:
    _finish(message_id, OutboxMessage.state == MailState.SENDING, state=MailState.CANCELED, last_error=str(reason))


def mark_failed(message_id: int, *, attempts: int, error: str, is_permanent: bool) -> None:
    """Put it back for the next try, or mark it as failed. Do nothing when another worker took the claim over."""
    still_claimed = OutboxMessage.state == MailState.SENDING, OutboxMessage.attempts == attempts
    if is_permanent or attempts >= MAX_ATTEMPTS:
        _finish(message_id, *still_claimed, state=MailState.FAILED, due_at=clock.now(), last_error=error)
        return
    wait = timedelta(minutes=RETRY_MINUTES[attempts - 1])
    _finish(message_id, *still_claimed, state=MailState.QUEUED, due_at=clock.now() + wait, last_error=error)


def tried_for(attempts: int) -> timedelta:
    """Return how long ago the first of these tries was, at least."""
    return timedelta(minutes=sum(RETRY_MINUTES[: attempts - 1]))


def put_back(message_id: int, *, attempts: int, error: str) -> None:
    """Put it back untried: the server was down. The claim does not count, and the message waits on."""
    with transaction() as session:
        session.execute(
            update(OutboxMessage)
            .where(
                OutboxMessage.id == message_id,
                OutboxMessage.state == MailState.SENDING,
                OutboxMessage.attempts == attempts,
            )
            .values(
                state=MailState.QUEUED,
                claimed_at=clock.now(),
                attempts=OutboxMessage.attempts - 1,
                last_error=error,
            )
        )
