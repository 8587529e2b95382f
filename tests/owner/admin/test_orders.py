"""The list of orders as a page: what is shown, what a search leads to, and what is typed wrongly."""

import pytest
from flask import Flask

from storefront.owner.orders import listing
from storefront.owner.people.models import Role
from tests.support.many_orders import copy_order
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer


@pytest.fixture
def reader(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app, role=Role.READER))


def test_says_what_an_empty_shop_has(reader: Buyer) -> None:
    assert "No orders yet." in reader.get("/admin/orders").text
    assert "No order matches." in reader.get("/admin/orders?state=refunded").text


def test_shows_a_page_and_leads_to_older_ones(reader: Buyer, app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    copies = copy_order(app, listing.PAGE + 2)
    first = reader.get("/admin/orders?country=US").text
    assert f'href="/admin/orders/{copies[0]}"' in first
    assert copies[-1] not in first
    assert ">Newest<" not in first
    older = f"/admin/orders?older_than={copies[listing.PAGE - 2]}&amp;country=US"
    assert f'href="{older}"' in first
    second = reader.get(older.replace("&amp;", "&")).text
    assert copies[-1] in second
    assert ">Older<" not in second
    assert 'href="/admin/orders?country=US"' in second
    assert 'href="/admin/orders"' in reader.get("/admin").text


def test_goes_to_the_one_order_that_was_named(reader: Buyer, app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    number = read_rows(app, "SELECT number FROM orders")[0]["number"]
    for words in (number.lower(), sale.session_id, sale.keys[0]):
        assert reader.get("/admin/orders", query_string={"q": words}).location == f"/admin/orders/{number}"
    page = reader.get("/admin/orders", query_string={"q": "ada"})
    assert page.status_code == 200  # a word may find more another day
    assert number in page.text
    sell(app, sandbox)
    assert reader.get("/admin/orders", query_string={"q": ADA}).status_code == 200


def test_shows_the_last_page_of_a_search_that_has_one_order_on_it(
    reader: Buyer, app: Flask, sandbox: SandboxClient
) -> None:
    sell(app, sandbox, email=ADA)
    copies = copy_order(app, listing.PAGE)
    last = {"q": ADA, "older_than": copies[listing.PAGE - 2]}
    answer = reader.get("/admin/orders", query_string=last)
    assert answer.status_code == 200
    assert copies[-1] in answer.text


def test_says_how_far_it_looked(
    reader: Buyer, app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(app, sandbox)
    copies = copy_order(app, 60)
    change_rows(app, "UPDATE orders SET email = 'zoe@example.com' WHERE number = :number", number=copies[-1])
    monkeypatch.setattr(listing, "MOST_READ", 20)
    page = reader.get("/admin/orders?q=zoe").text
    assert "Nothing found so far." in page
    assert "Looked through the orders back to" in page
    assert ">Look further back<" in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("state=lovely", "There is no such state"),
        ("state=item_refunded", "There is no such state"),
        ("country=DEU", "“DEU” is no country. Type two letters, such as DE or US."),
        ("country=%C3%9F1", "Type two letters"),
        ("since=soon", "Type a day as"),
        ("until=2026-02-30", "Type a day as"),
        ("since=2026-12-02&until=2026-12-01", "2026-12-01 is before 2026-12-02, where the list begins."),
        ("product=lovely", "no product lovely"),
        ("older_than=NEVER123", "no order NEVER123"),
    ],
)
def test_says_what_is_typed_wrongly_and_keeps_it(reader: Buyer, query: str, words: str) -> None:
    answer = reader.get(f"/admin/orders?q=ada&{query}")
    assert answer.status_code == 400
    assert words in answer.text
    assert 'value="ada"' in answer.text
    assert "Nothing was searched." in answer.text


def test_names_no_command_on_a_page(reader: Buyer) -> None:
    answer = reader.get("/admin/orders/NEVER123")
    assert answer.status_code == 404
    assert "There is no order NEVER123" in answer.text
    assert "storefront orders" not in answer.text


def test_takes_odd_words_for_words(reader: Buyer, app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    for words in ("a" * 5000, "%F0%9F%A6%8A", "'%20OR%201=1", "%25", "..%2F", "%E2%80%AE"):
        assert "No order matches." in reader.get(f"/admin/orders?q={words}").text, words
        for name in ("older_than", "product", "state", "country", "since"):
            assert reader.get(f"/admin/orders?{name}={words}").status_code == 400, (name, words)
