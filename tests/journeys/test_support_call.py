"""A key leaked, and one item was bought by mistake: found, helped and refunded by an owner on a phone."""

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import PHONE, assert_accessible, assert_fits
from tests.support.people import link_for, make_person
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def look(page: Page) -> None:
    assert_accessible(page)
    assert_fits(page)


@pytest.mark.parametrize("viewport", [PHONE], ids=["phone"])
def test_finds_the_order_replaces_its_key_and_refunds_an_item(
    shop: Shop, sandbox: SandboxClient, page: Page
) -> None:
    sale = sell(shop.app, sandbox, ("twinspot", "Personal"), ("twinspot", "Team"), email="ada@example.com")
    page.goto(shop.url + link_for(shop.app, make_person(shop.app)))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation", name="Admin").get_by_role("link", name="Orders").click()
    look(page)
    page.get_by_label("Search").fill(sale.keys[0])
    page.get_by_label("Search").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Order ")
    page.get_by_text("Replace or withdraw").first.click()
    look(page)
    page.get_by_label("Reason").first.fill("posted in a forum")
    page.get_by_role("button", name="Replace this key").first.click()
    expect(page.get_by_role("status")).to_contain_text("An email brings the new key to ada@example.com")
    page.get_by_role("link", name="Refund…").click()
    look(page)
    page.get_by_label("Single items").check()
    page.get_by_label("Twinspot (Team)").check()
    page.get_by_role("button", name="Next").click()
    look(page)
    page.get_by_role("button", name="Refund $79.00").dblclick()
    expect(page.get_by_text("refunded $79.00")).to_be_visible()
    assert sale.keys[1] not in sale.order_page()
