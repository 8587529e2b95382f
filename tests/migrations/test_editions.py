"""Prices of an older shop become editions with prices: nothing that is for sale or was sold changes."""

import pytest
from flask import Flask
from sqlalchemy import text

from storefront.core.db import db, transaction
from storefront.migrations import schema
from tests.migrations.tables import go_down, go_up
from tests.support.databases import BOTH
from tests.support.rows import read_rows

pytestmark = pytest.mark.slow  # each goes through fifty versions and more, twice

PRICE = """
INSERT INTO prices (id, product_id, edition, amount_minor, currency, position, is_active, activation_limit, seats,
    created_at)
VALUES (:id, (SELECT id FROM products WHERE slug = 'twinspot'), :edition, :amount, :currency, 7, :active, :devices,
    NULL, '2026-11-02 12:00:00')
"""
EDITIONS = """
SELECT editions.id, key, editions.name, editions.is_active, editions.activation_limit
FROM editions JOIN products ON products.id = product_id WHERE slug = 'twinspot' AND editions.id > 100 ORDER BY 1
"""
PRICES = "SELECT id, edition_id, amount_minor, currency, is_active FROM prices WHERE id > 100 ORDER BY id"
OLD_PRICES = (
    "SELECT id, edition, amount_minor, currency, is_active, activation_limit, position"
    " FROM prices WHERE id > 100 ORDER BY id"
)


def go_back(app: Flask) -> None:
    with app.app_context():
        go_down(app, "0012")
        db.session.remove()


def add_prices(app: Flask, *rows: tuple[int, str, int, str, bool, int | None]) -> None:
    names = ("id", "edition", "amount", "currency", "active", "devices")
    with app.app_context():
        with transaction() as session:
            for row in rows:
                session.execute(text(PRICE), dict(zip(names, row, strict=True)))
        db.session.remove()


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_makes_one_edition_of_prices_that_are_one_and_keeps_apart_what_is_not(app: Flask) -> None:
    go_back(app)
    add_prices(
        app,
        (101, "Studio", 3900, "usd", False, 3),  # an old amount
        (102, "Studio", 4900, "usd", True, 3),
        (103, "Studio", 4500, "eur", True, 3),
        (104, "Studio", 9900, "usd", False, 50),  # was sold with other limits
        (105, "Studio", 100, "usd", True, 3),  # twice for sale under one name
        (106, "", 100, "usd", True, None),
        (107, "工作室", 100, "usd", False, None),
    )
    schema.upgrade(app)
    editions = [
        (row["id"], row["key"], row["name"], bool(row["is_active"]), row["activation_limit"])
        for row in read_rows(app, EDITIONS)
    ]
    assert editions == [
        (101, "studio", "Studio", True, 3),
        (104, "studio-3", "Studio", False, 50),
        (105, "studio-2", "Studio", True, 3),
        (106, "edition", "Standard", True, None),
        (107, "edition-2", "工作室", False, None),
    ]
    prices = [(row["id"], row["edition_id"], row["amount_minor"]) for row in read_rows(app, PRICES)]
    assert prices == [
        (101, 101, 3900),
        (102, 101, 4900),
        (103, 101, 4500),
        (104, 104, 9900),
        (105, 105, 100),
        (106, 106, 100),
        (107, 107, 100),
    ]


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_gives_a_new_edition_an_id_that_no_price_had(app: Flask) -> None:
    go_back(app)
    add_prices(app, (101, "A", 100, "usd", True, None), (150, "A", 200, "eur", True, None))
    schema.upgrade(app)
    new = "INSERT INTO editions (product_id, key, name, line, position, is_active, upgrades_from, created_at)"
    with app.app_context():
        with transaction() as session:
            session.execute(
                text(f"{new} SELECT min(id), 'new', 'New', '', 0, true, '', '2026-11-02 12:00:00' FROM products")
            )
        db.session.remove()
    (row,) = read_rows(app, "SELECT id FROM editions WHERE key = 'new'")
    assert row["id"] > 101


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_brings_every_price_back_as_it_was(app: Flask) -> None:
    go_back(app)
    add_prices(
        app,
        (101, "Studio", 3900, "usd", False, 3),
        (102, "Studio", 4900, "usd", True, 3),
        (103, "Studio", 9900, "usd", True, 50),
    )
    before = read_rows(app, OLD_PRICES)
    go_up(app, "0013")
    go_back(app)
    assert read_rows(app, OLD_PRICES) == before
    assert [bool(row["is_published"]) for row in read_rows(app, "SELECT is_published FROM products")] == [True] * 4
