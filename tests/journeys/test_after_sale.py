"""What a buyer sees after the sale, in a real browser: refunds, disputes, and a bank that takes days."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.parts import form_on, key_texts, open_checkout, pay_by_card, pay_by_debit
from tests.support.browser import PHONE, Complaints, assert_accessible, assert_fits
from tests.support.goods import change_price
from tests.support.rows import read_rows
from tests.support.shop import Shop, find_price, keys_on, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DAY_SECONDS = 24 * 60 * 60


@pytest.fixture
def viewport() -> Any:
    return PHONE


def buy(shop: Shop, page: Page) -> list[str]:
    """To the order's own page; returns the keys on it."""
    open_checkout(shop, page, "twinspot", edition="Personal")
    pay_by_card(form_on(page))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is complete")
    page.get_by_role("link", name=re.compile("order page")).click()
    expect(page).to_have_url(re.compile("/orders/"))
    shop.wait_for_event("checkout.session.completed")
    return key_texts(page)


def payment_of(shop: Shop) -> str:
    return str(read_rows(shop.app, "SELECT payment_intent_id FROM orders")[0]["payment_intent_id"])


def charge_of(shop: Shop) -> str:
    return str(shop.sandbox.stripe.v1.payment_intents.retrieve(payment_of(shop)).latest_charge)


def test_finds_a_refunded_order_closed_and_its_links_too(shop: Shop, page: Page, complaints: Complaints) -> None:
    (key,) = buy(shop, page)
    order_page = page.url
    link = page.get_by_role("link", name="Download").first.get_attribute("href")
    refund: Any = {"payment_intent": payment_of(shop)}
    shop.sandbox.stripe.v1.refunds.create(refund)
    shop.wait_for_event("charge.refunded")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Refunded")
    expect(page.locator("main")).to_contain_text("This order was refunded")
    expect(page.get_by_text("\N{MINUS SIGN}$19.00")).to_be_visible()
    assert key_texts(page) == []
    expect(page.get_by_role("link", name="Download")).to_have_count(0)
    assert_accessible(page)
    assert_fits(page)
    complaints.expected.append("403")
    page.goto(str(link))
    expect(page.locator("main")).to_contain_text("This order was refunded")
    assert_accessible(page)
    shop.work()
    mail = shop.mails(to="ada@example.com")[0]
    assert mail["subject"].startswith("Refunded: $19.00")
    assert key not in mail["text"]
    assert order_page in mail["text"]


def test_finds_the_order_paused_while_disputed_and_the_same_key_when_it_is_won(shop: Shop, page: Page) -> None:
    keys = buy(shop, page)
    dispute = shop.sandbox.control(f"charges/{charge_of(shop)}/dispute", reason="product_not_received")
    shop.wait_for_event("charge.dispute.created")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("This order is on hold")
    assert key_texts(page) == []
    assert_accessible(page)
    assert_fits(page)
    shop.sandbox.control(f"disputes/{dispute['id']}/move", status="won")
    shop.wait_for_event("charge.dispute.closed")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your order")
    assert key_texts(page) == keys
    shop.work()
    owner = [mail["subject"] for mail in shop.mails(to="owner@storefront.example")]
    assert owner == [], "the dispute was over before its mail left"


def test_loses_only_the_part_that_a_refund_names(shop: Shop, page: Page) -> None:
    page.goto(f"{shop.url}/products/the-patient-toolmaker")
    page.get_by_role("button", name=re.compile("Add to cart")).click()
    (key,) = buy(shop, page)
    items = read_rows(shop.app, "SELECT position, description, total_minor FROM order_items ORDER BY position")
    book = next(item for item in items if "Toolmaker" in item["description"])
    refund: Any = {
        "payment_intent": payment_of(shop),
        "amount": book["total_minor"],
        "metadata": {"storefront_items": str(book["position"])},
    }
    shop.sandbox.stripe.v1.refunds.create(refund)
    shop.wait_for_event("charge.refunded")
    page.reload()
    expect(page.locator("main")).to_contain_text("Below you see what still works")
    page.get_by_text("One refunded item").click()
    expect(page.get_by_text("This part of the order was refunded")).to_be_visible()
    assert key_texts(page) == [key]
    expect(page.get_by_role("link", name="Download")).to_have_count(1)
    assert_accessible(page)
    assert_fits(page)


def test_waits_through_days_of_the_banks_time_and_sees_the_key_arrive(shop: Shop, page: Page) -> None:
    change_price(shop.app, find_price(shop.app, "twinspot", "Personal"), currency="eur")
    shop.sandbox.control("config", settle_after_seconds=3 * DAY_SECONDS)
    open_checkout(shop, page, "twinspot")
    pay_by_debit(form_on(page), "AT611904300234573201")
    expect(page.get_by_role("heading", level=1)).to_contain_text("pending")
    shop.wait_for_event("checkout.session.completed")
    for _day in range(2):
        shop.sandbox.advance(DAY_SECONDS)
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_contain_text("pending")
        expect(page.locator("main")).to_contain_text("t pay again")
        assert key_texts(page) == []
    assert_accessible(page)
    assert_fits(page)
    shop.sandbox.advance(DAY_SECONDS + 60)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is complete")
    (key,) = key_texts(page)
    shop.wait_for_event("checkout.session.async_payment_succeeded")
    shop.work()
    assert wait_for(lambda: keys_on(str(shop.mails(to="ada@example.com")[0]["text"]))) == [key]
