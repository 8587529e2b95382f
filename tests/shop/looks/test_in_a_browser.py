"""Chromium colors the shop, sets its headings in the own font and shows the logo; axe can read all of it."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from storefront.core.db import db
from storefront.shop.looks.change import change_looks
from storefront.shop.looks.files import LooksFile, set_file
from storefront.shop.looks.palette import dark_palette, offer_shade
from tests.shop.looks.fonts import make_font
from tests.shop.media.drawn import draw, saved
from tests.support.browser import assert_accessible
from tests.support.web_server import serve

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
YELLOW = offer_shade("#ffd400")
FIRST_HEADING = "getComputedStyle(document.querySelector('h1'))"


@pytest.fixture
def address(app: Flask, free_port: int) -> Iterator[str]:
    with serve(app, port=free_port):
        yield f"http://127.0.0.1:{free_port}"


def choose(app: Flask, accent: str) -> None:
    with app.app_context():
        change_looks({"accent": accent})
        db.session.remove()


@pytest.mark.parametrize("accent", [YELLOW, "#00008b", "#d00000"])
def test_shows_text_that_can_be_read_in_every_accent(app: Flask, address: str, page: Page, accent: str) -> None:
    choose(app, accent)
    page.goto(f"{address}/products/twinspot")
    assert_accessible(page)
    page.emulate_media(color_scheme="dark")
    shown = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--accent')")
    assert shown == dark_palette(accent).accent


def test_loads_the_own_font_and_the_logo_under_the_shops_policy(app: Flask, address: str, page: Page) -> None:
    with app.app_context():
        set_file(LooksFile.FONT, BytesIO(make_font()), "triangles.woff2")
        set_file(LooksFile.LOGO, BytesIO(saved(draw(600, 120))), "logo.png")
        set_file(LooksFile.ICON, BytesIO(saved(draw(200, 200))), "icon.png")
        db.session.remove()
    page.goto(address)
    page.wait_for_function("document.fonts.check('16px Shop') && document.fonts.size === 1")
    assert page.evaluate(f"{FIRST_HEADING}.fontFamily").startswith("Shop,")
    logo = page.get_by_role("link", name="Test Shop").get_by_role("img")
    expect(logo).to_have_js_property("complete", value=True)
    assert logo.evaluate("image => [image.naturalWidth > 0, image.clientHeight]") == [True, 48]
    assert_accessible(page)
