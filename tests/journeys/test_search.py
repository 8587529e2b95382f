"""The catalog is searched as one types, and by its button without JavaScript."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import PHONE, assert_accessible, assert_fits
from tests.support.many_products import add_products
from tests.support.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_finds_while_one_types_and_goes_back_to_all(shop: Shop, page: Page) -> None:
    add_products(shop.app, 60)
    page.set_viewport_size(PHONE)
    page.goto(shop.url)
    page.evaluate("window.isSamePage = true")
    search = page.get_by_role("searchbox")
    search.press_sequentially("more 05")
    expect(page.locator(".card")).to_have_count(11)
    expect(page.get_by_role("status").filter(has_text="11 products")).to_be_attached()
    expect(page).to_have_url(re.compile(r"/\?q=more\+05$"))
    expect(search).to_be_focused()
    page.get_by_label("Sort by").select_option("price-desc")
    expect(page.locator(".card h3").first).to_have_text("More 059")
    assert page.evaluate("window.isSamePage")
    assert_accessible(page)
    assert_fits(page)
    search.fill("nothing of the kind")
    expect(page.get_by_text("No products for").last).to_be_visible()
    page.get_by_role("link", name="Show all").click()
    expect(page.locator(".card")).to_have_count(48)
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()


def test_finds_by_its_button_without_javascript(shop: Shop, chromium: Browser) -> None:
    add_products(shop.app, 6)
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(shop.url)
    page.get_by_role("searchbox").fill("more 003")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".card")).to_have_count(1)
    page.get_by_role("link", name="Many", exact=True).click()
    expect(page.get_by_text("tagged")).to_be_visible()
    context.close()
