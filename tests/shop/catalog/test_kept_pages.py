"""Pages that are rendered once for browsers without a cookie: never old, and nobody's own."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import time_machine
from flask import Flask, template_rendered
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.shop.catalog import kept_pages
from storefront.shop.profile import read
from storefront.shop.profile.change import change_profile
from storefront.shop.profile.read import Profile
from tests.support.databases import BOTH
from tests.support.discounts import discount
from tests.support.goods import change_price, change_product
from tests.support.releases import add_release_file
from tests.support.rows import change_rows
from tests.support.shop import Buyer, find_price
from tests.support.statements import counted

PAGE = "/products/twinspot"


@contextmanager
def rendered(app: Flask) -> Iterator[list[str]]:
    """Collect the names of templates that are rendered."""
    names: list[str] = []

    def note(_app: Flask, template: Any, **_more: Any) -> None:
        names.append(template.name)

    with template_rendered.connected_to(note, app):
        yield names


def test_renders_once_and_again_for_each_change(app: Flask) -> None:
    def look(path: str = PAGE) -> str:
        return Buyer(app).get(path).text

    with rendered(app) as names:
        first = look()
        assert [look(), look()] == [first, first]
        assert len(names) == 1
        change_price(app, find_price(app, "twinspot", "Personal"), amount_minor=2345)
        assert "$23.45" in look()
        change_product(app, "twinspot", name="Twin Two")
        assert '<h1 dir="auto">Twin Two</h1>' in look()
        with app.app_context():
            change_profile({"announcement": "Closed on Sunday.", "languages": "en, de"})
        assert "Closed on Sunday." in look()
        change_rows(app, "UPDATE releases SET notes = 'Now with *wings*.'")
        assert "<em>wings</em>" in look()
        assert "In den Korb" in look("/de" + PAGE)
        assert "Add to cart" in look("/en" + PAGE)
    assert len(names) == 7
    change_product(app, "twinspot", state="retired")
    assert Buyer(app).get(PAGE).status_code == 404


def test_keeps_nothing_of_a_visitor_or_of_a_query(app: Flask) -> None:
    with app.app_context():
        change_profile({"languages": "en, de"})
    for path in ("/", PAGE):
        assert "from-afar" in Buyer(app).get(path + "?source=from-afar").text
        assert "from-afar" not in Buyer(app).get(path).text
    own = with_cart(app).get(PAGE).text
    stranger = Buyer(app).get(PAGE).text
    for secret in ("csrf_token", 'class="badge"'):
        assert secret in own
        assert secret not in stranger


def with_cart(app: Flask, *, quantity: int = 1) -> Buyer:
    """Return a visitor who has put something into the cart, and has read the notice that says so."""
    visitor = Buyer(app)
    visitor.add(quantity=quantity)
    visitor.get("/cart")
    return visitor


def csrf_and_nonce(page: str) -> tuple[str, str]:
    found = [re.search(f'name="{name}" value="([^"]+)"', page) for name in ("csrf_token", "nonce")]
    token, nonce = (match.group(1) if match else "" for match in found)
    return token, nonce


def test_puts_a_visitors_own_tokens_into_a_page_that_others_saw(app: Flask) -> None:
    ada, bob = with_cart(app), with_cart(app)
    with rendered(app) as names:
        seen = [csrf_and_nonce(visitor.get(PAGE).text) for visitor in (ada, ada, bob)]
    assert names == ["shop/catalog/product.html"]
    assert all(token and nonce for token, nonce in seen)
    assert len({nonce for _token, nonce in seen}) == 3
    assert len({raw_token(app, token) for token, _nonce in seen}) == 2
    price = find_price(app, "twinspot", "Personal")
    for (token, nonce), status in ((seen[2], 303), (seen[0], 400)):
        form = {"price_id": price, "nonce": nonce, "csrf_token": token}
        assert bob.client.post("/cart/add", data=form).status_code == status


def raw_token(app: Flask, signed: str) -> str:
    return str(URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token").loads(signed))


def test_counts_each_visitors_own_cart(app: Flask) -> None:
    for quantity in (1, 2, 1, 2):
        visitor = with_cart(app, quantity=quantity)
        for path in ("/", PAGE):
            assert f'class="badge">{quantity}<' in visitor.get(path).text
            assert visitor.get(path).headers["Cache-Control"] == "no-store"


def test_renders_for_each_visitor_with_a_code_a_notice_or_a_currency(app: Flask) -> None:
    discount(app)
    with rendered(app) as names:
        for path in ("/?code=SPRING", "/", "/", "/?currency=eur", "/"):
            visitor = Buyer(app)
            visitor.get(path)
            visitor.get("/")
        assert len(names) == 2 + 1 + 2


def test_shows_a_promotion_and_a_release_from_their_moments_on(app: Flask, tmp_path: Path) -> None:
    now = clock.now()
    source = tmp_path / "twinspot-9.9.zip"
    source.write_bytes(b"PK")
    starts, ends, out = (now + timedelta(minutes=minutes) for minutes in (10, 20, 30))
    with app.app_context():
        add_release_file(slug="twinspot", version="9.9", source=source)
    change_rows(app, "UPDATE releases SET published_at = :out WHERE version = '9.9'", out=stored(out))
    typed: Any = {"starts": f"{starts:%Y-%m-%d %H:%M}", "ends": f"{ends:%Y-%m-%d %H:%M}"}
    discount(app, "SOON", automatic="yes", **typed)
    shown = []
    for minutes in (0, 1, 9, 11, 12, 21, 29, 31, 32):
        with time_machine.travel(now + timedelta(minutes=minutes), tick=False):
            page = Buyer(app).get(PAGE).text
            shown.append(("20% off" in page, "Version 9.9" in page))
    before, running, over, released = (False, False), (True, False), (False, False), (False, True)
    assert shown == [before] * 3 + [running] * 2 + [over] * 2 + [released] * 2


def stored(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"


def test_asks_one_statement_for_a_page_that_is_kept(app: Flask) -> None:
    for path in ("/", PAGE):
        for visitor in (Buyer(app), with_cart(app)):
            visitor.get(path)
            with counted(app) as statements:
                visitor.get(path)
            assert len(statements) == 1


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_shows_what_a_transaction_changed_only_once_it_is_there(app: Flask) -> None:
    """Somebody looks while an owner's change is still open: they see the page of before, and nobody later does."""
    with app.app_context(), transaction() as session:
        session.execute(text("UPDATE products SET name = 'Twin Two' WHERE slug = 'twinspot'"))
        looked: list[str] = []
        looking = Thread(target=lambda: looked.append(Buyer(app).get(PAGE).text))
        looking.start()
        looking.join()
    assert "Twin Two" not in looked[0]
    assert "Twin Two" in Buyer(app).get(PAGE).text


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_keeps_nothing_as_new_that_was_read_before_a_change(app: Flask) -> None:
    """Somebody else's change is committed between the mark and the rows of a page, or after the rows."""
    for number, point in enumerate(("FROM products", "FROM product_samples")):
        with at_statement(app, point, partial(change_product, app, "twinspot", name=f"Twin {number}")):
            Buyer(app).get(PAGE)
        assert f'<h1 dir="auto">Twin {number}</h1>' in Buyer(app).get(PAGE).text
        change_product(app, "twinspot", summary=f"Drawn anew for {number}.")


@contextmanager
def at_statement(app: Flask, words: str, act: Callable[[], None]) -> Iterator[None]:
    """Do it once, in another thread, before the first statement with these words."""
    done: list[bool] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if words in statement and not done:
            done.append(True)
            acting = Thread(target=act)
            acting.start()
            acting.join()

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert done


def test_keeps_no_page_of_a_moment_without_the_database(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The profile alone could not be read: the page is answered with that of before, and nobody keeps it."""
    monkeypatch.setattr(read, "_read_rows", fail_to_connect)
    poor = Buyer(app).get(PAGE)
    assert poor.status_code == 200
    assert poor.headers["Cache-Control"] == "no-store"
    monkeypatch.undo()
    change_rows(app, "UPDATE discounts SET code = code")
    with app.app_context():
        assert not kept_pages.KEPT.get()
    assert Buyer(app).get(PAGE).headers["Cache-Control"].startswith("public")


def fail_to_connect() -> Profile:
    error = sqlite3.OperationalError("unable to open database file")
    error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
    raise OperationalError("SELECT", {}, error)


def test_keeps_what_is_asked_for_and_no_full_carts(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_pages, "MOST_PAGES", 2)
    full = with_cart(app, quantity=10)
    with rendered(app) as names:
        for path in (PAGE, "/", PAGE, "/products/soft-taps", PAGE):
            Buyer(app).get(path)
        assert len(names) == 3
        full.get(PAGE)
        full.get(PAGE)
        assert len(names) == 5


def test_keeps_so_many_pages_and_no_more(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_pages, "MOST_PAGES", 2)
    with rendered(app) as names, app.app_context():
        for path in ("/", PAGE, "/products/soft-taps", "/products/soft-taps", PAGE, "/"):
            Buyer(app).get(path)
        assert len(kept_pages.KEPT.get()) == 2
    assert len(names) == 4
