"""What stands over a page, in a browser: what a save says is seen and heard, and what is used is in view."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.journeys.parts import come_in
from tests.support.browser import DESKTOP, PHONE, assert_fits
from tests.support.people import link_for, make_person
from tests.support.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTICE = "main > .notices"
# Whether the notice ends above the heading of the part that the address names.
BESIDE = """() => {
  const bottom = document.querySelector("main > .notices").getBoundingClientRect().bottom;
  return bottom <= document.querySelector(":target h2").getBoundingClientRect().top;
}"""
HEARD = """addEventListener("DOMContentLoaded", () => {
  const notices = document.querySelector("main > .notices");
  const isAdded = (record) => [...record.addedNodes].some((node) => node.isConnected);
  let heard = 0;
  const hear = (records) => { document.body.dataset.heard = heard += records.filter(isAdded).length; };
  if (notices) new MutationObserver(hear).observe(notices, { childList: true });
});"""
SMALL: Any = {"width": 320, "height": 640}
ZOOMED: Any = {"width": 640, "height": 360}
# Fields that have the focus, and that a bar covers whole.
COVERED = """() => {
  const bar = document.querySelector(".save-bar").getBoundingClientRect();
  const its = document.activeElement.getBoundingClientRect();
  const isIn = document.activeElement.closest("form") && !document.activeElement.closest(".save-bar");
  const isBehind = isIn && its.height && its.top >= bar.top - 1 && its.bottom <= bar.bottom + 1;
  return isBehind ? document.activeElement.outerHTML : "";
}"""


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP])
def test_is_seen_and_heard_where_the_save_was(shop: Shop, page: Page) -> None:
    come_in(shop, page, "/admin/shop")
    page.add_init_script(HEARD)
    for words in ("Saved.", "Nothing was changed."):
        page.locator("#support").get_by_role("textbox").fill("help@example.com")
        page.get_by_role("button", name="Save the address").click()
        expect(page.locator(NOTICE)).to_have_text(words)
        expect(page.locator(NOTICE)).to_be_in_viewport(ratio=1)
        expect(page.get_by_role("heading", name="Support")).to_be_in_viewport(ratio=1)
        assert page.evaluate("scrollY") > 0
        assert page.evaluate(BESIDE)
        expect(page.locator("body")).to_have_attribute("data-heard", "1")
    assert_fits(page)


def test_leaves_with_the_next_thing_that_is_typed(shop: Shop, page: Page) -> None:
    come_in(shop, page, "/admin/shop")
    page.add_init_script(HEARD)
    page.get_by_role("button", name="Save the address").click()
    expect(page.locator("body")).to_have_attribute("data-heard", "1")
    expect(page.locator(NOTICE)).to_be_in_viewport()
    page.get_by_label("Support address").press_sequentially("a")
    expect(page.locator(NOTICE)).not_to_be_in_viewport()
    expect(page.get_by_label("Support address")).to_be_in_viewport(ratio=1)


def test_is_seen_without_javascript(shop: Shop, page: Page, chromium: Browser) -> None:
    come_in(shop, page, "/admin/shop")
    context = chromium.new_context(
        java_script_enabled=False, viewport=PHONE, storage_state=page.context.storage_state()
    )
    plain = context.new_page()
    plain.goto(shop.url + "/admin/shop")
    plain.get_by_role("button", name="Save the time zone").click()
    expect(plain.locator(NOTICE)).to_be_in_viewport(ratio=1)
    expect(plain.get_by_role("heading", name="Time zone")).to_be_in_viewport(ratio=1)
    context.close()


@pytest.mark.parametrize("viewport", [PHONE])
def test_shows_many_lines_once_and_lets_them_scroll_away(shop: Shop, page: Page) -> None:
    person = make_person(shop.app, f"{'a' * 60}@{'b' * 60}.example")
    page.goto(shop.url + link_for(shop.app, person))
    page.get_by_role("button", name="Sign in").click()
    page.goto(shop.url + "/admin/shop")
    page.get_by_role("button", name="Send me a test email").click()
    expect(page.locator(NOTICE)).to_contain_text("A test email is on its way to aaaa")
    expect(page.locator(NOTICE)).to_be_in_viewport(ratio=1)
    page.get_by_role("heading", name="Test email").scroll_into_view_if_needed()
    page.mouse.wheel(0, 700)
    expect(page.locator(NOTICE)).not_to_be_in_viewport()


def hold_a_picture(page: Page) -> list[Route]:
    """Give the next pages one more picture, which does not come; return what the browser waits for."""
    held: list[Route] = []
    page.route("**/slow.png", lambda route: held.append(route))  # noqa: PLW0108 - Playwright looks into what it calls
    page.add_init_script("""addEventListener("DOMContentLoaded", () => {
      document.body.append(Object.assign(new Image(), { src: "/slow.png", alt: "" }));
    });""")
    return held


def let_come(page: Page, held: list[Route]) -> None:
    assert page.evaluate("document.readyState") == "interactive", "the picture has come too early"
    for route in held:
        route.fulfill(status=200, content_type="image/png", body=b"")
    page.wait_for_function("document.readyState === 'complete'")
    page.wait_for_timeout(1000)  # longer than the script waits


@pytest.mark.parametrize("viewport", [PHONE])
def test_moves_nobody_who_types_while_a_picture_is_on_its_way(shop: Shop, page: Page) -> None:
    person = make_person(shop.app, f"{'a' * 60}@{'b' * 60}.example")
    page.goto(shop.url + link_for(shop.app, person))
    page.get_by_role("button", name="Sign in").click()
    page.goto(shop.url + "/admin/shop")
    page.add_init_script(HEARD)
    held = hold_a_picture(page)
    page.get_by_role("button", name="Send me a test email").click(no_wait_after=True)
    expect(page.locator("body")).to_have_attribute("data-heard", "1")
    expect(page.locator(NOTICE)).to_be_in_viewport(ratio=1)
    greeting = page.locator("#mail_greeting")
    greeting.focus()
    greeting.press_sequentially("Dear reader")
    before = page.evaluate("scrollY")
    assert before > 1000
    let_come(page, held)
    assert page.evaluate("scrollY") == before
    expect(greeting).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("viewport", [PHONE])
def test_leaves_with_what_is_typed_while_a_picture_is_on_its_way(shop: Shop, page: Page) -> None:
    come_in(shop, page, "/admin/shop")
    held = hold_a_picture(page)
    page.get_by_role("button", name="Save the address").click(no_wait_after=True)
    expect(page.locator(NOTICE)).to_be_in_viewport(ratio=1)
    page.get_by_label("Support address").press_sequentially("a")
    expect(page.locator(NOTICE)).not_to_be_in_viewport()
    let_come(page, held)
    expect(page.locator(NOTICE)).not_to_be_in_viewport()


@pytest.mark.parametrize("viewport", [SMALL, ZOOMED, DESKTOP])
def test_hides_no_field_that_has_the_focus_behind_the_button_that_saves(shop: Shop, page: Page) -> None:
    come_in(shop, page, "/admin/products/twinspot")
    expect(page.locator(".is-loading")).to_have_count(0)
    page.get_by_label("Name", exact=True).first.press_sequentially("s")
    expect(page.get_by_text("Kept in this browser.")).to_be_visible()
    for key in ["Tab"] * 40 + ["Shift+Tab"] * 40:
        page.keyboard.press(key)
        assert page.evaluate(COVERED) == ""
