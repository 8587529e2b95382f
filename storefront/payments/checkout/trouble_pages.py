"""What a buyer sees when Stripe does not answer or refuses: the way to try again, or that the payment is safe."""

from flask import make_response, render_template
from flask.typing import ResponseReturnValue

from storefront.core.errors import StripeRefused, StripeUnavailable
from storefront.core.texts import marked
from storefront.payments.checkout.return_page import LookedTooOften
from storefront.web.outage_pages import payment_is_safe


def show_trouble(
    error: StripeUnavailable | StripeRefused,
    *,
    nonce: str = "",
    price_id: int | None = None,
    token: str | None = None,
) -> ResponseReturnValue:
    """Show the way to try again: the same form once more, or the page of the checkout with that token."""
    may_retry = isinstance(error, StripeUnavailable)
    # Stripe's own words are for the owner, and in the logs.
    message = error.message if may_retry else marked("This shop cannot take the payment right now.")
    page = render_template(
        "payments/checkout/trouble.html",
        message=message,
        retry=may_retry,
        token=token,
        nonce=nonce,
        price_id=price_id,
    )
    answer = make_response(page, error.status)
    if error.retry_after_seconds:
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
    return answer


def show_being_checked(error: StripeUnavailable | StripeRefused) -> ResponseReturnValue:
    """Also when it is the shop's key that Stripe refuses: the buyer may have paid, and can do nothing about it."""
    trouble = error if isinstance(error, StripeUnavailable) else StripeUnavailable()
    is_looked_often = isinstance(error, LookedTooOften)
    message = error.message if is_looked_often else marked("Stripe is slow to answer right now.")
    return payment_is_safe(trouble, title=marked("Your payment is being checked"), message=message)
