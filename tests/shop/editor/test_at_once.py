"""Two owners at the same moment: one name, one price, one address."""

import pytest
from flask import Flask

from storefront.shop.editor.editions import add_edition
from storefront.shop.editor.prices import add_priced_edition, set_price
from storefront.shop.editor.products import change_slug, change_texts, create_product
from storefront.shop.editor.stale import digest_of
from tests.shop.editor.acts import at_once
from tests.support.databases import BOTH
from tests.support.rows import read_rows

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@both
def test_gives_one_slug_to_one_product(app: Flask) -> None:
    outcomes = at_once(app, *(lambda: create_product("Kerf", slug="kerf") for _ in range(4)))
    assert outcomes == ["", "product_refused", "product_refused", "product_refused"]
    assert len(read_rows(app, "SELECT id FROM products WHERE slug = 'kerf'")) == 1


@both
def test_sells_at_one_price_whoever_was_last(app: Flask) -> None:
    acts = [lambda amount=amount: set_price("twinspot", "team", "usd", amount) for amount in (8000, 8100, 8200)]
    assert at_once(app, *acts) == ["", "", ""]
    rows = read_rows(
        app,
        "SELECT amount_minor FROM prices JOIN editions ON editions.id = edition_id"
        " WHERE key = 'team' AND prices.is_active",
    )
    assert len(rows) == 1
    assert rows[0]["amount_minor"] in (8000, 8100, 8200)
    assert len(read_rows(app, "SELECT id FROM audit_entries WHERE verb = 'price.changed'")) == 3


@both
def test_lets_one_of_two_late_saves_win_and_shows_it_to_the_other(app: Flask) -> None:
    (row,) = read_rows(app, "SELECT summary FROM products WHERE slug = 'twinspot'")
    shown = {"summary": digest_of(row["summary"])}
    acts = [lambda words=words: change_texts("twinspot", {"summary": words}, shown=shown) for words in ("A", "B")]
    assert at_once(app, *acts) == ["", "stale_save"]


@both
def test_moves_one_of_two_products_to_an_address(app: Flask) -> None:
    refused = at_once(
        app, lambda: change_slug("twinspot", "new-home"), lambda: change_slug("soft-taps", "new-home")
    )
    assert refused == ["", "product_refused"]
    assert len(read_rows(app, "SELECT slug FROM product_aliases")) == 1


@both
def test_names_one_edition_so(app: Flask) -> None:
    assert at_once(app, *(lambda: add_edition("gridling", "Print") for _ in range(2))) == ["", "product_refused"]


@both
def test_adds_an_edition_with_its_price_or_neither(app: Flask) -> None:
    one, other = (lambda: add_priced_edition("gridling", "Print", ("eur", 900)) for _ in range(2))
    assert at_once(app, one, other, lambda: add_priced_edition("gridling", "Web", ("eur", 1))) == [
        "",
        "product_refused",
        "product_refused",
    ]
    sold = "SELECT key, amount_minor FROM editions LEFT JOIN prices ON editions.id = edition_id WHERE key <> ''"
    added = [row for row in read_rows(app, sold) if row["key"] in ("print", "web")]
    assert added == [{"key": "print", "amount_minor": 900}]
