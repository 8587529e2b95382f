"""`/checkout/gift`: whom a gift is for. What is typed goes to the forms that begin a checkout."""

from flask import request
from flask.typing import ResponseReturnValue

from storefront.orders.browsers import get_order_here
from storefront.payments.checkout.gift_page import read_words_of, show_gift_page
from storefront.payments.checkout.views import checkout
from storefront.shop.cart.views import parse_number
from storefront.web.limits import limiter


@checkout.get("/checkout/gift")
@limiter.limit("60/minute")
def gift() -> ResponseReturnValue:
    """Ask whom it is for: the cart, or the one thing whose price is named; with the words of the order `again`."""
    asked, again = request.args.get("price_id", ""), request.args.get("again", "")
    typed = read_words_of(get_order_here(again)) if again else {}
    return show_gift_page(parse_number(asked) if asked else None, typed)
