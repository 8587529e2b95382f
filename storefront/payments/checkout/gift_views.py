"""`/checkout/gift`: whom a gift is for. What is typed goes to the forms that begin a checkout."""

from flask import request
from flask.typing import ResponseReturnValue

from storefront.orders.browsers import get_order_here
from storefront.payments.checkout.begun_here import read_begun
from storefront.payments.checkout.browser import browser_id
from storefront.payments.checkout.gift_page import read_words_begun, read_words_of, show_gift_page
from storefront.payments.checkout.models import Checkout
from storefront.payments.checkout.rows import find_checkouts, find_order
from storefront.payments.checkout.views import checkout
from storefront.shop.cart.views import parse_number
from storefront.shop.catalog.offers import are_of_one_edition
from storefront.web.limits import limiter


@checkout.get("/checkout/gift")
@limiter.limit("60/minute")
def gift() -> ResponseReturnValue:
    """Ask whom it is for: the cart, or the one thing whose price is named.

    With the words of the order `again`, or of the gift that this browser has begun to buy.
    """
    asked, again = request.args.get("price_id", ""), request.args.get("again", "")
    price_id = parse_number(asked) if asked else None
    typed = read_words_of(get_order_here(again)) if again else _read_begun(price_id)
    return show_gift_page(price_id, typed)


def _read_begun(price_id: int | None) -> dict[str, str]:
    begun = find_checkouts(read_begun(is_from_cart=price_id is None), browser=browser_id())
    open_here = (one for one in begun if _is_of(one, price_id) and _may_be_paid(one))
    return read_words_begun(next(open_here, None))


def _is_of(begun: Checkout, price_id: int | None) -> bool:
    """Tell whether the form that this page begins takes the place of that one: the price may be another by now."""
    if price_id is None:
        return True
    return begun.gift_id is not None and are_of_one_edition((price_id, begun.cart[0].price_id))


def _may_be_paid(begun: Checkout) -> bool:
    """The words of what was paid are not for the next gift, also where nobody saw the page after paying."""
    order = find_order(begun)
    return order is None or order.has_failed
