"""The checkout over a page of another site: a real browser, another host name, and third-party cookies blocked."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from playwright.sync_api import Browser, FrameLocator, Page, Route, expect

from tests.journeys.parts import KEY, form_on, key_texts, let_go, pay_by_card, pay_by_debit
from tests.payments.buy.frames import allow
from tests.support.browser import FLAGS, PATIENCE_MS, Complaints, assert_accessible, assert_fits, find_chromium
from tests.support.goods import change_price, change_product
from tests.support.rows import read_rows
from tests.support.shop import Shop, find_price
from tests.support.web_server import serve

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FRAME = 'iframe[title="Checkout"]'
FORM = 'iframe[name="embedded-checkout"]'
EVENTS = """
for (const type of ["opened", "completed", "closed"]) {
  document.addEventListener(`storefront:${type}`, (event) => {
    document.title += ` ${type} ${event.detail.order ?? ""}`.trimEnd();
  });
}
"""


@contextmanager
def foreign_site(shop: Shop, link: str) -> Iterator[str]:
    """Another site, at another host name: a page with the script twice, and one link that comes later."""
    site = Flask("blog")
    script = f'<script src="{shop.url}/buy.js" async></script>'

    @site.get("/")
    def page() -> str:
        return (
            '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Blog</title>'
            f'<main><h1>A blog</h1><p id="here"></p></main>{script}{script}<script>{EVENTS}</script>'
            f"<script>here.innerHTML = '<a href=\"{shop.url}{link}\" data-storefront>Buy it</a>'</script>"
        )

    @site.get("/favicon.ico")
    def no_icon() -> tuple[str, int]:
        return "", 204

    with serve(site) as port:
        yield f"http://localhost:{port}"


def open_overlay(page: Page, site: str) -> FrameLocator:
    page.goto(f"{site}/")
    page.wait_for_function(
        "Object.getOwnPropertySymbols(window).some((name) => /^storefront /.test(name.description))"
    )
    page.get_by_role("link", name="Buy it").click()
    return page.frame_locator(FRAME)


@pytest.fixture
def strict_page(chromium: Browser, complaints: Complaints) -> Iterator[Page]:
    """A small screen of a browser that gives frames of other sites no cookies."""
    args = [*FLAGS, "--test-third-party-cookie-phaseout"]
    browser = chromium.browser_type.launch(executable_path=find_chromium(), args=args)
    page = browser.new_context(viewport={"width": 320, "height": 640}, locale="en-US").new_page()
    page.set_default_timeout(PATIENCE_MS)
    complaints.listen(page)
    yield page
    browser.close()
    assert complaints.unexpected() == []


def test_sells_on_a_foreign_page_without_cookies(shop: Shop, strict_page: Page) -> None:
    page = strict_page
    with foreign_site(shop, "/buy/twinspot?edition=team&quantity=2") as site:
        allow(shop.app, site)
        frame = open_overlay(page, site)
        form = frame.frame_locator(FORM)
        expect(form.get_by_test_id("submit")).to_contain_text("$158.00")
        assert page.evaluate("document.activeElement.closest('dialog') !== null")
        assert_accessible(page)
        assert_fits(page)
        pay_by_card(form)
        expect(frame.get_by_role("heading", level=1)).to_contain_text("Your order is complete")
        keys = KEY.findall(frame.locator("main").inner_text())
        assert len(set(keys)) == 2
        assert_accessible(page)
        assert_fits(page)
        assert re.fullmatch(r"Blog opened completed [A-Z0-9-]+", page.title())
        assert page.context.cookies() == []
        with page.context.expect_page() as opened:
            frame.get_by_role("link", name="Open your order page").click()
        assert set(key_texts(opened.value)) == set(keys)
        assert opened.value.evaluate("window.opener") is None
        opened.value.close()
        page.get_by_role("button", name="Close checkout").click()
        expect(page.locator("dialog")).to_have_count(0)
        assert page.title().endswith("closed")
        assert page.evaluate("document.activeElement.textContent") == "Buy it"


def test_tells_a_foreign_page_of_an_order_once(shop: Shop, page: Page) -> None:
    """A debit is pending, is looked at twice, and is paid while the page is open."""
    change_price(shop.app, find_price(shop.app, "twinspot", "Personal"), currency="eur")
    with foreign_site(shop, "/buy/twinspot") as site:
        allow(shop.app, site)
        frame = open_overlay(page, site)
        heading = frame.get_by_role("heading", level=1)
        pay_by_debit(frame.frame_locator(FORM), "AT611904300234573201")
        expect(heading).to_contain_text("Payment pending")
        once = page.title()
        assert re.fullmatch(r"Blog opened completed [A-Z0-9-]+", once)
        for _look in range(2):
            with page.expect_response(re.compile("/frame/paid")):
                frame.get_by_role("button", name="Check again").click()
            expect(heading).to_be_focused()
        (order,) = read_rows(shop.app, "SELECT payment_intent_id FROM orders")
        shop.sandbox.settle(order["payment_intent_id"])
        expect(heading).to_contain_text("Your order is complete")
        assert page.title() == once


def test_looks_again_by_itself_once_however_often_it_was_asked_offline(
    shop: Shop, page: Page, complaints: Complaints
) -> None:
    complaints.expected += ["Failed to load resource"]
    change_price(shop.app, find_price(shop.app, "twinspot", "Personal"), currency="eur")
    with foreign_site(shop, "/buy/twinspot") as site:
        allow(shop.app, site)
        frame = open_overlay(page, site)
        held: list[Route] = []
        page.route(re.compile("/frame/paid"), lambda route: held.append(route))  # noqa: PLW0108 - the method takes no mark
        pay_by_debit(frame.frame_locator(FORM), "AT611904300234573201")
        status = frame.locator("[data-looking]")
        expect(status).to_have_text("We're checking your payment. Please don't pay again.")
        expect(frame.get_by_role("link")).to_have_count(0)  # none that begins a second checkout
        assert_accessible(page)
        let_go(page, held)
        page.unroute(re.compile("/frame/paid"))
        expect(frame.get_by_role("heading", level=1)).to_contain_text("Payment pending")
        expect(frame.get_by_role("link", name="Open in a new tab")).to_be_visible()
        looks: list[str] = []
        page.on("requestfailed", lambda request: looks.append(request.url))
        page.route(re.compile("/frame/paid"), lambda route: route.abort())
        for _press in range(3):
            with page.expect_event("requestfailed"):
                frame.get_by_role("button", name="Check again").click()
        expect(status).to_contain_text("The connection failed. We'll try again automatically.")
        page.wait_for_timeout(7_000)  # it looks each five seconds
        assert len(looks) == 3 + 1
        page.unroute(re.compile("/frame/paid"))
        (order,) = read_rows(shop.app, "SELECT payment_intent_id FROM orders")
        shop.sandbox.settle(order["payment_intent_id"])
        expect(frame.get_by_role("heading", level=1)).to_contain_text("Your order is complete")


def test_leads_to_a_new_tab_at_once_where_stripes_script_is_blocked(
    shop: Shop, page: Page, complaints: Complaints
) -> None:
    complaints.expected.append("ERR_FAILED")
    page.route("**/endive/stripe.js", lambda route: route.abort())
    with foreign_site(shop, "/buy/twinspot") as site:
        allow(shop.app, site)
        frame = open_overlay(page, site)
        way = frame.get_by_role("link", name="Open the checkout")
        expect(way).to_be_visible(timeout=5_000)  # not after the ten seconds that it waits for a slow one
        assert way.get_attribute("href") == "/buy/twinspot"


def test_shows_a_link_where_the_site_is_not_named(shop: Shop, page: Page, complaints: Complaints) -> None:
    complaints.expected += ["frame-ancestors", "403"]
    with foreign_site(shop, "/buy/twinspot") as site:
        allow(shop.app)
        open_overlay(page, site)
        way = page.get_by_role("link", name="Open it in a new tab")
        expect(way).to_be_focused()
        assert way.get_attribute("href") == f"{shop.url}/buy/twinspot"
        assert not page.locator(FRAME).is_visible()
        page.keyboard.press("Escape")
        expect(page.locator("dialog")).to_have_count(0)


def test_follows_the_keyboard_and_the_back_button(shop: Shop, page: Page) -> None:
    with foreign_site(shop, "/buy/twinspot?code=nobody") as site:
        allow(shop.app, site)
        link = page.get_by_role("link", name="Buy it")
        frame = open_overlay(page, site)
        go_on = frame.get_by_role("button", name="Continue to checkout")
        expect(go_on).to_be_visible()
        go_on.focus()
        page.keyboard.press("Escape")  # inside the frame
        expect(page.locator("dialog")).to_have_count(0)
        # Not `to_be_focused`: the browser decides whether the page has the focus again once its frame is gone.
        page.wait_for_function("document.activeElement.textContent === 'Buy it'")
        link.press("Enter")
        go_on.click()
        expect(frame.frame_locator(FORM).get_by_test_id("submit")).to_contain_text("$19.00")
        page.get_by_role("button", name="Close checkout").click()
        expect(page.locator("dialog")).to_have_count(0)
        page.keyboard.press("Enter")
        expect(go_on).to_be_visible()
        page.go_back()
        expect(page.locator("dialog")).to_have_count(0)
        assert page.url == f"{site}/"
        with page.context.expect_page() as opened:
            link.click(modifiers=["ControlOrMeta"])
        expect(opened.value.get_by_role("heading", name="Buy Twinspot")).to_be_visible()


def test_sells_in_the_language_of_the_link(shop: Shop, page: Page) -> None:
    with foreign_site(shop, "/de/buy/twinspot") as site:
        allow(shop.app, site)
        page.goto(f"{site}/")
        page.get_by_role("link", name="Buy it").click()
        frame = page.frame_locator('iframe[title="Kasse"]')
        pay_by_card(frame.frame_locator(FORM))
        expect(frame.get_by_role("heading", level=1)).to_contain_text("Ihre Bestellung ist")
        frame.get_by_role("button", name="Kopieren").first.click()
        expect(frame.get_by_role("button", name=re.compile("^(Kopiert|Gewählt)")).first).to_be_visible()


def test_leads_the_window_to_stripes_own_page(shop: Shop, page: Page) -> None:
    change_product(shop.app, "twinspot", checkout_ui="hosted")
    with foreign_site(shop, "/buy/twinspot") as site:
        allow(shop.app, site)
        open_overlay(page, site)
        expect(page).to_have_url(re.compile(re.escape(shop.sandbox.url) + "/c/pay/"))


def test_goes_on_by_itself_and_stays_for_who_comes_back(shop: Shop, page: Page) -> None:
    page.goto(f"{shop.url}/products/twinspot")
    page.goto(f"{shop.url}/buy/twinspot?quantity=3")
    expect(page).to_have_url(re.compile("/checkout/[^/]+$"))
    expect(form_on(page).get_by_test_id("submit")).to_contain_text("$57.00")
    page.go_back()
    expect(page).to_have_url(f"{shop.url}/products/twinspot")
