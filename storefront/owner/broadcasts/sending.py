"""A broadcast leaves: started once, promised in batches at its pace, and stopped where the owner stops it.

A batch and the place that it reached are one transaction: whoever is killed goes on where the last one ended.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core import clock, tokens
from storefront.core.db import db, transaction
from storefront.core.email_addresses import is_address
from storefront.core.languages import Language
from storefront.core.queue import nudge
from storefront.core.runtime import settings
from storefront.mail import outbox
from storefront.mail.broadcasts import cancel_waiting, count_untried, is_any_leaving, promise_broadcast
from storefront.mail.models import MailKind
from storefront.owner.broadcasts.audience import count_audience, find_readers
from storefront.owner.broadcasts.drafts import BroadcastRefused, check_is_draft, get_broadcast, goods_of
from storefront.owner.broadcasts.models import Broadcast, BroadcastState

TEST = "test"  # in place of a customer


def start_broadcast(broadcast_id: int, *, version: int) -> bool:
    """Let a draft leave as it was shown; False where it had begun before. Safe to repeat.

    Raises:
        NotFound: no such broadcast.
        BroadcastRefused: nobody would get it, or it was canceled.
        BroadcastMoved: it is another version by now.
    """
    audience = count_audience(goods_of(get_broadcast(db.session(), broadcast_id)))
    with transaction() as session:
        draft = get_broadcast(session, broadcast_id, locked=True)
        if draft.state in (BroadcastState.SENDING, BroadcastState.SENT):
            return False
        check_is_draft(draft, version)
        if not audience.agreed:
            nobody = "Nobody gets it: no buyer of these products has agreed at an address that takes email."
            raise BroadcastRefused({"broadcast": nobody})
        draft.state, draft.started_at = BroadcastState.SENDING, clock.now()
        counts = {"buyers": audience.buyers, "agreed": audience.agreed}
        record(session, "broadcast.started", subject_kind="broadcast", subject=str(draft.id), after=counts)
    nudge("broadcasts")
    return True


def send_some() -> int:
    """Promise the next emails of the oldest broadcast; return how many. Called once a minute.

    None are promised while those of before wait for the mail server, or news of a release are on their way: the
    pace is one for all of them.
    """
    broadcast_id = _find_oldest()
    if broadcast_id is None or outbox.find_end_of_news(db.session()) > clock.now():
        return 0
    with transaction() as session:
        count = _promise_some(session, get_broadcast(session, broadcast_id, locked=True))
    nudge("outbox")
    return count


def _find_oldest() -> int | None:
    waiting = Broadcast.mode == settings().mode, Broadcast.state == BroadcastState.SENDING
    return db.session.scalar(
        select(Broadcast.id).where(*waiting).order_by(Broadcast.started_at, Broadcast.id).limit(1)
    )


def _promise_some(session: Session, broadcast: Broadcast) -> int:
    room = broadcast.per_minute - count_untried(session, broadcast.id)
    if broadcast.state is not BroadcastState.SENDING or room <= 0:
        return 0
    readers = find_readers(goods_of(broadcast), after=broadcast.last_customer_id, most=room)
    count = promise_broadcast(session, broadcast.id, readers.emails)
    broadcast.last_customer_id = readers.last_id
    broadcast.promised += count
    if readers.is_end:
        broadcast.state, broadcast.finished_at = BroadcastState.SENT, clock.now()
    return count


def cancel_broadcast(broadcast_id: int) -> int | None:
    """Let nothing more of it leave; return how many were taken back, None where all had left. Safe to repeat.

    Raises:
        NotFound: no such broadcast.
    """
    with transaction() as session:
        broadcast = get_broadcast(session, broadcast_id, locked=True)
        count = cancel_waiting(session, broadcast.id)
        if broadcast.state is BroadcastState.SENT and not count and not is_any_leaving(session, broadcast.id):
            return None
        if broadcast.state is not BroadcastState.CANCELED:
            broadcast.state, broadcast.canceled_at = BroadcastState.CANCELED, clock.now()
            after = {"taken_back": count}
            record(session, "broadcast.canceled", subject_kind="broadcast", subject=str(broadcast_id), after=after)
    return count


def send_test(broadcast_id: int, language: Language, email: str) -> None:
    """Promise a test to one address. It counts for nothing.

    Raises:
        NotFound: no such broadcast.
        BroadcastRefused: mail cannot be sent there.
    """
    if not is_address(email):
        raise BroadcastRefused({"email": f"{email!r} is no whole email address: write one like ada@example.com."})
    get_broadcast(db.session(), broadcast_id)
    with transaction() as session:
        outbox.promise(
            session,
            kind=MailKind.BROADCAST,
            order_id=None,
            mode=settings().mode,
            recipient=email,
            language=language,
            about=f"{broadcast_id}:{TEST}",
            again=tokens.new_token(),
            hold=False,
        )
        record(session, "broadcast.test_asked", subject_kind="broadcast", subject=str(broadcast_id))
    nudge("outbox")
