"""`/checkout/again/<token>`: what an order held is bought once more."""

from flask import redirect, session, url_for
from flask.typing import ResponseReturnValue

from storefront.buyers.library.read_purchase import read_purchase
from storefront.core.texts import marked
from storefront.orders.browsers import get_order_here
from storefront.payments.checkout.again import bought_lines, find_again_page
from storefront.payments.checkout.views import checkout
from storefront.shop.cart.cart import load_cart, put_back, save_cart
from storefront.web.flashes import flash


@checkout.get("/checkout/again/<token>")
def again(token: str) -> ResponseReturnValue:
    order = get_order_here(token)
    page = find_again_page(order.checkout_session_id)
    if page is not None:
        flash(marked("Your cart is as you left it. Start again when you're ready."), "good")
        return redirect(page)
    lines = bought_lines(read_purchase(order))
    save_cart(session, put_back(load_cart(session), lines))
    flash(marked("Your cart is back. Check out again when you're ready."), "good")
    return redirect(url_for("cart.cart"))
