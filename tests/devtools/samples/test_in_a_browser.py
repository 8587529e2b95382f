"""What the sample shop shows off, in a real browser: heard, typed, read and bought."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.parts import form_on, key_texts, pay_by_card
from tests.support.browser import DESKTOP, PATIENCE_MS, PHONE, SCHEMES, Scheme, assert_accessible, assert_fits
from tests.support.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATHS = ("/", "/products/twinspot", "/products/soft-taps", "/products/gridling", "/products/the-patient-toolmaker")
LOADED = "document.fonts.ready.then(() => [...document.fonts].map(font => font.status))"
PLAY_TO_ITS_END = """sound => new Promise((resolve, reject) => {
    sound.onended = () => resolve(sound.duration);
    sound.onerror = () => reject(sound.error);
    sound.play();
})"""
DRAWN_WIDTH = """element => {
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = getComputedStyle(element).font;
    return Math.round(pen.measureText(element.value).width);
}"""


def test_plays_a_sound(shop: Shop, page: Page) -> None:
    page.goto(f"{shop.url}/products/soft-taps")
    sounds = page.locator("audio")
    expect(sounds).to_have_count(5)
    assert 0.3 < sounds.first.evaluate(PLAY_TO_ITS_END) < 1


@pytest.mark.parametrize("has_javascript", [True, False], ids=["javascript", "no-javascript"])
def test_sets_a_typed_line_in_the_font(shop: Shop, chromium: Browser, *, has_javascript: bool) -> None:
    context = chromium.new_context(viewport=PHONE, java_script_enabled=has_javascript)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    with page.expect_response(re.compile(r"/media/[0-9a-f]{64}\.ttf")) as font:
        page.goto(f"{shop.url}/products/gridling")
    assert font.value.status == 200
    line = page.get_by_label("Type a line in Gridling")
    line.fill("HELLO 42")
    expect(line).to_have_value("HELLO 42")
    if has_javascript:
        assert page.evaluate(LOADED) == ["loaded"]
        # Seven letters of five pixels, one of four, and a space: what is drawn is this font and no other.
        size = line.evaluate("element => parseFloat(getComputedStyle(element).fontSize)")
        assert line.evaluate(DRAWN_WIDTH) == pytest.approx(size * 4.5, rel=0.05)
    context.close()


def test_gives_a_chapter_to_read(shop: Shop, page: Page) -> None:
    page.goto(f"{shop.url}/products/the-patient-toolmaker")
    with page.expect_download() as started:
        page.get_by_role("link", name=re.compile("Read chapter two")).click()
    assert started.value.suggested_filename == "the-second-user.pdf"
    assert started.value.path().read_bytes().startswith(b"%PDF-1.4")


def test_sells_a_journal_for_euros_with_a_key(shop: Shop, page: Page) -> None:
    page.goto(shop.url)
    page.get_by_role("link", name="EUR").click()
    page.get_by_role("link", name="Daybook").click()
    page.get_by_role("button", name="Buy For one, €22.00").click()
    pay_by_card(form_on(page))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is complete")
    expect(page.get_by_text("€22.00").first).to_be_visible()
    expect(page.get_by_text(re.compile(r"DAY-\w{5}-")).first).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Download daybook-1.4.zip"))).to_be_visible()


def test_sells_a_tool_with_a_key(shop: Shop, page: Page) -> None:
    page.goto(f"{shop.url}/products/twinspot?currency=usd")
    page.get_by_label(re.compile("Team")).check()
    page.get_by_role("button", name=re.compile("^Buy (?!as a gift)")).click()
    pay_by_card(form_on(page))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is complete")
    assert len(key_texts(page)) == 1


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_is_clean_and_fits(shop: Shop, chromium: Browser, viewport: Any, scheme: Scheme) -> None:
    context = chromium.new_context(viewport=viewport, color_scheme=scheme)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    for path in PATHS:
        page.goto(shop.url + path)
        assert_accessible(page)
        assert_fits(page)
    context.close()
