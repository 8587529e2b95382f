"""What the page after paying may say: look again at the Session, and decide who sees the keys."""

import time
from dataclasses import dataclass
from datetime import timedelta

from flask import current_app

from storefront.buyers.library.purchase import Purchase
from storefront.buyers.library.read_purchase import read_purchase
from storefront.core import clock
from storefront.core.errors import NotFound
from storefront.core.runtime import settings
from storefront.customers.models import email_key
from storefront.customers.session import find_signed_in
from storefront.orders.browsers import trust_browser
from storefront.orders.lifecycle import find_order
from storefront.orders.models import Order
from storefront.orders.unproven import claim_order, has_grants
from storefront.payments.checkout.buy_now import way_back
from storefront.payments.checkout.models import Checkout
from storefront.payments.checkout.start import find_started_here, is_started
from storefront.payments.fulfillment.fulfill import Look, Outcome, fulfill_checkout
from storefront.web.limits import limiter

SAME_BROWSER_DAYS = 30
OTHER_BROWSER_MINUTES = 30
UNKNOWN_SECONDS = 60
UNKNOWN_LIMIT = "10/minute"
STARTED_LIMIT = "30/minute"
MAX_REMEMBERED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """`purchase` is None while there is no order; `shows_keys` is for this browser, now.

    `is_by_mail`: nothing was paid, so the page is the same for every address and the mail holds the rest.
    """

    outcome: Outcome
    purchase: Purchase | None
    shows_keys: bool
    is_by_mail: bool
    checkout_token: str | None
    cart: list[list[int]]
    is_from_cart: bool
    way_back: str  # to where this purchase began


def land(session_id: str, *, browser: str) -> Landing:
    """Converge the Session and say what this browser may see.

    Raises:
        NotFound: not a Session of this shop.
        StripeUnavailable: being checked; nothing is known yet.
    """
    order = find_order(session_id)
    outcome = _look(session_id, has_order=order is not None)
    if order is None or order.fulfilled_at is None:
        order = find_order(session_id)  # this look, or somebody else's at the same moment, has changed it
    if order is not None and order.erased_at is not None:
        raise NotFound("The data of this order was erased, as its buyer wished.")
    started = find_started_here(session_id, browser=browser)
    is_by_mail = order is not None and order.total_minor == 0 and not _is_proven_here(order, started)
    may_see = order is not None and shows_keys(order, started, wants_code=settings().order_page_code)
    may_see = may_see and not is_by_mail
    if order is not None and may_see and settings().order_page_code:
        trust_browser(order)
    is_from_cart = started is None or started.is_from_cart
    return Landing(
        outcome=outcome,
        purchase=read_purchase(order) if order else None,
        shows_keys=may_see,
        is_by_mail=is_by_mail,
        checkout_token=started.token if started else None,
        cart=started.cart if started else [],
        is_from_cart=is_from_cart,
        way_back=way_back(started.cart if started else [], is_from_cart=is_from_cart),
    )


def _is_proven_here(order: Order, started: Checkout | None) -> bool:
    """By who is signed in with the very address that was typed: then the order is theirs at once."""
    customer = find_signed_in()
    if started is None or customer is None or customer.email_key != email_key(order.email):
        return False
    if order.fulfilled_at is not None and has_grants(order.id):
        claim_order(order.id)
    return True


def _look(session_id: str, *, has_order: bool) -> Outcome:
    """Ids that no row of ours knows are limited per client, and a "no" is remembered for a minute."""
    unknown: dict[str, float] = current_app.extensions.setdefault("unknown_sessions", {})
    if unknown.get(session_id, 0) > time.monotonic():
        raise NotFound("This shop does not know that payment.")
    if has_order:
        outcome = fulfill_checkout(session_id, Look.SPARINGLY)
    else:
        # Each of these looks asks Stripe.
        with limiter.limit(STARTED_LIMIT if is_started(session_id) else UNKNOWN_LIMIT):
            outcome = fulfill_checkout(session_id, Look.SPARINGLY)
    if outcome is Outcome.NOT_OURS:
        if len(unknown) >= MAX_REMEMBERED:
            unknown.clear()
        unknown[session_id] = time.monotonic() + UNKNOWN_SECONDS
        raise NotFound("This shop does not know that payment.")
    return outcome


def shows_keys(order: Order, started: Checkout | None, *, wants_code: bool) -> bool:
    """The browser that paid for 30 days, any other for 30 minutes after the payment: the address may leak.

    No other where the order has a new link, or the owner wants a mailed code (`wants_code`). Who pays by a
    Payment Link has not been here before: for 30 minutes every browser may be theirs.
    """
    now = clock.now()
    if started is not None:
        return now - started.created_at < timedelta(days=SAME_BROWSER_DAYS)
    if order.token_version > 1 or (wants_code and order.payment_link_id is None):
        return False
    return order.paid_at is not None and now - order.paid_at < timedelta(minutes=OTHER_BROWSER_MINUTES)
