"""What became of a checkout that is opened again: asked of Stripe, because a dead form looks like a live one."""

from enum import StrEnum

from storefront.core import clock
from storefront.core.errors import StripeUnavailable
from storefront.payments.checkout.models import Checkout
from storefront.payments.checkout.start import find_order_id
from storefront.stripe_api.gateway import gateway


class State(StrEnum):
    OPEN = "open"  # may be paid, or has no Session at Stripe yet
    PAID = "paid"  # or being paid: the return page knows more
    EXPIRED = "expired"


def read_state(row: Checkout) -> State:
    """Paid is asked before expired: who paid at the last moment, and saw no page, must not pay again.

    Raises StripeUnavailable: no answer, and by our clock it may be either.
    """
    session_id, account, expires_at = row.checkout_session_id, row.account, row.expires_at
    if session_id is not None and find_order_id(session_id) is not None:
        return State.PAID
    if account != gateway().account_id():
        return State.EXPIRED  # the Stripe account of today does not know it
    if session_id is None:
        return State.OPEN
    try:
        status = gateway().find_status(session_id)
    except StripeUnavailable:
        if expires_at is None or expires_at > clock.now():
            return State.OPEN  # the form asks Stripe itself, and may have more luck
        raise
    if status == "complete":
        return State.PAID
    return State.OPEN if status == "open" else State.EXPIRED


def seconds_left(row: Checkout) -> int:
    """Until the form ends by itself; none where it has no end that we know of."""
    return max(0, int((row.expires_at - clock.now()).total_seconds())) if row.expires_at else 0
