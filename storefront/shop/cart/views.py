"""The cart's pages: every change is a POST that leads back to the cart, with or without JavaScript."""

import re
from collections.abc import Callable

from flask import Blueprint, has_request_context, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from storefront.core.languages import Language
from storefront.core.texts import joined, marked
from storefront.shop.cart.cart import CartLine, CartRefused, count, load_cart, new_nonce, remove, save_cart
from storefront.shop.cart.most import find_cart_too_much
from storefront.shop.cart.priced import PricedCart, add_offer, as_lines, price_cart, set_quantities
from storefront.shop.cart.referrer import keep_referrer
from storefront.shop.catalog.parts import IncludedPart, list_included
from storefront.shop.discounts.visit import Applied, CodeRefused, apply_to, forget_code, read_offered, take_code
from storefront.shop.media.queries import find_pictures
from storefront.web.first_forms import takes_first_form
from storefront.web.flashes import flash

cart = Blueprint("cart", __name__, url_prefix="/cart")

QUANTITY_PREFIX = "quantity-"
# Of the shop, and nobody else's.
PAGE = re.compile(rf"(?:/(?:{'|'.join(Language)}))?/(?:products/[a-z0-9-]{{1,200}})?")
AT_CHECKOUT = marked("Some codes can only be typed at checkout.")
Lines = tuple[CartLine, ...]


@cart.app_context_processor
def count_cart() -> dict[str, int]:
    """Count the cart for the header of every page: from the cookie alone, so that error pages need no database.

    The worker renders mails without a request, and without a cart.
    """
    return {"cart_count": count(load_cart(session)) if has_request_context() else 0}


@cart.get("", endpoint="cart")
def show_cart() -> ResponseReturnValue:
    priced = price_cart(load_cart(session))
    if priced.notices:
        save_cart(session, priced.cart_lines)
    applied = apply_code(priced)
    return render_template(
        "shop/cart/cart.html",
        cart=priced,
        applied=applied,
        too_much=find_cart_too_much(priced.total_minor - applied.off_minor, priced.currency),
        included=_find_included(priced),
        pictures=find_pictures(line.product_id for line in priced.lines),
        nonce=new_nonce(session) if priced.lines else "",
    )


def apply_code(priced: PricedCart) -> Applied:
    """Return what the code of the visit does to this cart."""
    return apply_to(read_offered(), as_lines(priced.lines), priced.currency)


@cart.post("/code", endpoint="code")
def change_code() -> ResponseReturnValue:
    """Use a code that was typed, or none any more. It leads to the cart, or back to the page that was named."""
    typed = request.form.get("code", "").strip()
    page = request.form.get("page", "")
    back = page if PAGE.fullmatch(page) else url_for("cart.cart")
    try:
        _use_code(typed)
    except CodeRefused as refused:
        flash(joined(refused.message, AT_CHECKOUT) if refused.is_for_all else refused.message, "bad")
    return redirect(back, code=303)


def _use_code(typed: str) -> None:
    """Raises CodeRefused."""
    if typed:
        flash(marked("%(code)s is on.", code=take_code(typed).code), "good")
        return
    forget_code()
    flash(marked("The code is off."), "good")


def _find_included(priced: PricedCart) -> dict[int, tuple[IncludedPart, ...]]:
    """Return by edition what the bundles in the cart include. One statement, and none for a cart without any."""
    bundles = [line.edition_id for line in priced.lines if line.is_bundle]
    return list_included(bundles, currency=priced.currency) if bundles else {}


@cart.post("/add", endpoint="add")
@takes_first_form
def add_to_cart() -> ResponseReturnValue:
    if request.form.get("next") == "checkout":
        return redirect("/checkout/now", code=307)  # "Buy now" of a page from before it had an address of its own
    new = CartLine(
        price_id=_whole_number(request.form, "price_id"),
        quantity=_whole_number(request.form, "quantity", default=1),
    )
    answer = _change(lambda lines: add_offer(lines, new), marked("Added to your cart."))
    keep_referrer()
    return answer


@cart.post("/update", endpoint="update")
def update_cart() -> ResponseReturnValue:
    """Without JavaScript Enter in the address of a first purchase presses this, too: it means "Check out"."""
    lines = load_cart(session)
    if request.form.get("first_email", "").strip() and _is_as_sent(lines):
        return redirect(url_for("checkout.begin"), code=307)
    return _change(set_sent_quantities, marked("Your cart is up to date."))


def _is_as_sent(lines: Lines) -> bool:
    sent = {line.price_id: request.form.get(f"{QUANTITY_PREFIX}{line.price_id}") for line in lines}
    return all(sent[line.price_id] in (None, str(line.quantity)) for line in lines)


def set_sent_quantities(lines: Lines) -> Lines:
    """Return the lines with the quantities that the form has. Raises CartRefused; then none of them changes."""
    wanted = {
        parse_number(name.removeprefix(QUANTITY_PREFIX)): _whole_number(request.form, name)
        for name in request.form
        if name.startswith(QUANTITY_PREFIX)
    }
    return set_quantities(lines, wanted) if wanted else lines


@cart.post("/remove", endpoint="remove")
def remove_from_cart() -> ResponseReturnValue:
    price_id = _whole_number(request.form, "price_id")
    return _change(lambda lines: remove(lines, price_id), marked("Removed from your cart."))


def _change(change: Callable[[Lines], Lines], done: str) -> ResponseReturnValue:
    """Change the cart. A refusal is a notice on its page, and the cart is as it was."""
    try:
        save_cart(session, change(load_cart(session)))
        session.permanent = True  # the cart survives closing the browser
        flash(done, "good")
    except CartRefused as refused:
        flash(refused.message, "bad")
    return redirect(url_for("cart.cart"), code=303)


def _whole_number(form: MultiDict[str, str], name: str, default: int = -1) -> int:
    raw = form.get(name, "").strip()
    return parse_number(raw) if raw else default


def parse_number(raw: str) -> int:
    """-1 is what no rule accepts, so a value that is no number is refused where the sentence for it is."""
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) <= 9 else -1
