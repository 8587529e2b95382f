"""What the page after paying may say: look again at the Session, and decide who sees the keys."""

import time
from dataclasses import dataclass, replace
from datetime import timedelta

from werkzeug.exceptions import TooManyRequests

from storefront.buyers.library.purchase import Purchase
from storefront.buyers.library.read_purchase import read_purchase
from storefront.core import clock
from storefront.core.errors import NotFound, StripeUnavailable
from storefront.core.runtime import Part, settings
from storefront.core.texts import marked
from storefront.customers.browser_session import find_signed_in
from storefront.customers.models import email_key
from storefront.orders.browsers import trust_browser
from storefront.orders.gift_links import Opened
from storefront.orders.models import Order
from storefront.orders.queries import read_order
from storefront.orders.unproven import claim_order, has_grants
from storefront.payments.checkout.buy_now import way_back
from storefront.payments.checkout.rows import StartedCheckout, find_started
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from storefront.payments.fulfillment.outcome import Outcome
from storefront.web.limits import limiter, seconds_to_wait

SAME_BROWSER_DAYS = 30
OTHER_BROWSER_MINUTES = 30
UNKNOWN_SECONDS = 60
UNKNOWN_LIMIT = "10/minute"
STARTED_LIMIT = "30/minute"
MAX_REMEMBERED = 1000
LOOKED_OFTEN = marked("We've just checked several times, and we'll check again in a minute.")
NOT_KNOWN = marked("This shop doesn't know that payment.")


class LookedTooOften(StripeUnavailable):
    """Stripe was not asked: this client has looked as often as it may. Its buyer may have paid all the same."""

    code = "too_many_requests"
    status = 429

    def __init__(self, *, seconds: int) -> None:
        super().__init__(LOOKED_OFTEN)
        self.retry_after_seconds = seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """`purchase` is None while there is no order; `shows_keys` is for this browser, now.

    `is_by_mail`: nothing was paid, so the page is the same for every address and the mail holds the rest.
    `checkout` is None unless this browser started it. `began` is where it began, if that was in this browser: the
    same, or what an unfinished copy of an expired Session is a copy of.
    """

    outcome: Outcome
    purchase: Purchase | None
    shows_keys: bool
    is_by_mail: bool
    checkout: StartedCheckout | None
    began: StartedCheckout | None

    @property
    def way_back(self) -> str | None:
        if self.began is None:
            return None  # a Payment Link's, or another browser's: the cart that is here has nothing of it
        return way_back(self.began.cart, is_from_cart=self.began.is_from_cart, is_gift=self.began.is_gift)


def land(session_id: str, *, browser: str, is_framed: bool = False) -> Landing:
    """Converge the Session and say what this browser may see. In a frame nobody is signed in, or trusted later.

    Raises:
        NotFound: not a Session of this shop.
        StripeUnavailable: being checked; nothing is known yet. LookedTooOften is one.
    """
    _refuse_known_strangers(session_id)
    started = find_started(session_id)
    fulfillment = fulfill_checkout(
        session_id, Look.SPARINGLY, before_first_look=lambda: _limit_first_looks(is_started=started is not None)
    )
    if fulfillment.outcome is Outcome.NOT_OURS:
        raise _remember_stranger(session_id)
    checkout = _own(started, browser)
    if fulfillment.order_id is None:
        began = checkout or _find_recovered(fulfillment.recovered_from, browser)
        return _land_without_order(fulfillment.outcome, checkout, began)
    order = read_order(fulfillment.order_id)
    landing = _land_at_order(order, fulfillment.outcome, checkout, is_framed=is_framed)
    if order.recovered_from is None:
        return landing
    # The cart of who began it here has been bought. Whose keys they are does not follow from that.
    began = _find_recovered(order.recovered_from, browser)
    return replace(landing, checkout=began, began=began)


def _find_recovered(session_id: str | None, browser: str) -> StartedCheckout | None:
    """Find what this browser began and left, and a reminder's link has copied: the copy has no row of ours."""
    return _own(find_started(session_id), browser) if session_id else None


def _own(started: StartedCheckout | None, browser: str) -> StartedCheckout | None:
    return started if started and started.is_started_by(browser) else None


def _land_without_order(
    outcome: Outcome, checkout: StartedCheckout | None, began: StartedCheckout | None
) -> Landing:
    return Landing(
        outcome=outcome,
        purchase=None,
        shows_keys=False,
        is_by_mail=False,
        checkout=checkout,
        began=began,
    )


def _land_at_order(
    order: Order, outcome: Outcome, checkout: StartedCheckout | None, *, is_framed: bool
) -> Landing:
    if order.erased_at is not None:
        raise NotFound(marked("The data of this order was erased, as its buyer wished."))
    wants_code = settings().order_page_code
    may_see_keys = shows_keys(order, checkout, wants_code=wants_code)
    is_by_mail = order.total_minor == 0 and (is_framed or not _claim_for_signed_in(order, checkout))
    if is_by_mail:
        may_see_keys = False
    if may_see_keys and wants_code and not is_framed:
        trust_browser(Opened(order))
    return Landing(
        outcome=outcome,
        purchase=read_purchase(order),
        shows_keys=may_see_keys,
        is_by_mail=is_by_mail,
        checkout=checkout,
        began=checkout,
    )


def _claim_for_signed_in(order: Order, checkout: StartedCheckout | None) -> bool:
    """Join a free order to who is signed in with the very address that was typed. False where nobody is."""
    customer = find_signed_in()
    if checkout is None or customer is None or customer.email_key != email_key(order.email):
        return False
    if order.fulfilled_at is not None and has_grants(order.id):
        claim_order(order.id)
    return True


# Session ids that are not this shop's, and until when each is remembered (`time.monotonic()`).
STRANGERS: Part[dict[str, float]] = Part("unknown sessions", dict)


def _refuse_known_strangers(session_id: str) -> None:
    if STRANGERS.get().get(session_id, 0) > time.monotonic():
        raise NotFound(NOT_KNOWN)


def _remember_stranger(session_id: str) -> NotFound:
    """Remember it for a minute, so that nobody makes us ask Stripe about it again and again."""
    strangers = STRANGERS.get()
    if len(strangers) >= MAX_REMEMBERED:
        strangers.clear()
    strangers[session_id] = time.monotonic() + UNKNOWN_SECONDS
    return NotFound(NOT_KNOWN)


def _limit_first_looks(*, is_started: bool) -> None:
    """Each of these looks asks Stripe: per client, and fewer for ids that no row of ours knows."""
    try:
        with limiter.limit(STARTED_LIMIT if is_started else UNKNOWN_LIMIT):
            pass
    except TooManyRequests as error:
        raise LookedTooOften(seconds=seconds_to_wait()) from error


def shows_keys(order: Order, checkout: StartedCheckout | None, *, wants_code: bool) -> bool:
    """Return True for 30 days to the browser that paid, and for 30 minutes to others: the address may leak.

    No other where the order has a new link, or the owner wants a mailed code (`wants_code`). Who pays by a
    Payment Link, or a reminder's link, has not been here before: for 30 minutes every browser may be theirs. These
    begin with the order, not when a debit's money comes days later, or is found late: nobody lands here then.
    The browser that paid may have begun long before: its checkout is taken up again.
    """
    now = clock.now()
    if checkout is not None:
        return now - max(checkout.created_at, order.placed_at) < timedelta(days=SAME_BROWSER_DAYS)
    if order.token_version > 1 or (wants_code and not order.payment_link_id and not order.recovered_from):
        return False
    if order.paid_at is None:
        return False
    # A Session can be paid for a day: who comes later than that was not sent here by Stripe.
    latest = order.placed_at + timedelta(days=1)
    return now - min(order.paid_at, order.created_at, latest) < timedelta(minutes=OTHER_BROWSER_MINUTES)
