"""The pictures of a product: a strip that is swiped, small ones that choose, and a large view in a dialog."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.shop.media.drawn import add, draw, pictures_of, saved
from tests.support.browser import PHONE, assert_accessible, assert_fits
from tests.support.shop import Buyer
from tests.support.web_server import serve

ALTS = ("A blue field", "A red field", "")


def add_three(app: Flask) -> None:
    for number, alt in enumerate(ALTS):
        content = saved(draw(1600 + 16 * number, 900, color=(20 + 80 * number, 90, 160)))
        add(app, content, name=f"{number}.png", alt=alt)


def test_leads_to_the_large_pictures_without_javascript(app: Flask, buyer: Buyer) -> None:
    assert "gallery.js" not in buyer.get("/products/twinspot").text
    add_three(app)
    text = buyer.get("/products/twinspot").text
    for number, view in enumerate(pictures_of(app), start=1):
        assert f'<li id="picture-{number}"><a href="{view.large_url}"' in text
        assert f'<a href="#picture-{number}"' in text
        assert buyer.get(view.large_url).status_code == 200
    assert 'aria-label="Picture 3 of Twinspot"' in text  # one without words of its own still has a name


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    add_three(app)
    with serve(app) as port:
        yield f"http://127.0.0.1:{port}/products/twinspot"


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_is_walked_through_by_keyboard_and_gives_focus_back(address: str, page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(address)
    first = page.get_by_role("link", name="A blue field")
    first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("link", name="A red field")).to_be_focused()
    expect(page.get_by_label("Show picture 2 of 3")).to_have_attribute("aria-current", "true")
    page.keyboard.press("Enter")
    large = page.get_by_role("dialog", name="Pictures of Twinspot")
    expect(large.get_by_role("status")).to_have_text("2 of 3")
    assert page.evaluate("document.querySelector('dialog').contains(document.activeElement)")
    expect(large.locator("figcaption").nth(1)).to_have_text("A red field")
    expect(large.locator("figcaption")).to_have_count(2)
    page.keyboard.press("End")
    expect(large.get_by_role("status")).to_have_text("3 of 3")
    page.keyboard.press("ArrowRight")  # the end stays the end
    large.get_by_role("button", name="Previous picture").click()
    expect(large.get_by_role("status")).to_have_text("2 of 3")
    page.keyboard.press("Home")
    expect(large.get_by_role("status")).to_have_text("1 of 3")
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    expect(first).to_be_focused()
    page.get_by_label("Show picture 3 of 3").click()
    expect(page.get_by_label("Show picture 3 of 3")).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="Picture 3 of Twinspot").click()
    expect(large.get_by_role("status")).to_have_text("3 of 3")  # the second time as the first
    large.get_by_role("button", name="Close").click()
    expect(page.get_by_role("link", name="Picture 3 of Twinspot")).to_be_focused()


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_moves_nothing_on_the_page_and_follows_a_swipe(address: str, page: Page) -> None:
    page.set_viewport_size(PHONE)
    page.emulate_media(reduced_motion="reduce")
    page.add_init_script(
        "window.moved = 0; const add = (list) => { for (const one of list.getEntries()) moved += one.value; };"
        "new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });"
    )
    page.goto(address)
    page.locator("[data-strip]").evaluate("strip => { strip.scrollLeft = strip.clientWidth; }")  # as a finger does
    expect(page.get_by_label("Show picture 2 of 3")).to_have_attribute("aria-current", "true")
    page.locator("[data-strip] img").nth(1).evaluate("image => image.decode()")
    assert page.evaluate("moved") == 0
    page.get_by_role("link", name="A red field").click()
    page.locator(".lightbox-strip").evaluate("strip => { strip.scrollLeft = 0; }")
    expect(page.get_by_role("status")).to_have_text("1 of 3")
    assert page.locator(".lightbox-strip").evaluate("strip => strip.scrollLeft") == 0
    assert page.evaluate("moved") == 0
    page.set_viewport_size({"width": 844, "height": 390})  # turned
    expect(page.get_by_role("status")).to_have_text("1 of 3")
    assert_fits(page)
    assert page.locator("dialog img").first.evaluate("image => getComputedStyle(image).touchAction") == "auto"
