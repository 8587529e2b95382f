"""What a buyer sees when Stripe does not answer or refuses: the way to try again, or that the payment is safe."""

from flask import make_response, render_template
from flask.typing import ResponseReturnValue

from storefront.core.errors import StripeRefused, StripeUnavailable
from storefront.core.texts import marked
from storefront.payments.checkout.buy_now import way_back
from storefront.payments.checkout.checkout_form import CheckoutForm, is_gift, price_id_of
from storefront.payments.checkout.models import Checkout
from storefront.payments.checkout.return_page import LookedTooOften
from storefront.web.outage_pages import payment_is_safe


def show_trouble(
    error: StripeUnavailable | StripeRefused,
    begun: CheckoutForm | Checkout,
    *,
    nonce: str = "",
    token: str | None = None,
) -> ResponseReturnValue:
    """Show the way to try again: the same form once more, or the page of the checkout with that token.

    Beside it is the way back to where this began: what lies in the cart may have nothing to do with it.
    """
    may_retry = isinstance(error, StripeUnavailable)
    # Stripe's own words are for the owner, and in the logs.
    message = error.message if may_retry else marked("This shop cannot take the payment right now.")
    page = render_template(
        "payments/checkout/trouble.html",
        message=message,
        retry=may_retry,
        token=token,
        nonce=nonce,
        price_id=price_id_of(begun),
        back_url=way_back(begun.cart, is_from_cart=begun.is_from_cart, is_gift=is_gift(begun)),
        began_at=_began_at(begun),
    )
    answer = make_response(page, error.status)
    if error.retry_after_seconds:
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
    return answer


def _began_at(begun: CheckoutForm | Checkout) -> str:
    if is_gift(begun):
        return "gift"
    if begun.upgrades_grant_id is not None:
        return "order"
    return "cart" if begun.is_from_cart else "product"


def show_being_checked(error: StripeUnavailable | StripeRefused) -> ResponseReturnValue:
    """Also when it is the shop's key that Stripe refuses: the buyer may have paid, and can do nothing about it."""
    trouble = error if isinstance(error, StripeUnavailable) else StripeUnavailable()
    is_looked_often = isinstance(error, LookedTooOften)
    message = error.message if is_looked_often else marked("Stripe is slow to answer right now.")
    return payment_is_safe(trouble, title=marked("Your payment is being checked"), message=message)
