"""`/checkout/again/<token>`: what an order held is bought once more. And ways back from refused forms."""

from flask import redirect, session, url_for
from flask.typing import ResponseReturnValue

from storefront.buyers.library.read_purchase import read_purchase
from storefront.core.texts import marked
from storefront.orders.browsers import get_order_here
from storefront.payments.checkout.again import bought_lines, find_bought_now, find_upgraded_token, is_upgrade
from storefront.payments.checkout.buy_now import product_page
from storefront.payments.checkout.views import checkout
from storefront.shop.cart.cart import load_cart, put_back, save_cart
from storefront.shop.cart.priced import as_held
from storefront.web.flashes import flash


@checkout.get("/checkout/again/<token>")
def again(token: str) -> ResponseReturnValue:
    """Lead to where it can be paid once more; a gift to the page that has its words, filled in.

    An upgrade leads to the order that it is for: of who only paid it, this link is no way in there.
    """
    order = get_order_here(token)
    if is_upgrade(order.checkout_session_id):
        upgraded = find_upgraded_token(order)
        return redirect(url_for("library.order", token=upgraded) if upgraded else "/library")
    price_id = find_bought_now(order.checkout_session_id)
    if price_id is not None:
        flash(marked("Start again when you're ready."), "good")
    else:
        lines = bought_lines(read_purchase(order))
        held = load_cart(session)
        save_cart(session, put_back(held, as_held(held, lines)))
        flash(marked("Your cart is back. Check out again when you're ready."), "good")
    if order.is_gift:
        return redirect(url_for("checkout.gift", again=token, price_id=price_id))
    return redirect(url_for("cart.cart") if price_id is None else product_page(price_id))


@checkout.get("/checkout")
def begin_again() -> ResponseReturnValue:
    """Lead back from the address of a cart that could not be paid, or of a gift that was refused."""
    return redirect(url_for("cart.cart"), 303)


@checkout.get("/checkout/<token>/hosted")
def hosted_again(token: str) -> ResponseReturnValue:
    return redirect(url_for("checkout.form", token=token), 303)


@checkout.get("/checkout/now")
def buy_again() -> ResponseReturnValue:
    """Lead back from the address of one thing, or of a gift, that was refused: which, its form alone knew."""
    return redirect(url_for("catalog.catalog"), 303)
