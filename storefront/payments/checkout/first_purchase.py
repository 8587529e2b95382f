"""A code for a first purchase with "Buy now": the cart asks for the address."""

from flask import redirect, session, url_for
from flask.typing import ResponseReturnValue

from storefront.core.texts import marked
from storefront.shop.cart.cart import CartLine, CartRefused, load_cart, save_cart
from storefront.shop.cart.priced import add_offer, as_held
from storefront.shop.cart.referrer import keep_referrer
from storefront.web.flashes import flash


def ask_in_cart(line: CartLine, code: str) -> ResponseReturnValue:
    """The address that a first purchase is checked for is typed in the cart. A second click adds nothing."""
    try:
        lines = load_cart(session)
        (wanted,) = as_held(lines, (line,))
        if all(held.price_id != wanted.price_id for held in lines):
            save_cart(session, add_offer(lines, line))
            session.permanent = True  # as every cart
            keep_referrer()
        flash(marked("%(code)s is for a first purchase. Write your email to use it.", code=code), "good")
    except CartRefused as refused:
        flash(refused.message, "bad")
    return redirect(url_for("cart.cart"), 303)
