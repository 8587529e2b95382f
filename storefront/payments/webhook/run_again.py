"""One more look at what a delivery points to, because the owner asks for it."""

from storefront.audit.record import record
from storefront.core.db import transaction
from storefront.core.errors import StorefrontError
from storefront.core.runtime import settings
from storefront.payments.webhook import ledger
from storefront.payments.webhook.dispatch import converge
from storefront.payments.webhook.ledger import Entry
from storefront.payments.webhook.models import StripeEvent


class OtherMode(StorefrontError):
    code = "other_mode"
    status = 409
    title = "Another mode of Stripe"


def demand_own_mode(events: list[StripeEvent]) -> None:
    """Raise OtherMode where one was sent for Stripe's other mode: a test event says nothing about a live shop."""
    if any(event.livemode != settings().is_live for event in events):
        raise OtherMode("That event is of another mode of Stripe: it is left alone.")


def run_again(event_id: str, event_type: str, object_id: str) -> str:
    """Return the outcome. Safe to repeat. Raises StorefrontError where it fails; its row says why."""
    with transaction() as session:
        ledger.add_attempt(session, event_id)
        ledger.take_up(session, event_id)
        record(session, "event.run_again", subject_kind="event", subject=event_id, after={"type": event_type})
    return converge(Entry(event_id=event_id, type=event_type, object_id=object_id))
