"""The cart as its buyer has seen it, with what was typed on its page just before "Check out"."""

from flask import session

from storefront.shop.cart.cart import CartRefused, load_cart, save_cart
from storefront.shop.cart.priced import PricedCart, price_cart
from storefront.shop.cart.views import set_sent_quantities
from storefront.web.flashes import flash


def take_cart() -> PricedCart | None:
    """Return the cart to pay, in the quantities that the form has; None where its page should be seen first.

    That page says what was refused, or what changed: nobody pays what they have not seen.
    """
    try:
        save_cart(session, set_sent_quantities(load_cart(session)))
    except CartRefused as refused:
        flash(refused.message, "bad")
        return None
    priced = price_cart(load_cart(session))
    return priced if priced.lines and not priced.notices else None
