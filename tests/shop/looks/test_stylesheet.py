"""The stylesheet of the looks: linked where something differs, kept for a year under its own hash."""

import re

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.shop.editor.refusals import StaleSave
from storefront.shop.editor.stale import digest_of
from storefront.shop.looks.change import change_looks, read_written_looks
from storefront.shop.looks.refusals import AccentRefused, LooksRefused
from storefront.web.open_pages import KEEP_FOR_A_YEAR
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_rows
from tests.support.shop import Buyer
from tests.support.statements import counted

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def choose(app: Flask, **chosen: object) -> list[str]:
    with app.app_context():
        changed = change_looks(chosen)
        db.session.remove()
    return changed


def address_in(page: str) -> str:
    return str(re.findall(r'href="(/looks/\w+\.css)"', page)[0])


@both
def test_links_a_stylesheet_only_where_something_was_chosen(app: Flask, buyer: Buyer) -> None:
    assert "/looks/" not in buyer.get("/cart").text
    assert choose(app, accent="#00008B", type_pairing="modern") == ["type_pairing", "accent"]
    page = buyer.get("/cart").text
    assert '<meta name="theme-color" content="#00008b" media="(prefers-color-scheme: light)">' in page
    answer = buyer.get(address_in(page))
    assert "--accent: #00008b;" in answer.text
    assert "--serif: system-ui" in answer.text
    assert choose(app, accent="", type_pairing="classic") == ["type_pairing", "accent"]
    assert "/looks/" not in buyer.get("/cart").text
    assert choose(app, accent="", type_pairing="classic") == []


def test_keeps_the_newest_for_a_year_and_an_older_one_not_at_all(app: Flask, buyer: Buyer) -> None:
    choose(app, accent="#00008b")
    old = address_in(buyer.get("/cart").text)
    with counted(app) as statements:
        answer = buyer.get(old)
    assert len(statements) == 1
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("text/css", KEEP_FOR_A_YEAR)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers
    same = buyer.client.get(old, base_url=buyer.base_url, headers={"If-None-Match": answer.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    choose(app, accent="#aa0000")
    newer = buyer.client.get(old, base_url=buyer.base_url, headers={"If-None-Match": answer.headers["ETag"]})
    assert (newer.status_code, newer.headers["Cache-Control"]) == (200, "no-cache")
    assert "--accent: #aa0000;" in newer.text
    assert address_in(buyer.get("/cart").text) != old
    choose(app, accent="")
    gone = buyer.get("/looks/anything.css")
    assert (gone.status_code, gone.text, gone.headers["Cache-Control"]) == (200, "", "no-cache")


@pytest.mark.parametrize("accent", ["red;}body{display:none", "#fff", "</style>", "#12", "x" * 5000])
def test_stores_no_color_that_cannot_be_read(app: Flask, accent: str) -> None:
    with app.app_context():
        with pytest.raises(AccentRefused):
            change_looks({"accent": accent})
        with pytest.raises(LooksRefused, match="Choose the type: classic, modern"):
            change_looks({"type_pairing": accent})
        assert read_written_looks()["accent"] == ""
        db.session.remove()


def test_shows_both_colors_to_a_save_that_comes_too_late(app: Flask) -> None:
    with app.app_context():
        shown = {name: digest_of(value) for name, value in read_written_looks().items()}
        change_looks({"accent": "#00008b"}, shown=shown)
        with pytest.raises(StaleSave) as late:
            change_looks({"accent": "#aa0000", "type_pairing": "book"}, shown=shown)
        assert late.value.conflicts["accent"].saved == "#00008b"
        assert change_looks({"accent": "", "type_pairing": "book"}, shown=shown) == ["type_pairing"]
        db.session.remove()


def test_has_looks_where_the_row_is_gone(app: Flask, buyer: Buyer) -> None:
    change_rows(app, "DELETE FROM shop_profile")
    assert buyer.get("/cart").status_code == 200
    choose(app, accent="#00008b")
    assert read_rows(app, "SELECT accent, type_pairing FROM shop_profile") == [
        {"accent": "#00008b", "type_pairing": "classic"}
    ]
