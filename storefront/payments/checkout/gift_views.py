"""`/checkout/gift`: whom a gift is for. What is typed goes to the forms that begin a checkout."""

from flask import request
from flask.typing import ResponseReturnValue

from storefront.payments.checkout.gift_page import show_gift_page
from storefront.payments.checkout.views import checkout
from storefront.shop.cart.views import parse_number
from storefront.web.limits import limiter


@checkout.get("/checkout/gift")
@limiter.limit("60/minute")
def gift() -> ResponseReturnValue:
    """Ask whom it is for: the cart, or the one thing whose price is named."""
    asked = request.args.get("price_id", "")
    return show_gift_page(parse_number(asked) if asked else None)
