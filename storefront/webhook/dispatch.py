"""What an event makes us do: look again at one Checkout Session, release its mails, stamp the ledger row."""

import logging
import sys

from sqlalchemy.orm import Session

from storefront.db import transaction
from storefront.errors import StripeUnavailable
from storefront.fulfillment.fulfill import Outcome, fulfill_checkout
from storefront.mail import outbox
from storefront.queue import nudge
from storefront.stripe_gateway import SeenEvent
from storefront.web import settings
from storefront.webhook import ledger

log = logging.getLogger(__name__)

SESSION_EVENTS = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
    }
)


def handle_delivery(event: SeenEvent) -> str:
    """Record, then converge. Returns the outcome for the answer.

    Raises:
        StripeUnavailable: noted on the row; the caller answers 5xx, so that Stripe tries again.
    """
    if ledger.record(event):
        return "duplicate"
    if event.livemode != settings().is_live:
        return _ignore(event.id, "other_mode")
    return converge(event.id, event.type, event.object_id)


def converge(event_id: str, event_type: str, object_id: str) -> str:
    if event_type not in SESSION_EVENTS:
        return _ignore(event_id, "ignored")

    def also(session: Session, outcome: Outcome, order_id: int | None) -> None:
        if order_id is not None:
            outbox.release(session, order_id)
        ledger.stamp(session, event_id, outcome)

    try:
        outcome = fulfill_checkout(object_id, also=also)
    finally:
        if (error := sys.exception()) is not None:
            ledger.note_error(event_id, f"{type(error).__name__}: {getattr(error, 'code', 'bug')}")
    nudge("outbox")
    return outcome


def run_unhandled() -> None:
    """The worker's second chance for deliveries that Stripe or we gave up on."""
    for event_id, event_type, object_id in ledger.find_unhandled():
        ledger.count_attempt(event_id)  # what fails again goes to the end of the line and holds up nobody
        try:
            outcome = converge(event_id, event_type, object_id)
        except StripeUnavailable:
            return
        log.info("unhandled event run again", extra={"event": event_id, "outcome": outcome})


def _ignore(event_id: str, outcome: str) -> str:
    with transaction() as session:
        ledger.stamp(session, event_id, outcome)
    return outcome
