"""Payment Links: the shop's own, those that somebody made by hand, and who follows them."""

from typing import Any

import requests
from flask import Flask

from storefront.core.db import db
from storefront.payments.checkout.payment_links import create_link
from storefront.shop.catalog import mirrors
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import find_price


def make_link(app: Flask, *names: str, adjustable: bool = False, ref: str = "") -> str:
    with app.app_context():
        url = create_link(names, adjustable=adjustable, ref=ref).url
        db.session.remove()
    return url


def make_link_by_hand(sandbox: SandboxClient, *prices: str, **more: Any) -> str:
    """As in the Dashboard: no mark of ours on it, only the prices."""
    lines = [{"price": price, "quantity": 1} for price in prices]
    body: Any = {"line_items": lines, **more}
    return str(sandbox.stripe.v1.payment_links.create(body).url)


def mirror_of(app: Flask, edition: str, slug: str = "twinspot") -> str:
    price_id = find_price(app, slug, edition)
    with app.app_context():
        mirror = mirrors.ensure_mirrors([price_id])[price_id].stripe_price_id
        db.session.remove()
    return mirror


def foreign_price(sandbox: SandboxClient) -> str:
    product = sandbox.stripe.v1.products.create({"name": "A mug"})
    return str(sandbox.stripe.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 500}).id)


def second_price(sandbox: SandboxClient, price: str, amount_minor: int = 4500, **more: Any) -> str:
    """Another price of the product that has this one, as an owner adds it in the Dashboard."""
    product = sandbox.stripe.v1.prices.retrieve(price).product
    body: Any = {"product": product, "currency": "usd", "unit_amount": amount_minor, **more}
    return str(sandbox.stripe.v1.prices.create(body).id)


def visit(url: str) -> str:
    """The Session of a new visitor."""
    answer = requests.get(url, allow_redirects=False, timeout=60)
    assert answer.status_code == 303
    return answer.headers["Location"].rpartition("/")[2]
