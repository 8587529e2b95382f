"""When a product is new: feed, map and the order of the catalog count from its first day in the shop."""

import re
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
import time_machine
from flask import Flask

from storefront.shop.catalog.models import ProductState
from storefront.shop.editor.products import create_product
from storefront.shop.editor.states import set_state
from tests.shop.files.folders import apply, export, replace_text, write
from tests.shop.found.documents import ATOM, MAP, read_xml
from tests.support.databases import BOTH
from tests.support.goods import make_product
from tests.support.rows import change_rows, read_rows
from tests.support.shop import Buyer

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
MADE, LISTED, LATER = (datetime(2030, month, 1, tzinfo=UTC) for month in (1, 2, 3))
DRAFT = {"summary": "About it.", "description_markdown": "It is."}


def make_draft(app: Flask, slug: str) -> None:
    with app.app_context(), time_machine.travel(MADE, tick=False):
        create_product(slug, slug=slug, texts=DRAFT)


def put(app: Flask, slug: str, *states: ProductState, at: datetime) -> None:
    for state in states:
        with app.app_context(), time_machine.travel(at, tick=False):
            set_state(slug, state)


def dates(buyer: Buyer) -> dict[str, str]:
    """When each product of the feed was published, the newest first."""
    feed = read_xml(buyer.get("/feed.xml").data)
    return {
        str(entry.findtext(f"{ATOM}title")): str(entry.findtext(f"{ATOM}published"))[:10]
        for entry in feed.iter(f"{ATOM}entry")
    }


def newest(buyer: Buyer) -> list[str]:
    return list(dict.fromkeys(re.findall(r'<a href="/products/([^"?/]+)"', buyer.get("/?sort=newest").text)))


@both
def test_is_new_from_its_first_listing_and_not_from_its_draft(app: Flask, buyer: Buyer) -> None:
    make_draft(app, "first")
    make_draft(app, "second")
    put(app, "second", ProductState.ANNOUNCED, at=LISTED)
    put(app, "first", ProductState.ANNOUNCED, at=LATER)
    assert list(dates(buyer).items())[:2] == [("first", "2030-03-01"), ("second", "2030-02-01")]
    assert newest(buyer)[:2] == ["first", "second"]
    places = {place.findtext(f"{MAP}loc"): place.findtext(f"{MAP}lastmod") for place in _places(buyer)}
    assert str(places["http://localhost/products/first"]).startswith("2030-03-01")


@both
@pytest.mark.parametrize("between", [ProductState.RETIRED, ProductState.DRAFT, ProductState.UNLISTED])
def test_stays_as_old_as_its_first_listing(app: Flask, buyer: Buyer, between: ProductState) -> None:
    make_product(app, "it", (100, "usd"), description="It.", state=ProductState.DRAFT, grants_license=True)
    put(app, "it", ProductState.UNLISTED, ProductState.DRAFT, at=MADE)
    assert read_rows(app, "SELECT first_listed_at FROM products WHERE slug = 'it'")[0]["first_listed_at"] is None
    put(app, "it", ProductState.ANNOUNCED, at=LISTED)
    put(app, "it", ProductState.PUBLISHED, between, ProductState.PUBLISHED, at=LATER)
    assert dates(buyer)["It"] == "2030-02-01"


@both
def test_is_no_newer_by_a_release(app: Flask, buyer: Buyer) -> None:
    change_rows(app, "UPDATE products SET first_listed_at = '2024-01-01 00:00:00+00:00'")
    change_rows(app, "UPDATE releases SET published_at = '2024-03-01 00:00:00+00:00'")
    make_draft(app, "it")
    put(app, "it", ProductState.ANNOUNCED, at=datetime(2024, 2, 1, tzinfo=UTC))
    feed = read_xml(buyer.get("/feed.xml").data)
    updated = [str(entry.findtext(f"{ATOM}updated"))[:7] for entry in feed.iter(f"{ATOM}entry")]
    assert (updated[0], max(updated)) == ("2024-02", "2024-03")
    assert (next(iter(dates(buyer))), newest(buyer)[0]) == ("it", "it")


def test_is_as_old_as_it_was_made_where_older_code_listed_it(app: Flask, buyer: Buyer) -> None:
    make_draft(app, "it")
    change_rows(app, "UPDATE products SET state = 'announced' WHERE slug = 'it'")
    assert dates(buyer)["it"] == "2030-01-01"
    put(app, "it", ProductState.DRAFT, ProductState.ANNOUNCED, at=LATER)
    assert dates(buyer)["it"] == "2030-01-01"


def test_is_new_in_a_shop_that_a_folder_brings_it_to(app: Flask, buyer: Buyer, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    files: dict[str, str | bytes] = {
        "products/it/product.md": "---\nname: It\ntagline: A thing.\nstate: announced\n---\n\nIt is.\n"
    }
    export(app, folder)
    write(folder, files)
    with time_machine.travel(LISTED, tick=False):
        apply(app, folder)
    assert dates(buyer)["It"] == "2030-02-01"
    replace_text(folder / "products/it/product.md", "A thing.", "A good thing.")
    with time_machine.travel(LATER, tick=False):
        apply(app, folder)
        apply(app, folder)
    assert dates(buyer)["It"] == "2030-02-01"


def _places(buyer: Buyer) -> list[Element]:
    return list(read_xml(buyer.get("/sitemap.xml").data))
