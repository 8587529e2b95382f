"""The library: everything of one address and nothing of another, searched, by pages, with what still works."""

import html
import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from storefront.core.db import db, transaction
from storefront.core.tokens import new_seed
from storefront.orders.models import Order
from storefront.payments.fulfillment.fulfill import fulfill_checkout
from tests.delivery.downloads.clicks import BOOK, add_release
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, keys_on
from tests.support.sign_in import signed_in
from tests.support.statements import counted


def buy(app: Flask, sandbox: SandboxClient, *goods: tuple[str, str], email: str = ADA) -> Sale:
    return sell(app, sandbox, *goods, email=email)


def test_asks_strangers_to_sign_in(buyer: Buyer) -> None:
    answer = buyer.get("/library")
    assert (answer.status_code, answer.location) == (303, "/sign-in")


@pytest.mark.happy_path
def test_shows_all_of_one_address_and_nothing_of_others(app: Flask, sandbox: SandboxClient) -> None:
    first = buy(app, sandbox)
    second = buy(app, sandbox, ("twinspot", "Team"), ("the-patient-toolmaker", "E-book"), email="ADA@example.com")
    other = buy(app, sandbox, email="eve@example.com")
    page = signed_in(app).get("/library").text
    assert set(keys_on(page)) == {*first.keys, *second.keys}
    assert other.keys[0] not in page
    assert "the-patient-toolmaker.epub" in page
    assert page.index(second.keys[0]) < page.index(first.keys[0])


def test_shows_a_refunded_order_in_plain_words_without_its_key(app: Flask, sandbox: SandboxClient) -> None:
    sale = buy(app, sandbox)
    buyer = signed_in(app)
    sale.refund()
    sale.deliver("charge.refunded", "refund.")
    assert "One thing that no longer works" in buyer.get("/library").text
    page = buyer.get("/library/orders").text
    assert "refunded" in page
    for path in ("/library", "/library/orders"):
        assert keys_on(buyer.get(path).text) == []


def test_finds_products_and_order_numbers(app: Flask, sandbox: SandboxClient) -> None:
    tool = buy(app, sandbox)
    buy(app, sandbox, ("the-patient-toolmaker", "E-book"))
    buyer = signed_in(app)
    assert keys_on(buyer.get("/library?q=twinSPOT personal").text) == tool.keys
    book = buyer.get("/library?q=toolmaker").text
    assert keys_on(book) == []
    assert "the-patient-toolmaker.epub" in book
    assert buyer.get("/library?q=%00").status_code == 400
    for nothing in ("nothing", "%25", "_"):
        assert "No results for" in buyer.get(f"/library?q={nothing}").text


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_finds_products_in_the_letters_of_every_language(app: Flask, sandbox: SandboxClient) -> None:
    change_rows(app, "UPDATE products SET name = 'Übungsbuch' WHERE slug = 'twinspot'")
    buy(app, sandbox)
    buyer = signed_in(app)
    for typed in ("Übungsbuch", "übung", "ÜBUNG"):
        for page in ("/library", "/library/orders"):
            assert "Übungsbuch" in buyer.get(page, query_string={"q": typed}).text, (page, typed)


def test_has_a_second_page_and_costs_the_same_for_one_order_and_twenty(app: Flask, sandbox: SandboxClient) -> None:
    buy(app, sandbox)
    buyer = signed_in(app)
    with counted(app) as one:
        buyer.get("/library/orders")
    with counted(app) as one_of_products:
        buyer.get("/library")
    price = read_rows(app, "SELECT stripe_price_id FROM stripe_mirrors")[0]["stripe_price_id"]
    for _ in range(21):
        session_id = sandbox.create_session([{"price": price, "quantity": 1}])
        sandbox.pay(session_id, email=ADA)
        with app.app_context():
            fulfill_checkout(session_id)
            db.session.remove()
    with counted(app) as many:
        page = buyer.get("/library/orders").text
    with counted(app) as many_of_products:
        assert len(keys_on(buyer.get("/library").text)) == 22
    assert len(one_of_products) == len(many_of_products) <= 9
    assert len(one) == len(many) <= 7  # one of them reads what the shop is called
    assert len(keys_on(page)) == 20
    assert "Page 1 of 2" in page
    with app.app_context(), transaction() as changes:  # as after an upgrade, or another SECRET_KEY
        changes.execute(update(Order).values(token_seed=new_seed()))
    buyer.get("/library/orders")
    with counted(app) as anew:
        assert buyer.get("/library/orders").text != page
    assert len(anew) == len(many) + 1
    assert len(keys_on(buyer.get("/library/orders?page=2").text)) == 2
    for odd in ("99", "0", "-1", "x", "99999999999"):
        for path in ("/library", "/library/orders"):
            assert buyer.get(f"{path}?page={odd}").status_code == 200


@pytest.mark.parametrize("name", ["#1 Hits.epub", "50% off.epub", "50%25.epub"])
@pytest.mark.parametrize("language", ["", "/de"])
def test_leads_to_files_of_any_name(
    app: Flask, sandbox: SandboxClient, tmp_path: Path, name: str, language: str
) -> None:
    buy(app, sandbox, BOOK)
    add_release(app, tmp_path, "9.0", name)
    buyer = signed_in(app)
    for page in ("/library", "/library/orders"):
        links = re.findall(r'href="([^"]*/downloads/[^"]+)"', buyer.get(language + page).text)
        assert links
        for link in links:
            assert "#" not in link
            with buyer.get(html.unescape(link)) as answer:
                assert (answer.status_code, answer.data) == (200, b"content of 9.0")


def test_is_not_kept_by_any_cache(app: Flask, sandbox: SandboxClient) -> None:
    buy(app, sandbox)
    answer = signed_in(app).get("/library")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"
