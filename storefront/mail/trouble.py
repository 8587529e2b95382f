"""What keeps mails from leaving, in one sentence, from the outbox's rows alone."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from storefront import clock
from storefront.db import db
from storefront.mail.models import MailState, OutboxMessage
from storefront.mail.outbox import MET_SERVER_DOWN
from storefront.web import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTrouble:
    """`sentence` is None while the server answers; `oldest_due_at` is None when nothing waits."""

    sentence: str | None
    since: datetime | None
    counts: dict[MailState, int]
    oldest_due_at: datetime | None


def mail_trouble() -> MailTrouble:
    """Of the running mode. A few statements, no connection to the server."""
    ours = OutboxMessage.mode == settings().mode
    counted = db.session.execute(
        select(OutboxMessage.state, func.count()).where(ours).group_by(OutboxMessage.state)
    )
    due = ours & (OutboxMessage.state == MailState.QUEUED) & (OutboxMessage.due_at <= clock.now())
    since, why = _server_down()
    return MailTrouble(
        sentence=f"The mail server has not answered since {since:%Y-%m-%d %H:%M} UTC: {why}" if since else None,
        since=since,
        counts=dict.fromkeys(MailState, 0) | dict(counted.all()),
        oldest_due_at=db.session.scalar(select(func.min(OutboxMessage.due_at)).where(due)),
    )


def _server_down() -> tuple[datetime | None, str | None]:
    """Since when and why: of the messages that met it down since the last one that left."""
    ours = OutboxMessage.mode == settings().mode
    last_sent_at = db.session.scalar(select(func.max(OutboxMessage.sent_at)).where(ours))
    met = ours & MET_SERVER_DOWN
    if last_sent_at is not None:
        met &= OutboxMessage.claimed_at > last_sent_at
    since = db.session.scalar(select(func.min(OutboxMessage.due_at)).where(met))
    if since is None:
        return None, None
    why = select(OutboxMessage.last_error).where(met).order_by(OutboxMessage.claimed_at.desc()).limit(1)
    return max(since, last_sent_at or since), db.session.scalar(why)
