"""A form that was not taken, in a browser: what is wrong is in view, and in the title until it is right."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.parts import come_in
from tests.shop.media.drawn import add, draw, saved
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


def test_is_in_the_title_until_every_part_is_right(shop: Shop, page: Page, complaints: Complaints) -> None:
    complaints.expected.append("400")
    for number in (1, 2):
        add(shop.app, saved(draw(color=(number * 60, 90, 160))), alt="")
    come_in(shop, page, "/admin/products/twinspot")
    title = page.title()
    first = page.locator("#pictures .alt").first
    for words in ("Two dots", "Two blue dots"):
        first.fill("y" * 201)
        first.press("Enter")
        expect(page).to_have_title(f"Error: {title}")
        first.fill(words)
        first.press("Enter")
        expect(page.locator("#pictures [data-note]")).to_have_text("Saved.")
        expect(page).to_have_title(title)
    first.fill("y" * 201)
    first.evaluate("field => field.form.submit()")  # as a whole page, past the script
    expect(page.locator("#pictures [data-first-error]")).to_be_focused()
    expect(page).to_have_title(f"Error: {title}")
    first.fill("Three dots")
    first.press("Enter")
    expect(page.locator("#pictures [data-note]")).to_have_text("Saved.")
    expect(page).to_have_title(title)
    price = page.locator("#edition-personal").get_by_label(re.compile("^USD"))
    price.fill("0.20")
    price.press("Enter")
    expect(page.locator("#edition-personal [data-first-error]")).to_be_focused()
    first.fill("Four dots")
    first.press("Enter")
    expect(page.locator("#pictures [data-note]")).to_have_text("Saved.")
    expect(page).to_have_title(f"Error: {title}")
