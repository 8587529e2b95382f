"""The page of ours with a form to pay: Stripe's whole form in it, or our own around Stripe's fields."""

from typing import Any

from flask import render_template, url_for

from storefront.buyers.library.gift_words import line_to_pay
from storefront.core.runtime import settings
from storefront.customers.browser_session import find_signed_in
from storefront.orders.gifts import find_kept
from storefront.payments.checkout.buy_now import way_back
from storefront.payments.checkout.models import Checkout
from storefront.payments.checkout.start import OpenCheckout
from storefront.payments.checkout.state import seconds_left
from storefront.payments.checkout.ui import ELEMENTS
from storefront.shop.cart.priced import PricedCart, as_lines, price_as_opened
from storefront.shop.discounts.queries import get_terms
from storefront.shop.discounts.rules import discount_on
from storefront.shop.discounts.visit import Applied
from storefront.shop.media.queries import find_pictures
from storefront.stripe_api import own_words


def show_form(opened: OpenCheckout, row: Checkout) -> str:
    priced = price_as_opened(opened.cart)
    parts: dict[str, Any] = {
        "token": opened.token,
        "client_secret": opened.client_secret,
        "publishable_key": settings().stripe_publishable_key,
        "stripe_js_url": settings().stripe_js_url,
        "priced": priced,
        "return_url": url_for("checkout.returned", session_id=opened.session_id),
        "back_url": way_back(row.cart, is_from_cart=row.is_from_cart, is_gift=row.gift_id is not None),
        "is_from_cart": row.is_from_cart,
        "seconds_left": seconds_left(row),
        "gift_line": _gift_line(row),
    }
    if opened.ui_mode != ELEMENTS:
        return render_template("payments/checkout/form.html", **parts)
    pictures = find_pictures(line.product_id for line in priced.lines)
    own = _own_parts(row.body or {}, row) | {"applied": _applied(row, priced)}
    return render_template("payments/checkout/elements.html", pictures=pictures, **parts, **own)


def _gift_line(row: Checkout) -> str:
    kept = find_kept(row.gift_id)
    return line_to_pay(kept[1]) if kept is not None else ""


def _applied(row: Checkout, priced: PricedCart) -> Applied:
    """Return what the Session takes off, for the time before it is read in the browser."""
    if row.discount_id is None:
        return Applied()
    terms = get_terms(row.discount_id)
    off_minor = discount_on(terms, as_lines(priced.lines), priced.currency)
    return Applied(code=terms.code, discount_id=terms.id, off_minor=off_minor)


def _own_parts(body: dict[str, Any], row: Checkout) -> dict[str, Any]:
    """Return what Stripe's form would bring itself; all of it is as this Session was made, not as today."""
    metadata = body.get("metadata") or {}
    customer = find_signed_in()
    prices = [line["price"] for line in body.get("line_items") or []]
    return {
        "email": customer.email if customer else "",
        "is_email_fixed": "customer" in body,
        "words": own_words.link_words(own_words.read_words(metadata) or ""),
        "has_box": own_words.has_box(metadata),
        "has_tax": "automatic_tax" in body,
        "stripe_prices": dict(zip((line.price_id for line in row.cart), prices, strict=False)),
    }
