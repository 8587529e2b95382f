"""A buyer opens a Payment Link on a phone, pays, and sees the shop for the first time with the key on it."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from storefront.core.db import db
from storefront.payments.checkout.payment_links import create_link
from tests.journeys.parts import key_texts, pay_by_card
from tests.support.browser import PHONE, assert_accessible, assert_fits
from tests.support.rows import read_rows
from tests.support.shop import Shop, keys_on

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def viewport() -> Any:
    return PHONE


def open_link(shop: Shop, page: Page, name: str) -> None:
    with shop.app.app_context():
        url = create_link([name]).url
        db.session.remove()
    page.goto(url)
    expect(page).to_have_url(re.compile(re.escape(shop.sandbox.url) + "/c/pay/"))


@pytest.mark.parametrize("order", ["page_first", "webhook_first"])
def test_has_the_key_on_screen_and_in_the_mail(shop: Shop, page: Page, order: str) -> None:
    shop.sandbox.control("config", webhook_order=order, page_first_delay_seconds=0.5)
    open_link(shop, page, "twinspot/Personal")
    pay_by_card(page)
    expect(page).to_have_url(re.compile(re.escape(shop.url) + r"/checkout/return\?session_id=cs_test_"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is complete")
    (key,) = key_texts(page)
    assert_fits(page)
    assert_accessible(page)
    with page.expect_download() as started:
        page.get_by_role("link", name="Download").first.click()
    assert started.value.suggested_filename == "twinspot-2.1.zip"
    shop.wait_for_event("checkout.session.completed")
    shop.work()
    (mail,) = shop.mails(to="ada@example.com")
    assert keys_on(str(mail["text"])) == [key]


def test_pays_what_a_promotion_code_leaves(shop: Shop, page: Page) -> None:
    coupon = shop.sandbox.stripe.v1.coupons.create({"percent_off": 50, "duration": "once"})
    promotion: Any = {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "HALF"}
    shop.sandbox.stripe.v1.promotion_codes.create(promotion)
    open_link(shop, page, "twinspot/Personal")
    page.locator('[name="promotionCode"]').fill("half")
    page.get_by_test_id("promotion-apply").click()
    expect(page.get_by_test_id("submit")).to_contain_text("$9.50")
    pay_by_card(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is complete")
    assert len(key_texts(page)) == 1
    assert read_rows(shop.app, "SELECT discount_minor, total_minor FROM orders") == [
        {"discount_minor": 950, "total_minor": 950}
    ]
