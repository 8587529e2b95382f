"""A form that was not taken, in a browser: what is wrong with it is in view, and in the title until it is right."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.parts import come_in
from tests.support.browser import PHONE, Complaints
from tests.support.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SMALL: Any = {"width": 360, "height": 740}
LOW: Any = {"width": 1280, "height": 720}
REFUSED = [
    ("/admin/orders?country=USA", "#country"),
    ("/admin/orders?state=x", "#state"),
    ("/admin?first=2026-05-01&last=2026-04-01", "#first"),
]


@pytest.mark.parametrize("viewport", [PHONE, SMALL, LOW])
def test_is_in_view_with_its_field(shop: Shop, page: Page, complaints: Complaints) -> None:
    complaints.expected.append("400")
    come_in(shop, page)
    for address, field in REFUSED:
        page.goto(shop.url + address)
        expect(page.locator(field)).to_be_focused()
        described = page.locator(field).get_attribute("aria-describedby")
        expect(page.locator(f"#{described}")).to_be_in_viewport(ratio=1)
        expect(page.locator(field)).to_be_in_viewport(ratio=1)
