"""The buttons of a product on a phone: in reach wherever it is scrolled, with the price of what is chosen."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import PHONE
from tests.support.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COVERED = """() => {
  const bar = document.querySelector(".buy-buttons");
  return [...document.querySelectorAll("a, button, input:not([type=hidden]), summary")].filter((each) => {
    if (bar.contains(each)) return false;
    each.focus();
    const [its, bars] = [each.getBoundingClientRect(), bar.getBoundingClientRect()];
    return document.activeElement === each && its.bottom > bars.top + 1 && its.top < bars.bottom - 1;
  }).length;
}"""


LINES = """(buttons) => buttons.map((button) => {
  const range = document.createRange();
  range.selectNodeContents(button);
  const parts = [...range.getClientRects()].filter((each) => each.width > 1);
  return new Set(parts.map((each) => Math.round(each.top / 8))).size;
})"""


@pytest.mark.parametrize("options", [{"java_script_enabled": False}, {"viewport": {"width": 320, "height": 600}}])
def test_stays_in_reach_and_follows_the_edition(shop: Shop, chromium: Browser, options: dict[str, Any]) -> None:
    context = chromium.new_context(**({"viewport": PHONE} | options))
    page = context.new_page()
    page.goto(f"{shop.url}/products/twinspot")
    buy = page.get_by_role("button", name=re.compile("^Buy (?!as a gift)"))
    expect(buy).to_have_accessible_name("Buy now, $19.00")
    expect(buy).to_be_in_viewport(ratio=1)
    bar = page.locator(".buy-buttons").bounding_box()
    assert bar
    assert bar["height"] < 96, "it leaves the page its room: what is for few stands below it"
    page.get_by_label(re.compile("Team")).check()
    expect(buy).to_have_accessible_name("Buy now, $79.00")
    page.get_by_role("link", name="Contact the shop").scroll_into_view_if_needed()
    expect(page.get_by_role("link", name="Contact the shop")).to_be_in_viewport(ratio=1)
    if "viewport" in options:
        assert page.evaluate(COVERED) == 0
    context.close()


@pytest.mark.parametrize("path", ["products/twinspot", "products/soft-taps", "de/products/twinspot"])
def test_has_one_line_on_a_phone(shop: Shop, chromium: Browser, path: str) -> None:
    page = chromium.new_page(viewport={"width": 360, "height": 800})
    page.goto(f"{shop.url}/{path}")
    lines = page.locator(".buy-buttons .button").evaluate_all(LINES)
    assert lines == [1, 1]
    page.set_viewport_size({"width": 700, "height": 800})
    name = "Personal" if "twinspot" in path else "One project"
    expect(page.locator(".buy-buttons .button").first).to_contain_text(name)
    page.close()
