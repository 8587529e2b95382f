"""A bundle on a phone, bought by somebody who owns a part of it: told before paying, and given all of it."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.parts import form_on, key_texts, look, pay_by_card, sign_in
from tests.support.browser import PHONE
from tests.support.bundles import add_bundle
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Shop

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OWNED = "You already own Twinspot. The bundle includes it again."


@pytest.fixture
def viewport() -> Any:
    return PHONE


def test_tells_an_owner_of_a_part_and_gives_all_of_it(shop: Shop, sandbox: SandboxClient, page: Page) -> None:
    add_bundle(shop.app)
    first = sell(shop.app, sandbox, email=ADA)
    sign_in(shop, page)
    page.goto(shop.url)
    expect(page.locator(".card", has_text="Starter kit").get_by_text("Bundle", exact=True)).to_be_visible()
    page.get_by_role("link", name="Starter kit").click()
    expect(page.get_by_text(OWNED)).to_be_visible()
    expect(page.get_by_text("Bought one by one: $33.00")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_text(OWNED)).to_be_visible()
    expect(page.get_by_text("Includes Twinspot (Personal), The Patient Toolmaker (E-book)")).to_be_visible()
    look(page)
    page.get_by_role("button", name=re.compile("Check out")).click()
    pay_by_card(form_on(page))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    for part, file in (("Twinspot (Personal)", "twinspot-2.1.zip"), ("The Patient Toolmaker (E-book)", ".epub")):
        expect(page.get_by_role("region", name=part).get_by_text(file).first).to_be_visible()
    (key,) = key_texts(page)
    assert key not in first.keys
    look(page)
    page.goto(f"{shop.url}/library")
    assert set(key_texts(page)) == {key, *first.keys}
    look(page)
