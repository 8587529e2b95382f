"""A gift on a phone, from the product's page to the key that its receiver copies out of the email's link."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.parts import form_on, key_texts, look, pay_by_card
from tests.support.browser import PHONE
from tests.support.gifts import ROSA, hand_over
from tests.support.shop import ADA, Shop, keys_on

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def viewport() -> Any:
    return PHONE


def test_goes_from_the_product_to_the_key_of_who_receives_it(shop: Shop, chromium: Browser, page: Page) -> None:
    page.goto(f"{shop.url}/products/twinspot")
    page.get_by_role("button", name="Buy as a gift").click()
    look(page)
    page.get_by_label("Email of who gets it").fill(ROSA)
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Message").fill("Happy birthday!\nSee you soon.")
    page.get_by_role("button", name="Check out $19.00").click()
    pay_by_card(form_on(page))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    expect(page.get_by_role("region", name="Your gift")).to_contain_text("A gift for r…@example.net")
    assert key_texts(page) == []
    look(page)
    shop.sandbox.wait_until_delivered()
    hand_over(shop.app)
    (mail,) = shop.mails(to=ROSA)
    link = re.search(r"/orders/[0-9a-f]{32}", str(mail["text"]))
    assert link
    context = chromium.new_context(viewport=PHONE)
    received = context.new_page()
    received.goto(shop.url + link[0])
    expect(received.get_by_role("heading", level=1)).to_have_text("Ada sent you a gift")
    expect(received.get_by_text("See you soon.")).to_be_visible()
    assert key_texts(received) == keys_on(str(mail["text"]))
    assert len(key_texts(received)) == 1
    look(received)
    context.close()
    assert not any(keys_on(str(mail)) for mail in shop.mails(to=ADA))
