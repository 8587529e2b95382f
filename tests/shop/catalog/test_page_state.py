"""The mark of what pages show: every change of a row that a kept page reads draws a new one, whoever makes it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import Connection

from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.core.page_state import read_mark
from storefront.migrations import schema
from storefront.migrations.page_marks import mark_drawn_last
from tests.shop.media.drawn import add, add_one_sample
from tests.support.bundles import add_bundle
from tests.support.databases import BOTH
from tests.support.discounts import discount
from tests.support.rows import change_rows, read_rows
from tests.support.shop import Buyer
from tests.support.statements import counted

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
TABLES = re.compile(r"(?:FROM|JOIN|INTO|UPDATE) \(?(\w+)")
ON_SQLITE = "SELECT name, tbl_name AS of FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'page_state_%'"
ON_POSTGRESQL = """
SELECT tgname AS name, CAST(CAST(tgrelid AS regclass) AS text) AS of, tgdeferrable AND tginitdeferred AS is_late,
    tgtype & 28 AS verbs
FROM pg_trigger WHERE tgname LIKE 'page_state_%'
"""


def mark(app: Flask) -> str | None:
    with app.app_context():
        found = read_mark()
        db.session.remove()
        return found


def is_sqlite(app: Flask) -> bool:
    with app.app_context():
        return db.engine.dialect.name == "sqlite"


def watched(app: Flask) -> set[str]:
    """Return the tables whose triggers notice a new row, a changed one and a deleted one."""
    if not is_sqlite(app):
        rows = read_rows(app, ON_POSTGRESQL)
        assert all(row["is_late"] and row["verbs"] == 4 + 8 + 16 for row in rows)
        return {row["of"] for row in rows}
    names = {(row["of"], row["name"].rpartition("_")[2]) for row in read_rows(app, ON_SQLITE)}
    tables = {table for table, _verb in names}
    assert names == {(table, verb) for table in tables for verb in ("insert", "update", "delete")}
    return tables


@both
def test_watches_every_table_that_a_kept_page_reads(app: Flask) -> None:
    """Of pages with everything on them, in another language, with and without a cart."""
    add(app, alt="A blue field")
    add_one_sample(app)
    add_bundle(app)
    discount(app, "NOW", automatic="yes", ends=f"{clock.now() + timedelta(days=3):%Y-%m-%d}")
    with_cart = Buyer(app)
    with_cart.add()
    with_cart.get("/cart")  # whose notice the next page would have shown
    change_rows(app, "UPDATE shop_profile SET languages = 'en, de'")
    read: set[str] = set()
    for path in ("/", "/de/", "/products/twinspot", "/de/products/starter-kit", "/products/soft-taps"):
        with counted(app) as statements:
            assert Buyer(app).get(path).status_code == 200, path
            assert with_cart.get(path).status_code == 200, path
        read |= {table for statement in statements for table in TABLES.findall(statement)}
    assert {"products", "prices", "discounts", "product_samples", "shop_profile", "bundle_parts"} <= read
    assert read - {"page_state", "SELECT"} - watched(app) == set()


CHANGES = (
    "UPDATE products SET name = 'Twin Two' WHERE slug = 'twinspot'",
    "UPDATE prices SET amount_minor = 2345",
    "UPDATE releases SET withdrawn_at = published_at",
    "INSERT INTO product_aliases SELECT 'old', min(id), min(created_at) FROM products",
    "DELETE FROM product_aliases",
)
NO_CHANGES = ("UPDATE products SET name = 'Twin Two' WHERE slug = 'nothing'", "DELETE FROM notices")


@both
def test_is_another_after_each_change_and_the_same_without_one(app: Flask) -> None:
    seen = [mark(app)]
    for statement in CHANGES:
        change_rows(app, statement)
        seen.append(mark(app))
    assert None not in seen
    assert len(set(seen)) == len(CHANGES) + 1
    for statement in NO_CHANGES:
        change_rows(app, statement)
    assert mark(app) == seen[-1]


@both
def test_is_nothing_inside_a_transaction_and_as_before_where_it_failed(app: Flask) -> None:
    before = mark(app)
    inside: list[str | None] = []

    def fail() -> None:
        with transaction() as session:
            session.execute(text(CHANGES[0]))
            inside.append(read_mark())
            raise ZeroDivisionError

    with app.app_context():
        assert read_mark() == before
        with pytest.raises(ZeroDivisionError):
            fail()
        assert inside == [None]
        assert read_mark() == before


@contextmanager
def connected(app: Flask) -> Iterator[Connection]:
    with app.app_context(), db.engine.connect() as connection:
        connection.execute(text("SET lock_timeout = '3s'"))
        yield connection


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_lets_two_change_two_products_at_once(app: Flask) -> None:
    """Each then wants the other's row only in the order that locks already have: the mark is locked last."""
    with connected(app) as one, connected(app) as other:
        one.execute(text("UPDATE products SET name = 'A' WHERE slug = 'twinspot'"))
        other.execute(text("UPDATE products SET name = 'B' WHERE slug = 'soft-taps'"))
        one.commit()
        other.commit()
    names = read_rows(app, "SELECT name FROM products WHERE name IN ('A', 'B')")
    assert len(names) == 2


@both
def test_is_another_after_every_upgrade(app: Flask) -> None:
    before = mark(app)
    schema.upgrade(app)
    assert (mark(app) == before) is is_sqlite(app)  # where the triggers say themselves what was changed


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_lets_a_migration_alter_a_table_whose_rows_it_changed(app: Flask) -> None:
    """PostgreSQL refuses while a trigger waits. Until its end the migration does not hold the mark, either."""
    before = mark(app)
    with connected(app) as connection, connected(app) as other:
        with mark_drawn_last(connection):
            connection.execute(text("UPDATE products SET name = 'A' WHERE slug = 'twinspot'"))
            connection.execute(text("ALTER TABLE editions ADD COLUMN extra INTEGER"))
            other.execute(text("UPDATE pages SET title = 'B'"))
            other.execute(text("UPDATE shop_profile SET name = 'B'"))
            other.commit()
        meanwhile = mark(app)
        connection.commit()
    assert len({before, meanwhile, mark(app)}) == 3
