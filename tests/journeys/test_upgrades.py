"""A buyer of Personal upgrades on the order's page, in a real browser, and keeps the key for one more device."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.parts import form_on, key_texts, open_checkout, pay_by_card
from tests.support.shop import Buyer, Shop
from tests.support.upgrades import allow_upgrade

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def activate(shop: Shop, key: str, name: str) -> bool:
    form = {"license_key": key, "instance_name": name}
    buyer = Buyer(shop.app)
    answer = buyer.client.post("/v1/licenses/activate", data=form, base_url=buyer.base_url).get_json()
    return bool(answer["activated"])


def test_upgrades_a_full_key_and_uses_it_on_one_more_device(shop: Shop, page: Page) -> None:
    allow_upgrade(shop.app)
    open_checkout(shop, page, "twinspot", edition="Personal")
    pay_by_card(form_on(page))
    page.get_by_role("link", name=re.compile("order page")).click()
    [key] = key_texts(page)
    assert [activate(shop, key, f"Computer {number}") for number in range(4)] == [True, True, True, False]
    order_page = page.url
    page.reload()
    page.get_by_role("button", name="Upgrade to Team, $60.00").click()
    pay_by_card(form_on(page))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is complete")
    expect(page.get_by_text(f"Your license key ending in {key[-5:]} is Team now.")).to_be_visible()
    page.goto(order_page)
    assert key_texts(page) == [key]
    expect(page.get_by_text("3 of 30 devices")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Upgrade"))).to_have_count(0)
    assert activate(shop, key, "Computer 4")
