"""A look at what Stripe says of an order: its ticket before, and the facts that it brings."""

from datetime import timedelta

from sqlalchemy import or_, update

from storefront.core import clock
from storefront.core.db import transaction
from storefront.orders.disputes import weightiest_dispute
from storefront.orders.models import Order
from storefront.orders.waits_for import to_keep
from storefront.stripe_api.seen import SeenCheckout, SeenPayment

PAGE_LOOK_SECONDS = 60  # a waiting order asks Stripe at most once a minute, all its readers together


def take_ticket(order_id: int, *, sparingly: bool) -> int | None:
    """Return the next look ticket, in a transaction of its own. None: `sparingly`, and the last look is young."""
    now = clock.now()
    look = update(Order).where(Order.id == order_id)
    if sparingly:
        young = now - timedelta(seconds=PAGE_LOOK_SECONDS)
        look = look.where(or_(Order.looked_at.is_(None), Order.looked_at <= young))
    with transaction() as session:
        return session.scalar(
            look.values(look_ticket=Order.look_ticket + 1, looked_at=now).returning(Order.look_ticket)
        )


def apply_facts(order: Order, seen: SeenCheckout, *, ticket: int) -> bool:
    """Apply facts only from a look younger than the last applied one; paid only goes from no to yes.

    What waited counts as paid now: a debit's charge is older than its money, and a Session tells no other moment.

    Facts are read outside the lock, so a slow reader could overwrite newer facts with older ones. True when
    these facts count.
    """
    if seen.is_paid and not order.is_paid:
        order.is_paid = True
        order.paid_at = clock.now()
    if ticket <= order.facts_ticket:
        return False
    order.facts_ticket = ticket
    order.has_failed = seen.has_failed
    if seen.invoice is not None and order.erased_at is None:
        order.invoice_number, order.invoice_url = seen.invoice.number, seen.invoice.url
    if seen.payment is not None:
        _apply_payment(order, seen.payment)
    return True


def _apply_payment(order: Order, payment: SeenPayment) -> None:
    order.payment_intent_id = payment.id
    _apply_method(order, payment)
    order.refunded_minor = payment.refunded_minor
    order.is_disputed = payment.is_disputed
    order.waits_for = to_keep(payment.waiting)
    _apply_lists(order, payment)


def _apply_method(order: Order, payment: SeenPayment) -> None:
    order.payment_method_type = payment.method_type or order.payment_method_type
    if order.erased_at is None:
        order.payment_brand = payment.method.brand or order.payment_brand
        order.payment_last4 = payment.method.last4 or order.payment_last4


def _apply_lists(order: Order, payment: SeenPayment) -> None:
    """Leave what the key may not read as it was: that it is not shown does not mean that it is gone."""
    if payment.excess_minor is not None:
        order.excess_minor = payment.excess_minor
    if payment.after_sale is not None and payment.after_sale.disputes is not None:
        order.dispute_status = weightiest_dispute(dispute.status for dispute in payment.after_sale.disputes)
