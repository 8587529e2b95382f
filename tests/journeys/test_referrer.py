"""A visitor from another site, in a real browser: the name goes with the visitor, and nothing is stored before."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.rows import read_rows
from tests.support.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.slow]
STORED = "[localStorage.length, sessionStorage.length, document.cookie]"


def test_goes_from_page_to_page_until_something_is_in_the_cart(shop: Shop, page: Page) -> None:
    page.goto(f"{shop.url}/", referer="http://blog.example/")
    page.get_by_role("link", name="Twinspot").first.click()
    expect(page).to_have_url(re.compile(r"/products/twinspot#from=blog\.example$"))
    assert page.evaluate(STORED) == [0, 0, ""]
    assert page.context.cookies() == []
    page.reload()  # the page before is still the shop's
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("button", name="Check out").click()
    expect(page).to_have_url(re.compile("/checkout/"))
    copied = f"{shop.url}/products/twinspot#from=blog.example"
    page.goto(copied, referer="http://news.example/")  # somebody else's copy of that address
    page.get_by_role("button", name=re.compile("^Buy")).first.click()
    expect(page).to_have_url(re.compile("/checkout/"))
    rows = read_rows(shop.app, "SELECT referrer FROM checkouts ORDER BY id")
    assert [row["referrer"] for row in rows] == ["blog.example", "news.example"]
