"""Too much money in a Customer's cash balance is said of one order: the last one that was paid from it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.orders.models import Order
from storefront.orders.notices import NoticeKind, close_unwanted
from storefront.stripe_api.seen import SeenPayment


def settle_excess(session: Session, order: Order, payment: SeenPayment | None, before_minor: int) -> None:
    """Close what is gone, and take over what this payment alone has: nothing where the key may not read it."""
    _close_gone_excess(session, order, before_minor)
    if payment is not None and payment.excess is not None and payment.excess.is_of_this:
        _take_over_excess(session, order)


def _take_over_excess(session: Session, order: Order) -> None:
    """Take it from earlier orders of the same Customer, whose notices close.

    An order that is locked is passed over: whoever holds it has a newer look than ours, or the next one mends it.
    """
    earlier = session.scalars(
        select(Order)
        .where(
            Order.stripe_customer_id == order.stripe_customer_id,
            Order.mode == order.mode,
            Order.currency == order.currency,
            Order.id != order.id,
            Order.excess_minor > 0,
        )
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    for other in earlier:
        other.excess_minor = 0
        close_unwanted(session, NoticeKind.EXCESS_PAID, order_id=other.id)


def _close_gone_excess(session: Session, order: Order, before_minor: int) -> None:
    """Close the notice where nothing is left: a payment that was given up is not looked at whole."""
    if before_minor and not order.excess_minor:
        close_unwanted(session, NoticeKind.EXCESS_PAID, order_id=order.id)
