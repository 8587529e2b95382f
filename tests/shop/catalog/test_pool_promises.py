"""What pages promise of imported keys: an email, in stock or not, since a pool that is empty sells on."""

import html
import re

import pytest
from flask import Flask
from sqlalchemy import update

from storefront.core.config.checkout_ui import CheckoutUi
from storefront.core.db import transaction
from storefront.shop.catalog.models import Product
from tests.delivery.licenses.pools import bring, make_pool, numbered
from tests.support.bundles import KIT, add_bundle
from tests.support.shop import Buyer

AT_ONCE = "License key delivered instantly, also by email"
LATER = "License key delivered by email"
PAID, BY_EMAIL = "Delivered as soon as you've paid, also by email", "License keys delivered by email"


ONE, BOOK = ("twinspot", "Personal"), ("the-patient-toolmaker", "E-book")
PROMISE = re.compile(r"(?:License keys?|Delivered)[^<]* (?:by email|paid)[^<\n]*")


@pytest.mark.parametrize("stock", [0, 2])
def test_promises_an_imported_key_by_email_on_its_page(stock: int, app: Flask, buyer: Buyer) -> None:
    assert AT_ONCE in buyer.get("/products/twinspot").text
    make_pool(app)
    if stock:
        bring(app, numbered(stock))
    page = buyer.get("/products/twinspot").text
    assert LATER in page
    assert "instantly" not in page


def test_promises_of_a_bundle_what_its_parts_keep(app: Flask, buyer: Buyer) -> None:
    add_bundle(app)
    make_pool(app)
    page = buyer.get(f"/products/{KIT[0]}").text
    assert LATER in page
    assert "instantly" not in page


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize("goods", [ONE, KIT])
@pytest.mark.parametrize("is_pool", [False, True])
def test_promises_an_imported_key_by_email_at_the_form(goods: tuple[str, str], is_pool: bool, app: Flask) -> None:
    add_bundle(app)
    if is_pool:
        make_pool(app)
    for ui in (CheckoutUi.EMBEDDED, CheckoutUi.ELEMENTS):
        with app.app_context(), transaction() as changes:
            changes.execute(update(Product).values(checkout_ui=ui))
        buyer = Buyer(app)
        buyer.add(*goods)
        form = buyer.get(buyer.post("/checkout", nonce=buyer.nonce()).location)
        said = [html.unescape(form.text).count(words) for words in (PAID, LATER if goods == ONE else BY_EMAIL)]
        assert said == ([0, 1] if is_pool else [1, 0])


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize(
    ("cart", "words"),
    [
        ([(*ONE, 2)], BY_EMAIL),
        ([(*ONE, 1), (*BOOK, 1)], "License key for Twinspot by email, the rest as soon as you've paid"),
        ([(*BOOK, 2), (*ONE, 3)], "License keys for Twinspot by email, the rest as soon as you've paid"),
        ([(*ONE, 1), ("twinspot", "Team", 1)], BY_EMAIL),
        ([(*BOOK, 1)], PAID),
    ],
)
def test_promises_at_the_form_what_comes_at_once_and_counts_keys(
    cart: list[tuple[str, str, int]], words: str, app: Flask, buyer: Buyer
) -> None:
    make_pool(app)
    for slug, edition, quantity in cart:
        buyer.add(slug, edition, quantity)
    form = html.unescape(buyer.get(buyer.post("/checkout", nonce=buyer.nonce()).location).text)
    assert [said for said in PROMISE.findall(form) if said.strip()] == [words]
