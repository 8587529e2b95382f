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


def find_taken_minor(order: Order) -> int:
    """Return the amount under open and lost disputes, in the order's currency. No statement without one."""
    if order.dispute_status not in _TAKEN:
        return 0
    taken = select(func.sum(Dispute.amount_minor)).where(
        Dispute.order_id == order.id, Dispute.status.in_(_TAKEN), Dispute.currency == order.currency
    )
    return int(db.session.scalar(taken) or 0)


def why_nothing_is_left(order: Order) -> str:
    """Return a sentence where disputes took all that was not refunded, else nothing."""
    taken_minor = find_taken_minor(order)
    if not taken_minor or taken_minor < order.total_minor - order.refunded_minor:
        return ""
    amount = money.format_money(taken_minor, order.currency)
    why = (
        f"The buyer's bank took {amount} of order {order.number} back by a dispute, so there is nothing to refund."
    )
    if _TAKEN[order.dispute_status or ""] is DisputeEffect.LOST:
        return why
    return f"{why} What you win of it can be refunded then."
