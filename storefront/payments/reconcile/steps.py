"""What a pass looks at, a page at a time: our waiting orders, Stripe's Sessions, refunds, disputes, events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import CompoundSelect, or_, select, union

from storefront.core import clock
from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.orders.after_sale import Dispute, Refund
from storefront.orders.disputes import UNSETTLED_STATUSES
from storefront.orders.models import AWAITED, EXCESSIVE, Order
from storefront.orders.queries import find_session_id
from storefront.payments.reconcile.known import read_known_refunds
from storefront.payments.reconcile.repair import patiently
from storefront.payments.reconcile.strangers import is_stranger, note_stranger
from storefront.payments.webhook import ledger
from storefront.payments.webhook.dispatch import FINDERS
from storefront.payments.webhook.event_types import CUSTOMER_EVENTS, PAYMENT_EVENTS, SESSION_EVENTS
from storefront.shop.profile.reminders import are_reminders_on
from storefront.stripe_api.lists import (
    CompleteCheckout,
    find_session_of_payment,
    list_complete_checkouts,
    list_disputes,
    list_events,
    list_refunds,
)
from storefront.stripe_api.seen_event import SeenEvent

LOCAL_PAGE = 100
# A Session is paid up to a day after it was created.
SESSION_LIFE = timedelta(hours=25)
# A younger event may be on its way as a webhook.
IN_FLIGHT = timedelta(minutes=2)


class Step(StrEnum):
    WAITING = "waiting"
    CHECKOUTS = "checkouts"
    REFUNDS = "refunds"
    DISPUTES = "disputes"
    EVENTS = "events"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """An event that nobody handled; `was_received` when it came and failed."""

    event: SeenEvent
    sessions: tuple[str, ...]
    was_received: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Sessions to look at, and the events that lead to them; `cursor` None ends the step."""

    sessions: tuple[str, ...]
    cursor: str | None
    missed: tuple[Missed, ...] = ()


def read_batch(step: Step, *, since: datetime, after: str | None) -> Batch:
    """Raises StripeUnavailable."""
    match step:
        case Step.WAITING:
            return _read_waiting(after)
        case Step.CHECKOUTS:
            return _read_checkouts(since - SESSION_LIFE, after)
        case Step.REFUNDS:
            return _read_refunds(since, after)
        case Step.DISPUTES:
            return _read_disputes(since, after)
        case Step.EVENTS:
            return _read_events(since, after)


def _read_waiting(after: str | None) -> Batch:
    """Orders that wait for their payment, whatever their age, and those whose refund or dispute is not settled.

    Also those that brought too much: no event says that the owner has sent it back.
    """
    rows = db.session.execute(
        select(Order.id, Order.checkout_session_id, Order.mode)
        .where(Order.id.in_(_unsettled()), Order.id > int(after or 0))
        .order_by(Order.id)
        .limit(LOCAL_PAGE)
    ).all()
    cursor = str(rows[-1].id) if len(rows) == LOCAL_PAGE else None
    mode = settings().mode
    return Batch(sessions=tuple(row.checkout_session_id for row in rows if row.mode == mode), cursor=cursor)


def _unsettled() -> CompoundSelect[Any]:
    """Ask each kind by its own index, not of the mode: SQLite would begin with that, and read every order."""
    return union(
        select(Order.id).where(AWAITED),
        select(Order.id).where(EXCESSIVE),
        select(Refund.order_id).where(Refund.status.in_(("pending", "requires_action"))),
        select(Dispute.order_id).where(Dispute.status.in_(UNSETTLED_STATUSES)),
    )


def _read_checkouts(since: datetime, after: str | None) -> Batch:
    """What was handed out is settled; what has failed is, too, unless Stripe says that it was paid after all."""
    page = patiently(lambda: list_complete_checkouts(since=since, after=after))
    is_settled = or_(Order.fulfilled_at.is_not(None), Order.has_failed)
    rows = db.session.execute(
        select(Order.checkout_session_id, Order.fulfilled_at).where(
            Order.checkout_session_id.in_([checkout.id for checkout in page.items]), is_settled
        )
    )
    was_handed_out = {row.checkout_session_id: row.fulfilled_at is not None for row in rows}
    unsettled = [seen.id for seen in page.items if _is_unsettled(seen, was_handed_out)]
    return Batch(sessions=tuple(unsettled), cursor=page.cursor)


def _is_unsettled(seen: CompleteCheckout, was_handed_out: Mapping[str, bool]) -> bool:
    """`was_handed_out` is True for an order that is fulfilled, and False for one that has failed."""
    if seen.id not in was_handed_out:
        return not is_stranger(seen.id)
    return seen.is_paid and not was_handed_out[seen.id]


def _read_refunds(since: datetime, after: str | None) -> Batch:
    """Also those whose items were not kept, or are others by now: the tax that goes back is that of the items."""
    page = patiently(lambda: list_refunds(since=since, after=after))
    seen = {one.seen.id: ((one.seen.status, one.seen.items), one.payment_intent_id) for one in page.items}
    return Batch(sessions=_sessions_of_changed(read_known_refunds(Refund.id.in_(seen)), seen), cursor=page.cursor)


def _read_disputes(since: datetime, after: str | None) -> Batch:
    page = patiently(lambda: list_disputes(since=since, after=after))
    seen = {one.seen.id: (one.seen.status, one.payment_intent_id) for one in page.items}
    rows = db.session.execute(select(Dispute.id, Dispute.status).where(Dispute.id.in_(seen)))
    return Batch(sessions=_sessions_of_changed({row.id: row.status for row in rows}, seen), cursor=page.cursor)


def _sessions_of_changed(known: Mapping[str, object], seen: Mapping[str, tuple[object, str]]) -> tuple[str, ...]:
    """`seen`: Stripe id -> (what it is, payment). Where we do not know the sale, Stripe does."""
    payments = [payment for stripe_id, (now, payment) in seen.items() if known.get(stripe_id) != now]
    return _sessions_of(dict.fromkeys(payments))


def _sessions_of(payment_intent_ids: Iterable[str]) -> tuple[str, ...]:
    sessions = [find_session_id(payment) or _ask_session(payment) for payment in payment_intent_ids]
    return tuple(session for session in sessions if session)


def _read_events(since: datetime, after: str | None) -> Batch:
    types = SESSION_EVENTS | PAYMENT_EVENTS | CUSTOMER_EVENTS
    if not are_reminders_on():  # an expired Session means nothing then, and each costs a question
        types -= {"checkout.session.expired"}
    page = patiently(lambda: list_events(since=since, after=after, types=types))
    missed = _find_missed([event for event in page.items if _should_have_come(event)])
    sessions = tuple(dict.fromkeys(session_id for event in missed for session_id in event.sessions))
    return Batch(sessions=sessions, cursor=page.cursor, missed=missed)


def _should_have_come(event: SeenEvent) -> bool:
    return event.created_at <= clock.now() - IN_FLIGHT and event.livemode == settings().is_live


def _find_missed(events: list[SeenEvent]) -> tuple[Missed, ...]:
    """Return those that did not come, or that came and were not handled."""
    known = ledger.find_known([event.id for event in events])
    return tuple(
        Missed(event=event, sessions=_sessions_about(event), was_received=event.id in known)
        for event in events
        if not known.get(event.id)
    )


def _sessions_about(event: SeenEvent) -> tuple[str, ...]:
    """Find Sessions by our rows only: the steps before have found the sales that were not known here."""
    return (event.object_id,) if event.type in SESSION_EVENTS else FINDERS[event.type](event.object_id)


def _ask_session(payment_intent_id: str) -> str | None:
    """Return None for a payment of another program, once a pass has seen that it is one."""
    if is_stranger(payment_intent_id):
        return None
    session = patiently(lambda: find_session_of_payment(payment_intent_id))
    if session is not None and not is_stranger(session):
        return session
    note_stranger(payment_intent_id)
    return None
