"""Too much money in a Customer's cash balance is said of one order: the last placed that a transfer was for."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.orders.models import Order
from storefront.orders.notices import NoticeKind, balance_subject, close_about, close_unwanted
from storefront.orders.queries import speaks_of_balance
from storefront.stripe_api.seen import SeenPayment


def settle_excess(session: Session, order: Order, payment: SeenPayment | None, before_minor: int) -> None:
    """Say it of one order of a Customer, and close what is gone: nothing where the key may not read it."""
    is_known = payment is not None and payment.excess_minor is not None
    if is_known and _was_asked(order):
        _say_of_one(session, order)
    _close_what_no_order_said(session, order)
    _close_gone_excess(session, order, before_minor)


def _say_of_one(session: Session, order: Order) -> None:
    if speaks_of_balance(session, order):
        _take_over_excess(session, order)
    else:
        order.excess_minor = 0


def _close_what_no_order_said(session: Session, order: Order) -> None:
    """Close the line about the Customer itself, which was opened while no order said this of its currency."""
    if order.excess_minor and order.stripe_customer_id is not None:
        subject = balance_subject(order.stripe_customer_id, order.currency)
        close_about(session, NoticeKind.EXCESS_PAID, subject)


def _was_asked(order: Order) -> bool:
    """Tell whether nothing in the balance means that: most orders never ask for it."""
    return order.stripe_customer_id is not None and (order.excess_minor > 0 or _is_ended_transfer(order))


def _is_ended_transfer(order: Order) -> bool:
    return order.payment_method_type == "customer_balance" and (order.is_paid or order.has_failed)


def _take_over_excess(session: Session, order: Order) -> None:
    """Take it from other orders of the same Customer, whose notices close.

    An order that is locked is passed over: whoever holds it has a newer look than ours, or the next one mends it.
    """
    others = session.scalars(
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
    for other in others:
        other.excess_minor = 0
        close_unwanted(session, NoticeKind.EXCESS_PAID, order_id=other.id)


def _close_gone_excess(session: Session, order: Order, before_minor: int) -> None:
    """Close the notice where nothing is left: a payment that was given up is not looked at whole."""
    if before_minor and not order.excess_minor:
        close_unwanted(session, NoticeKind.EXCESS_PAID, order_id=order.id)
