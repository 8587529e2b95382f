"""An owner publishes terms and asks for consent; a buyer on a phone reads them, ticks the box and pays."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.parts import come_in, form_on, pay_by_card
from tests.support.browser import PATIENCE_MS, PHONE, Complaints, assert_accessible, assert_fits
from tests.support.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def publish_terms(page: Page) -> None:
    page.get_by_role("button", name="Terms of sale", exact=True).click()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("[your")
    text = page.locator("#body_markdown")
    text.fill(re.sub(r"\[your [^\]]*\]", "Ada Lovelace, 1 Analytical Street", text.input_value()))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_role("heading", name="Published", exact=True)).to_be_visible()


def ask_for_consent(page: Page) -> None:
    page.get_by_label("Ask buyers to agree to immediate delivery").check()
    page.locator("#consent").get_by_role("button", name="Save").click()
    expect(page.get_by_text("It counts for checkouts that begin from now on.")).to_be_visible()


def buy_with_the_box(shop: Shop, chromium: Browser) -> None:
    context = chromium.new_context(viewport=PHONE, locale="en-US")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(f"{shop.url}/products/twinspot")
    page.get_by_role("link", name="Terms of sale").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Terms of sale")
    expect(page.get_by_text("Ada Lovelace, 1 Analytical Street").first).to_be_visible()
    assert_accessible(page)
    assert_fits(page)
    page.go_back()
    page.get_by_role("button", name=re.compile("^Buy (?!as a gift)")).click()
    form = form_on(page)
    pay_by_card(form)
    expect(form.get_by_test_id("terms-error")).to_contain_text("accept the terms")
    form.locator('[name="terms"]').check()
    form.get_by_test_id("submit").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is complete")
    context.close()


def test_asks_for_consent_and_keeps_it_with_the_order(
    shop: Shop, page: Page, chromium: Browser, complaints: Complaints
) -> None:
    complaints.expected.append("409")  # published with something left to fill in
    come_in(shop, page, "/admin/pages")
    publish_terms(page)
    page.goto(f"{shop.url}/admin/pages")
    ask_for_consent(page)
    assert_accessible(page)
    assert_fits(page)
    buy_with_the_box(shop, chromium)
    page.goto(f"{shop.url}/admin")
    page.locator('td a[href^="/admin/orders/"]').click()
    expect(page.get_by_text("Accepted, by a tick at the box")).to_be_visible()
