"""What keeps mails from leaving, and since when, from the outbox's rows alone."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from storefront.core import clock
from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.mail.models import MAY_LEAVE, MailState, OutboxMessage
from storefront.mail.outbox import MET_SERVER_DOWN

# Two tries may be greylisting; the third is five minutes after the second.
STUBBORN = (OutboxMessage.state == MailState.QUEUED) & (OutboxMessage.attempts >= 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTrouble:
    """`since` and `why` are None while mails leave; `oldest_due_at` is None when nothing waits.

    `stubborn` is how many the server keeps refusing; they are tried again. `counts` are of those that may leave.
    """

    since: datetime | None
    why: str | None
    stubborn: int
    counts: dict[MailState, int]
    oldest_due_at: datetime | None


def mail_trouble() -> MailTrouble:
    """Count the mails of the running mode that may still leave. A few statements, no connection to the server."""
    in_running_mode = OutboxMessage.mode == settings().mode
    counted = db.session.execute(
        select(OutboxMessage.state, func.count(), func.count().filter(STUBBORN))
        .where(in_running_mode, OutboxMessage.state.in_(MAY_LEAVE))
        .group_by(OutboxMessage.state)
    ).all()
    due = in_running_mode & (OutboxMessage.state == MailState.QUEUED) & (OutboxMessage.due_at <= clock.now())
    since, why = _server_down()
    return MailTrouble(
        since=since,
        why=why,
        stubborn=sum(stubborn for _state, _count, stubborn in counted),
        counts=dict.fromkeys(MAY_LEAVE, 0) | {state: count for state, count, _stubborn in counted},
        oldest_due_at=db.session.scalar(select(func.min(OutboxMessage.due_at)).where(due)),
    )


def _server_down() -> tuple[datetime | None, str | None]:
    """Return since when and why, from the messages that met it down since the last one that left."""
    in_running_mode = OutboxMessage.mode == settings().mode
    has_been = OutboxMessage.sent_at <= clock.now() + clock.AHEAD
    last_sent_at = db.session.scalar(select(func.max(OutboxMessage.sent_at)).where(in_running_mode, has_been))
    met = in_running_mode & MET_SERVER_DOWN
    if last_sent_at is not None:
        met &= OutboxMessage.claimed_at > last_sent_at
    since = db.session.scalar(select(func.min(OutboxMessage.due_at)).where(met))
    if since is None:
        return None, None
    why = select(OutboxMessage.last_error).where(met).order_by(OutboxMessage.claimed_at.desc()).limit(1)
    return max(since, last_sent_at or since), db.session.scalar(why)
