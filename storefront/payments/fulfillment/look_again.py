"""One more look at a checkout, because the owner asks for it."""

from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core.errors import NotFound
from storefront.orders.lookup import get_order
from storefront.orders.models import Order
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from storefront.payments.fulfillment.missing import check_nobody_waits
from storefront.payments.fulfillment.outcome import Fulfillment


def look_again(reference: str) -> Fulfillment:
    """Ask Stripe now, and make our rows agree. Of what was given for free Stripe knows nothing, and is not asked.

    `reference` is a Session, also one that has no order yet, or what names an order, such as its number.

    Raises:
        StripeUnavailable: nothing is known; nothing was changed.
        StripeMissing: an order waits for it, and Stripe does not know it under this key.
    """
    session_id = _find_session(reference)
    fulfillment = fulfill_checkout(session_id, Look.NOW, in_transaction=_record)
    if fulfillment.is_missing:
        check_nobody_waits(session_id)
    return fulfillment


def _find_session(reference: str) -> str:
    try:
        return get_order(reference).checkout_session_id
    except NotFound:
        return reference


def _record(session: Session, fulfillment: Fulfillment) -> None:
    """Nothing where there is no order: then nothing was changed, and what was typed may be anything."""
    if fulfillment.order_id is None:
        return
    record(
        session,
        "order.looked_at_again",
        subject_kind="order",
        subject=session.get_one(Order, fulfillment.order_id).number,
        after={"outcome": fulfillment.outcome.value},
    )
