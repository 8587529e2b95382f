"""Events that no webhook brought: those are handled whose Sessions were looked at just now."""

from collections.abc import Set
from datetime import timedelta

from storefront.core import clock
from storefront.core.db import transaction
from storefront.core.measurements import EVENT_MISSED_AT, measurements
from storefront.orders.queries import find_order
from storefront.payments.reconcile.steps import Missed
from storefront.payments.webhook import ledger

# What every endpoint should listen to (README, "Go live"), and how late Stripe may be with it.
ANNOUNCED = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "charge.refunded",
        "charge.dispute.created",
        "charge.dispute.closed",
    }
)
LATE = timedelta(minutes=10)


def take_in(missed: tuple[Missed, ...], *, unreadable: Set[str]) -> int:
    """Keeps them as handled, so that a delivery that comes after all is a duplicate.

    One about a Session that is `unreadable` is left: the worker and the next pass try again.

    Returns how many should have come long ago, about orders of ours: the webhook does not work.
    """
    never_received = 0
    for missed_event in missed:
        event = missed_event.event
        is_handled = unreadable.isdisjoint(missed_event.sessions)
        if not ledger.is_too_old(event):
            with transaction() as session:
                ledger.keep(session, event, outcome=ledger.RECONCILED if is_handled else None)
        if _should_have_come(missed_event):
            measurements().see(EVENT_MISSED_AT)
            never_received += event.created_at <= clock.now() - LATE
    return never_received


def _should_have_come(missed: Missed) -> bool:
    event = missed.event
    if missed.was_received or event.type not in ANNOUNCED:
        return False
    if ledger.has_come_since(event.type, event.created_at):
        return False  # who dies over a delivery keeps nothing of it, and Stripe sends it again
    return any(map(find_order, missed.sessions))
