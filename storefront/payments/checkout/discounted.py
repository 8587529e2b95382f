"""The discount of a checkout: brought to Stripe before its Session is made, and let go where Stripe refuses it."""

import logging
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from storefront.core import clock
from storefront.core.email_addresses import is_address
from storefront.core.errors import StorefrontError, StripeRefused
from storefront.core.texts import joined, marked
from storefront.orders.queries import has_bought
from storefront.payments.checkout.rows import get_checkout, start_next_attempt
from storefront.shop.discounts.at_stripe import AtStripe, ensure_at_stripe, look_again
from storefront.shop.discounts.queries import get_terms
from storefront.shop.discounts.rules import Why, find_time_trouble, find_use_trouble
from storefront.shop.discounts.words import why_words

log = logging.getLogger(__name__)

PARAM = "discounts"
CODES = ("amount_too_small", "coupon_", "promotion_code_")
# Stripe takes 30 minutes to 24 hours; a body that is sent again is some minutes old.
SHORTEST, LONGEST = timedelta(minutes=35), timedelta(hours=24)


class DiscountRefused(StorefrontError):
    """The discount cannot be had; the checkout is without it from now on. The message is for the buyer."""

    code = "discount_not_possible"
    status = 409
    title = marked("This code can't be used")

    def __init__(self, message: str = "", *, promotion_id: int | None = None) -> None:
        super().__init__(message)
        self.promotion_id = promotion_id  # of what nobody typed


def find_discount(token: str, discount_id: int | None) -> dict[str, Any]:
    """Return the entries of the Session's body; none for a checkout without a discount.

    Raises:
        DiscountRefused: it has ended, or Stripe does not have it.
        StripeUnavailable: the same call may be repeated.
    """
    if discount_id is None:
        return {}
    terms = get_terms(discount_id)
    why = find_use_trouble(terms, clock.now())
    if why is not None:
        raise _let_go(token, why)
    at_stripe = ensure_at_stripe(terms)
    if at_stripe is None:
        raise _let_go(token, Why.REFUSED)
    return _entries(at_stripe, terms.ends_at)


def for_first_purchase(token: str, body: dict[str, Any], first_email: str) -> dict[str, Any]:
    """Return the body with the address that was checked, which the form does not let go of. It is stored nowhere.

    Raises:
        DiscountRefused: the discount wants an address, and this click has none.
    """
    if not is_first_purchase(token):
        return body
    if not first_email:
        raise _let_go(token, Why.NOT_FIRST)
    return body | {"customer_email": first_email}


def is_first_purchase(token: str) -> bool:
    """Tell whether a checkout has a discount on a first purchase."""
    discount_id = get_checkout(token).discount_id
    return discount_id is not None and get_terms(discount_id).is_first_purchase


def find_first_trouble(code: str, first_email: str) -> str:
    """Say to the buyer why a discount on a first purchase is not for this address; empty where it is."""
    if not is_address(first_email):
        return marked("Write a whole email address, like ada@example.com.")
    if not has_bought(first_email):
        return ""
    return marked("%(code)s is for a first purchase, and this address has bought here before.", code=code)


def _entries(at_stripe: AtStripe, ends_at: datetime | None) -> dict[str, Any]:
    """End the Session with its discount, or as soon as Stripe lets it end: an old price must not live on."""
    code = {"coupon": at_stripe.coupon_id}
    if at_stripe.promotion_code_id is not None:
        code = {"promotion_code": at_stripe.promotion_code_id}
    now = clock.now()
    if ends_at is None or ends_at - now >= LONGEST:
        return {"discounts": [code]}
    return {"discounts": [code], "expires_at": int(max(ends_at, now + SHORTEST).timestamp())}


def is_about_discount(error: StripeRefused) -> bool:
    """Tell a refusal of the discount from others, by Stripe's parameter or code."""
    return (error.param or "").startswith(PARAM) or (error.stripe_code or "").startswith(CODES)


def let_go_refused(token: str, error: StripeRefused) -> DiscountRefused:
    """Go on without the discount that Stripe refused; one that is dead there is made anew for the next buyer."""
    discount_id = get_checkout(token).discount_id
    log.warning("stripe refused a discount", extra={"discount": discount_id, "stripe_code": error.stripe_code})
    if discount_id is not None:
        with suppress(StorefrontError):  # the worker looks again
            look_again(discount_id)
    return _let_go(token, Why.REFUSED)


def _let_go(token: str, why: Why) -> DiscountRefused:
    checkout = get_checkout(token)
    attempt, discount_id = checkout.attempt, checkout.discount_id
    terms = get_terms(discount_id) if discount_id is not None else None
    start_next_attempt(token, attempt, discount_id=None)
    if terms is None:
        return DiscountRefused()
    why = find_time_trouble(terms, clock.now()) or why
    return DiscountRefused(
        joined(
            why_words(why, terms.code, terms=terms),
            marked("Nothing was charged. This is the price without it."),
        ),
        promotion_id=terms.id if terms.is_automatic else None,
    )
