"""A changed price is a new row: the currency that a product had first stays first, and visitors see it."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.cli import main
from storefront.core.db import transaction
from storefront.shop.catalog.models import Price
from storefront.shop.editor import prices
from tests.support.goods import set_price
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import read_rows
from tests.support.shop import Buyer


@pytest.fixture(autouse=True)
def changed(app: Flask) -> None:
    """Dollars, then euros; then another price in dollars."""
    set_price(app, "twinspot", "personal", "eur", 1800)
    set_price(app, "twinspot", "team", "eur", 7400)
    set_price(app, "twinspot", "personal", "usd", 2100)


def amounts_on(page: str) -> list[str]:
    return re.findall(r"[$€][0-9.]+", page)


@pytest.mark.parametrize("path", ["/", "/products/twinspot"])
def test_shows_the_currency_of_before(buyer: Buyer, path: str) -> None:
    page = buyer.get(path).text
    assert "$21.00" in page
    assert "€" not in page


def test_sells_by_a_link_without_a_currency_as_before(buyer: Buyer) -> None:
    page = buyer.get("/buy/twinspot").text
    assert "$21.00" in page
    assert "€" not in page


def test_leaves_a_cart_in_its_currency(buyer: Buyer) -> None:
    buyer.add("the-patient-toolmaker")
    shown = re.search(r'name="price_id" value="(\d+)" checked', buyer.get("/products/twinspot").text)
    assert shown
    buyer.post("/cart/add", price_id=shown[1])
    cart = buyer.get("/cart").text
    assert "$35.00" in cart
    assert "€" not in cart


def test_comes_back_to_its_place_after_it_was_taken_away(app: Flask, buyer: Buyer) -> None:
    with app.app_context():
        prices.remove_price("twinspot", "personal", "usd")
    assert amounts_on(buyer.get("/products/twinspot").text)[0] == "€18.00"
    set_price(app, "twinspot", "personal", "usd", 2200)
    assert amounts_on(buyer.get("/products/twinspot").text)[0] == "$22.00"


def test_counts_no_price_for_owners_of_another_edition(app: Flask, buyer: Buyer) -> None:
    """An upgrade was paid in pounds before anybody else could pay in them."""
    with app.app_context(), transaction() as session:
        first, last = (edition_id(app, key) for key in ("personal", "team"))
        session.add(
            Price(edition_id=last, upgrades_from_id=first, amount_minor=5, currency="gbp", is_active=False)
        )
    set_price(app, "twinspot", "team", "chf", 7000)
    set_price(app, "twinspot", "team", "gbp", 6000)
    page = buyer.get("/products/twinspot?currency=eur").text
    assert re.findall(r">([A-Z]{3})</(?:a|strong)>", page) == ["USD", "EUR", "CHF", "GBP"]


def test_is_in_the_same_order_for_the_owner(app: Flask) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    listed = re.search(r"Twinspot.*?</tr>", owner.get("/admin/products").text, re.DOTALL)
    assert listed
    assert amounts_on(listed[0]) == ["$21.00", "€18.00"]
    edited = owner.get("/admin/products/twinspot").text
    assert edited.index("21.00") < edited.index("18.00")
    links = owner.get("/admin/products/twinspot/links").text
    euros, dollars = (f"/buy/twinspot?edition=personal&amp;currency={each}" for each in ("eur", "usd"))
    assert 0 < links.index(dollars) < links.index(euros)


def test_is_in_the_same_order_in_a_shop_as_files(app: Flask, command: CliRunner, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    assert command.invoke(main, ["shop", "export", str(folder)]).exit_code == 0
    text = (folder / "products" / "twinspot" / "product.md").read_text()
    assert re.findall(r"^ +(usd|eur):", text, re.MULTILINE) == ["usd", "eur", "usd", "eur"]


def test_is_that_of_the_file_for_a_new_edition_alone(
    app: Flask, command: CliRunner, tmp_path: Path, buyer: Buyer
) -> None:
    folder = tmp_path / "shop"
    assert command.invoke(main, ["shop", "export", str(folder)]).exit_code == 0
    file = folder / "products" / "twinspot" / "product.md"
    swapped = re.sub(r"( +usd: \S+\n)( +eur: \S+\n)", r"\2\1", file.read_text())
    edition = "  - key: studio\n    name: Studio\n    prices:\n      eur: 200.00\n      usd: 220.00\n"
    file.write_text(swapped.replace("editions:\n", "editions:\n" + edition))
    assert command.invoke(main, ["shop", "apply", str(folder)]).exit_code == 0
    assert "€200.00" in buyer.get("/products/twinspot").text
    assert command.invoke(main, ["shop", "export", str(folder)]).exit_code == 0
    order = re.findall(r"^ +(usd|eur):", file.read_text(), re.MULTILINE)
    assert order == ["eur", "usd"] + 2 * ["usd", "eur"]


def test_is_the_currency_of_what_is_given(app: Flask, command: CliRunner) -> None:
    words = ("orders", "give", "ada@example.com", "twinspot/personal", "--because", "won a raffle")
    assert command.invoke(main, words).exit_code == 0
    assert read_rows(app, "SELECT currency FROM orders") == [{"currency": "usd"}]


def edition_id(app: Flask, key: str) -> int:
    return int(read_rows(app, f"SELECT id FROM editions WHERE key = '{key}'")[0]["id"])
