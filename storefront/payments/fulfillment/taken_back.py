"""What banks took back of an order's payment: open and lost disputes, whose money cannot be refunded once more."""

from sqlalchemy import func, select

from storefront.core import money
from storefront.core.db import db
from storefront.orders.after_sale import Dispute
from storefront.orders.disputes import DISPUTE_STATUSES, DisputeEffect
from storefront.orders.models import Order

# https://docs.stripe.com/api/disputes/object: `is_charge_refundable` is true of inquiries, and of what was won.
_TAKEN = {
    name: status.effect
    for name, status in DISPUTE_STATUSES.items()
    if status.effect in (DisputeEffect.OPEN, DisputeEffect.LOST)
}


def warn_of_taken(order: Order) -> str:
    """Return a sentence for the owner where disputes took some of a payment, else nothing. It refuses no refund.

    What our rows say may be old: one that was won since, or that the key may not read any more. Stripe decides.
    """
    taken_minor = _find_taken_minor(order)
    if not taken_minor:
        return ""
    amount = money.format_money(taken_minor, order.currency)
    if taken_minor < order.total_minor - order.refunded_minor:
        return (
            f"A dispute took {amount} of this payment. Stripe may refuse to refund the rest of it, and says so "
            "then: nothing is refunded in that case."
        )
    return _warn_of_all(order, amount)


def _warn_of_all(order: Order, amount: str) -> str:
    why = (
        f"A dispute took {amount} of this payment, all that was left of it, as far as the shop knows. Stripe "
        "refuses to refund that, and says so then: nothing is refunded in that case."
    )
    if _TAKEN[order.dispute_status or ""] is DisputeEffect.LOST:
        return why
    return f"{why} What you win of it can be refunded."


def _find_taken_minor(order: Order) -> int:
    """Return the amount under open and lost disputes, in the order's currency. No statement without one."""
    if order.dispute_status not in _TAKEN:
        return 0
    taken = select(func.sum(Dispute.amount_minor)).where(
        Dispute.order_id == order.id, Dispute.status.in_(_TAKEN), Dispute.currency == order.currency
    )
    return int(db.session.scalar(taken) or 0)
