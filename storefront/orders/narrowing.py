"""What an order in a given state is sure to be, in words that an index knows. The rule itself is `access()`."""

from sqlalchemy import TextClause

from storefront.orders.access import Reason
from storefront.orders.models import DECIDED, DISPUTED, FREE, REFUNDED, UNPAID

_NARROWINGS = {
    Reason.AWAITING_PAYMENT: UNPAID,
    Reason.PAYMENT_FAILED: UNPAID,
    Reason.FREE: FREE,
    Reason.REFUNDED: REFUNDED,
    Reason.PARTLY_REFUNDED: REFUNDED,
    Reason.DISPUTE_WON: DISPUTED,
    Reason.INQUIRY: DISPUTED,
    Reason.DISPUTE_UNKNOWN: DISPUTED,
    Reason.DISPUTED: DISPUTED,
    Reason.DISPUTE_LOST: DISPUTED,
    Reason.WITHDRAWN: DECIDED,
    Reason.ALLOWED_BY_SHOP: DECIDED,
}


def find_narrowing(state: Reason) -> TextClause | None:
    """Return what every order in that state is, and few others are; None where most orders are in it."""
    return _NARROWINGS.get(state)
