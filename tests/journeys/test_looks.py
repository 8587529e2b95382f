"""How pages look where few people look: with wide letters, on paper, and in the colors of the system."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.parts import come_in, form_on, open_checkout, pay_by_card
from tests.shop.media.drawn import add_one_sample
from tests.support.browser import assert_fits, assert_nothing_moved
from tests.support.goods import change_product, make_product
from tests.support.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ARABIC = "دليل المصمم الهادئ."
# WCAG 2.2, 1.4.12: what a reader may set.
SPACED = """() => {
  const sheet = new CSSStyleSheet();
  const wide = "line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important;";
  sheet.replaceSync(`* { ${wide} }`);
  document.adoptedStyleSheets = [sheet];
}"""
BROKEN = """() => [...document.querySelectorAll(".rows thead th, .rows .tag, .rows .button")].filter((node) => {
  const texts = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  const lines = new Set(), words = [];
  while (texts.nextNode()) {
    if (texts.currentNode.parentElement.closest(".hidden-text")) continue;
    const range = document.createRange();
    range.selectNodeContents(texts.currentNode);
    for (const each of range.getClientRects()) lines.add(Math.round(each.top));
    words.push(...texts.currentNode.data.trim().split(/\\s+/));
  }
  return lines.size > words.length;
}).map((node) => node.innerText)"""
DIRECTION = "node => [getComputedStyle(node).direction, getComputedStyle(node).textAlign]"
SYMBOL = """node => {
  const [ground, symbol] = [getComputedStyle(node), getComputedStyle(node, "::before")];
  return symbol.backgroundColor !== ground.backgroundColor;
}"""


def buy(shop: Shop, page: Page) -> str:
    open_checkout(shop, page, "twinspot")
    pay_by_card(form_on(page))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is complete")
    assert_nothing_moved(page)
    return str(page.get_by_role("link", name="Bookmark your order page").get_attribute("href"))


def test_keeps_a_receipt_on_the_phone_and_its_order_on_paper(shop: Shop, page: Page) -> None:
    order = buy(shop, page)
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{order}/receipt")
    page.evaluate(SPACED)
    assert_fits(page)
    page.set_viewport_size({"width": 1000, "height": 800})
    page.emulate_media(media="print", color_scheme="dark")
    page.goto(order)
    expect(page.get_by_role("link", name="PDF", exact=True, include_hidden=True)).to_be_hidden()
    for words in (
        "Receipt from Stripe",
        "receipt again",
        "Name this license",
        "License file",
        "Email me news",
    ):
        expect(page.get_by_text(words, exact=False).first).to_be_hidden()
    expect(page.get_by_text("Visa ending in 4242")).to_be_visible()
    color = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--accent')")
    assert color.strip() == "#0d6b55", "no light color on white paper"


def test_breaks_no_word_of_the_owners_table_of_products(shop: Shop, page: Page) -> None:
    change_product(shop.app, "twinspot", name="Donaudampfschifffahrtsgesellschaft " * 2 + "und mehr")
    codes = ("usd", "eur", "gbp", "chf", "jpy", "sek", "nok", "dkk", "pln", "czk", "aud", "cad")
    make_product(shop.app, "many", *((1000, code) for code in codes))
    make_product(shop.app, "last", (1000, "usd"))
    come_in(shop, page)
    for width in (1024, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(BROKEN) == [], width
    expect(page.get_by_text("and 11 more")).to_be_visible()
    heights = page.locator(".place-form").evaluate_all("all => all.map((each) => each.offsetHeight)")
    assert max(heights) < 60, "the buttons of a row stand in one line"


def test_sets_a_name_from_right_to_left(shop: Shop, page: Page) -> None:
    change_product(shop.app, "twinspot", name=ARABIC, summary=ARABIC, description_markdown=f"- {ARABIC}\n")
    page.goto(f"{shop.url}/products/twinspot")
    for selector in ("h1", ".lead", ".product-text > ul"):
        assert page.locator(selector).first.evaluate(DIRECTION) == ["rtl", "start"], selector


def test_shows_what_is_chosen_and_what_plays_in_the_systems_colors(shop: Shop, chromium: Browser) -> None:
    add_one_sample(shop.app)
    options: Any = {"forced_colors": "active", "color_scheme": "dark"}
    context = chromium.new_context(**options)
    page = context.new_page()
    page.goto(f"{shop.url}/products/twinspot")
    button = page.locator(".player-button").first
    expect(button).to_be_visible()
    assert button.evaluate(SYMBOL)
    assert (
        page.locator(".edition:has(:checked)").evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    )
    context.close()
