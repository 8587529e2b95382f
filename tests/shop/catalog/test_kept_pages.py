"""Pages that are rendered once for browsers without a cookie: never old, and nobody's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask, template_rendered

from storefront.shop.catalog import kept_pages
from storefront.shop.profile.change import change_profile
from tests.support.goods import change_price, change_product
from tests.support.rows import change_rows
from tests.support.shop import Buyer, find_price

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
    def read(path: str = PAGE) -> str:
        return Buyer(app).get(path).text

    with rendered(app) as names:
        first = read()
        assert [read(), read()] == [first, first]
        assert len(names) == 1
        change_price(app, find_price(app, "twinspot", "Personal"), amount_minor=2345)
        assert "$23.45" in read()
        change_product(app, "twinspot", name="Twin Two")
        assert "<h1>Twin Two</h1>" in read()
        with app.app_context():
            change_profile({"announcement": "Closed on Sunday.", "languages": "en, de"})
        assert "Closed on Sunday." in read()
        change_rows(app, "UPDATE releases SET notes = 'Now with *wings*.'")
        assert "<em>wings</em>" in read()
        assert "In den Korb" in read("/de" + PAGE)
        assert "Add to cart" in read("/en" + PAGE)
    assert len(names) == 7
    change_product(app, "twinspot", state="retired")
    assert Buyer(app).get(PAGE).status_code == 404


def test_keeps_nothing_of_a_visitor_or_of_a_query(app: Flask) -> None:
    with app.app_context():
        change_profile({"languages": "en, de"})
    for path in ("/", PAGE):
        assert "from-afar" in Buyer(app).get(path + "?source=from-afar").text
        assert "from-afar" not in Buyer(app).get(path).text
    with_cart = Buyer(app)
    with_cart.add()
    own = with_cart.get(PAGE).text
    stranger = Buyer(app).get(PAGE).text
    for secret in ("csrf_token", 'class="badge"'):
        assert secret in own
        assert secret not in stranger


def test_keeps_so_many_pages_and_no_more(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_pages, "MOST_PAGES", 2)
    with rendered(app) as names, app.app_context():
        for path in ("/", PAGE, "/products/soft-taps", "/products/soft-taps", PAGE, "/"):
            Buyer(app).get(path)
        assert len(kept_pages.KEPT.get()) == 2
    assert len(names) == 4
