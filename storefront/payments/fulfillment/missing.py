"""Sessions that Stripe does not know under this key: who waits for one must not be forgotten."""

from storefront.core.errors import StripeMissing
from storefront.orders.models import Decision, Order
from storefront.orders.queries import find_order


def check_nobody_waits(session_id: str) -> None:
    """Raises StripeMissing: without a word its buyer would wait for ever."""
    order = find_order(session_id)
    if order is not None and _waits(order):
        raise StripeMissing(
            f"Stripe does not know it under this STRIPE_SECRET_KEY, as after a change of the account, and order "
            f"{order.number} waits for it: go back to a key of its account, or withdraw that order"
        )


def _waits(order: Order) -> bool:
    is_over = order.has_failed or order.decision is Decision.WITHDRAW or order.erased_at is not None
    return order.fulfilled_at is None and not is_over
