"""A code for a first purchase with "Buy now": the cart asks for the address."""

from dataclasses import replace

from flask import redirect, session, url_for
from flask.typing import ResponseReturnValue

from storefront.core.texts import marked
from storefront.shop.cart.cart import CartLine, CartRefused, load_cart, remove, save_cart
from storefront.shop.cart.priced import add_offer, as_held
from storefront.shop.cart.referrer import keep_referrer
from storefront.web.flashes import flash


def ask_in_cart(line: CartLine, code: str) -> ResponseReturnValue:
    """The address that a first purchase is checked for is typed in the cart. A second click adds nothing."""
    try:
        lines = load_cart(session)
        (wanted,) = as_held(lines, (line,))
        held = next((one for one in lines if one.price_id == wanted.price_id), None)
        if held is None or held.price_id != line.price_id:  # at the price and in the currency that was chosen
            new = line if held is None else replace(held, price_id=line.price_id)
            save_cart(session, add_offer(remove(lines, wanted.price_id), new))
            session.permanent = True  # as every cart
            keep_referrer()
        flash(marked("%(code)s is for a first purchase. Write your email to use it.", code=code), "good")
    except CartRefused as refused:
        flash(refused.message, "bad")
    return redirect(url_for("cart.cart"), 303)
