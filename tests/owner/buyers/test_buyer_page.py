"""The page of one buyer: what belongs to an address, and what the person may ask for."""

import json
import re
from html import unescape

import pytest
from flask import Flask

from storefront.owner.orders import listing
from storefront.owner.people.models import Role
from tests.support.databases import BOTH
from tests.support.many_orders import copy_order
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import read_rows
from tests.support.sale import Sale, number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
HOME = "/admin/buyers"


@pytest.fixture
def sale(app: Flask, sandbox: SandboxClient) -> Sale:
    return sell(app, sandbox, email=ADA)


@pytest.fixture
def owner(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app))


@both
def test_shows_moves_and_erases_everything_of_an_address(sale: Sale, owner: Buyer) -> None:
    page = owner.get(f"{HOME}?email={ADA.upper()}").text
    assert f'href="/admin/orders/{number_of(sale)}"' in page
    assert "1, on 0 devices" in page
    assert sale.keys[0] not in page
    data = owner.post(f"{HOME}/export", email=ADA)
    assert json.loads(data.text)["orders"][0]["number"] == number_of(sale)
    new = "ada@new.example"
    assert owner.post(f"{HOME}/move", email=ADA, to=new).status_code == 303
    assert f"Nobody bought with {ADA}" in owner.post(f"{HOME}/move", email=ADA, to=new).text
    assert number_of(sale) in owner.get(f"{HOME}?email={new}").text
    refused = owner.post(f"{HOME}/erase", email=new, sure="")
    assert (refused.status_code, "Nothing was erased." in refused.text) == (400, True)
    assert owner.post(f"{HOME}/erase", email=new, sure=new.upper()).status_code == 303
    assert read_rows(sale.app, "SELECT email FROM orders") == [{"email": ""}]
    assert owner.post(f"{HOME}/erase", email=new, sure=new).status_code == 404
    verbs = [row["verb"] for row in read_rows(sale.app, "SELECT verb FROM audit_entries ORDER BY id")]
    assert verbs[-3:] == ["customer.exported", "customer.moved", "customer.erased"]


def test_leads_from_the_newest_orders_of_a_buyer_to_the_others(
    app: Flask, sale: Sale, owner: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = copy_order(app, 49)
    assert "All their orders" not in owner.get(f"{HOME}?email={ADA}").text
    (oldest,) = copy_order(app, 50)[-1:]
    monkeypatch.setattr(listing, "FEW", 10)
    monkeypatch.setattr(listing, "MOST_READ", 10)
    page = owner.get(f"{HOME}?email={ADA}").text
    assert "The newest 50 are shown." in page
    assert page.count('<li><a href="/admin/orders/') == 50
    (link,) = re.findall(r'href="([^"]+)">All their orders</a>', page)
    first = owner.get(link).text
    (older,) = re.findall(r'href="([^"]+)">Older</a>', first)
    assert copies[0] in first
    assert oldest in owner.get(unescape(older)).text


@pytest.mark.parametrize("around", ["Ada <{}>", "mailto:{}?subject=Hi", "{},"])
def test_shows_a_buyer_whose_address_was_pasted_with_signs_around_it(
    sale: Sale, owner: Buyer, around: str
) -> None:
    assert number_of(sale) in owner.get(HOME, query_string={"email": around.format(ADA)}).text


def test_finds_buyers_by_their_names(app: Flask, sandbox: SandboxClient, owner: Buyer) -> None:
    for email, name in ((ADA, "Ada Reader"), ("bea@example.com", "Bea Reader"), (ADA, "A. <b>Reader")):
        sell(app, sandbox, email=email, name=name)
    page = owner.get(f"{HOME}?email=reader").text
    assert page.count(f"email={ADA}") == 1, "one buyer, with the newest name"
    assert "A. &lt;b&gt;Reader" in page
    assert "bea@example.com" in page
    assert owner.get(f"{HOME}?email=bea+reader").location == f"{HOME}?email=bea@example.com"
    assert "Nobody with this name" in owner.get(f"{HOME}?email=Nobody").text
    assert owner.get(f"{HOME}?email=reader&older_than=NONE").status_code == 404


def test_says_that_an_address_is_not_known_or_none(sale: Sale, owner: Buyer) -> None:
    assert owner.get(HOME).status_code == 200
    unknown = owner.get(f"{HOME}?email=eve@example.com")
    assert (unknown.status_code, "Nobody bought with eve@example.com" in unknown.text) == (404, True)
    wrong = owner.post(f"{HOME}/move", email=ADA, to="ada@")
    assert (wrong.status_code, 'value="ada@"' in wrong.text) == (400, True)
    assert number_of(sale) in wrong.text


def test_shows_a_helper_the_buyer_and_no_way_to_change_them(sale: Sale) -> None:
    helper = sign_in_at_admin(sale.app, make_person(sale.app, "ben@example.com", Role.SUPPORT))
    page = helper.get(f"{HOME}?email={ADA}").text
    assert number_of(sale) in page
    assert "Erase" not in page
    for path in ("export", "move", "erase"):
        assert helper.post(f"{HOME}/{path}", email=ADA).status_code == 403


def test_is_led_to_by_an_address_that_begins_with_a_sign(app: Flask, sandbox: SandboxClient, owner: Buyer) -> None:
    """What is pasted loses the signs around it; what is an address with them is another buyer's."""
    sales = [sell(app, sandbox, email=email) for email in ("ada@mail.test", "'ada@mail.test")]
    page = owner.get("/admin/buyers?email=%27ada@mail.test").text
    assert [number_of(sale) in page for sale in sales] == [False, True]
    page = owner.get("/admin/buyers?email=%27ada@mail.test%27").text
    assert [number_of(sale) in page for sale in sales] == [True, False]
