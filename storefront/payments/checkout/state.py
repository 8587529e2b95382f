"""What became of a checkout that is opened again: asked of Stripe, because a dead form looks like a live one."""

from enum import StrEnum

from storefront.core import clock
from storefront.core.errors import StripeUnavailable
from storefront.payments.checkout.models import Checkout
from storefront.payments.checkout.rows import find_order
from storefront.stripe_api.gateway import COMPLETE, gateway


class State(StrEnum):
    OPEN = "open"  # may be paid, or has no Session at Stripe yet
    PAID = "paid"  # or being paid: the return page knows more
    EXPIRED = "expired"


STATES = {"open": State.OPEN} | dict.fromkeys(COMPLETE, State.PAID)  # by Stripe's status of the Session


def read_state(checkout: Checkout) -> State:
    """Paid is asked before expired: who paid at the last moment, and saw no page, must not pay again.

    Raises StripeUnavailable: no answer, and by our clock it may be either.
    """
    if find_order(checkout) is not None:
        return State.PAID
    account = gateway().account_id()  # first: it may give this row another account
    session_id, expires_at = checkout.checkout_session_id, checkout.expires_at
    if checkout.account != account:
        return _end(session_id)
    if session_id is None:
        return State.OPEN
    try:
        status = gateway().find_status(session_id)
    except StripeUnavailable:
        if expires_at is None or expires_at > clock.now():
            return State.OPEN  # the form asks Stripe itself, and may have more luck
        raise
    return STATES.get(status or "", State.EXPIRED)


def _end(session_id: str | None) -> State:
    """Stripe does not know what another account made. If it does, nobody is to pay what is said to be over."""
    if session_id is None or gateway().find_status(session_id) is None:
        return State.EXPIRED
    return State.EXPIRED if gateway().close_checkout(session_id) else State.PAID


def seconds_left(checkout: Checkout) -> int:
    """Return how long the form can be paid; 0 where we do not know."""
    if checkout.expires_at is None:
        return 0
    return max(0, int((checkout.expires_at - clock.now()).total_seconds()))
