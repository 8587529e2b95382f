"""The pages in Chromium: readable for everybody, and the scripts with all the ways Stripe.js can fail."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from flask import Flask, render_template, request, request_started
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from storefront.shop.cart.cart import CartLine
from storefront.shop.cart.priced import price_cart
from storefront.shop.catalog.amounts import amount_of
from storefront.shop.editor.editions import change_edition
from storefront.shop.editor.prices import set_price
from tests.journeys.parts import let_go
from tests.support.browser import PATIENCE_MS, assert_accessible, assert_fits
from tests.support.goods import make_denied_purchase, make_purchase
from tests.support.shop import find_price
from tests.support.web_server import serve

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

STRIPE_JS = "https://stripe.example/stripe.js"
FORM_APPEARS = """
window.Stripe = (key) => ({
  createEmbeddedCheckoutPage: async ({ fetchClientSecret }) => {
    const secret = await fetchClientSecret();
    return { mount: (place) => { document.querySelector(place).textContent = `${key} ${secret}`; }, destroy() {} };
  },
});
"""
FORM_REFUSES = "window.Stripe = () => ({ createEmbeddedCheckoutPage: async () => { throw new Error('no'); } });"
WAITING = make_denied_purchase("awaiting_payment", "We are waiting for your bank.")
PAGES: dict[str, dict[str, Any]] = {
    "buyers/library/order.html": {"purchase": make_purchase()},
    "payments/checkout/fulfilled.html": {
        "purchase": make_purchase(),
        "show_keys": True,
        "session_id": "cs_test_1",
    },
    "payments/checkout/waiting.html": {"purchase": WAITING, "show_keys": True},
    "payments/checkout/failed.html": {"purchase": WAITING, "again_url": "/"},
    "payments/checkout/expired.html": {"purchase": None, "again_url": "/"},
    "web/payment_safe.html": {
        "title": "Your payment is safe",
        "message": "The shop cannot reach its data.",
        "again_seconds": 5,
    },
    "payments/checkout/trouble.html": {
        "message": "Away.",
        "retry": True,
        "token": None,
        "nonce": "n",
        "price_id": None,
        "back_url": "/cart",
        "began_at": "cart",
    },
    "payments/checkout/ask_again.html": {"purchase": WAITING, "nonce": "n", "price_id": None},
    "payments/checkout/by_mail.html": {"purchase": make_purchase(), "is_here": True},
}


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    """The shop on a port, with the pages that only a payment leads to at addresses of their own."""

    @app.get("/shown/<path:name>")
    def shown(name: str) -> str:
        return render_template(name, **PAGES[name])

    @app.get("/paying")
    def paying() -> str:
        cart = price_cart((CartLine(price_id=find_price(app, "twinspot"), quantity=1),))
        return render_template(
            "payments/checkout/form.html",
            token="tok",
            client_secret="secret",
            publishable_key="pk",
            stripe_js_url=STRIPE_JS,
            priced=cart,
            pictures={},
            return_url="/",
            back_url="/cart",
            is_from_cart=True,
            seconds_left=1,
        )

    with serve(app) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def open_context(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    opened: list[BrowserContext] = []

    def open_one(**options: Any) -> BrowserContext:
        opened.append(chromium.new_context(**options))
        opened[-1].set_default_timeout(PATIENCE_MS)
        return opened[-1]

    yield open_one
    for context in opened:
        context.close()


@pytest.fixture
def page(open_context: Callable[..., BrowserContext]) -> Page:
    return open_context().new_page()


def pay(page: Page, url: str, stripe_js: str | None) -> None:
    """Open the paying page with this Stripe.js; None is one that never answers."""

    def answer(route: Route) -> None:
        if stripe_js is not None:
            route.fulfill(body=stripe_js, content_type="text/javascript")

    page.route(STRIPE_JS, answer)
    page.goto(url + "/paying", wait_until="commit")


def test_has_no_accessibility_faults_and_fits_small_screens(
    open_context: Callable[..., BrowserContext], url: str
) -> None:
    page = open_context(viewport={"width": 320, "height": 640}).new_page()
    page.goto(url + "/cart")
    visit(page)
    page.goto(url + "/products/twinspot")
    page.get_by_role("button", name="Add to cart").click()
    for path in ("/cart", "/", "/products/twinspot", "/products/nothing", *(f"/shown/{name}" for name in PAGES)):
        page.goto(url + path)
        visit(page)


def visit(page: Page) -> None:
    assert_accessible(page)
    assert_fits(page)


def test_shows_the_payment_form(page: Page, url: str) -> None:
    pay(page, url, FORM_APPEARS)
    page.wait_for_selector("text=pk secret")
    assert not page.is_visible("[data-fallback]")
    assert not page.is_visible("[data-skeleton]")


def test_replaces_a_payment_form_that_refuses_by_stripes_page(page: Page, url: str) -> None:
    pay(page, url, FORM_REFUSES)
    page.get_by_role("button", name="Continue to Stripe").wait_for()


def test_replaces_blocked_stripe_js_by_stripes_page(page: Page, url: str) -> None:
    page.route(STRIPE_JS, lambda route: route.abort())
    page.goto(url + "/paying")
    page.get_by_role("button", name="Continue to Stripe").wait_for()


def test_replaces_a_payment_form_that_expires_on_the_screen_by_what_happened(page: Page, url: str) -> None:
    pay(page, url, FORM_APPEARS)
    page.wait_for_selector("text=pk secret")
    page.unroute("**/paying")

    def ask(route: Route) -> None:
        if "json" in route.request.headers["accept"]:
            route.fulfill(json={"state": "expired", "session": "cs_test_1"})
        else:
            route.fulfill(body="That checkout has expired.", content_type="text/html")

    page.route("**/paying", ask)
    page.wait_for_selector("text=That checkout has expired.", timeout=PATIENCE_MS)


@pytest.mark.slow
def test_replaces_silent_stripe_js_after_ten_seconds(page: Page, url: str) -> None:
    pay(page, url, None)
    page.wait_for_selector("[data-skeleton]")
    assert not page.is_visible("[data-fallback]")
    page.get_by_role("button", name="Continue to Stripe").wait_for()


def test_shows_the_way_to_pay_without_javascript(open_context: Callable[..., BrowserContext], url: str) -> None:
    page = open_context(java_script_enabled=False).new_page()
    page.goto(url + "/paying")
    assert page.is_visible("text=Continue to Stripe")
    page.goto(url + "/shown/buyers/library/order.html")
    assert not page.is_visible("[data-copy]")


def test_copies_a_key_and_says_so(open_context: Callable[..., BrowserContext], url: str) -> None:
    page = open_context(permissions=["clipboard-read", "clipboard-write"]).new_page()
    page.goto(url + "/shown/buyers/library/order.html")
    page.locator("[data-copy]").nth(1).click()
    page.wait_for_selector("p[role=status]:has-text('Copied')", state="attached")
    assert page.evaluate("navigator.clipboard.readText()") == "TEST-EEEEE-FFFFF-GGGGG-HHHHH"


@pytest.mark.slow
def test_reloads_the_waiting_page_on_news_only(page: Page, url: str) -> None:
    answers = ["awaiting_payment", "fulfilled"]

    def poll(route: Route) -> None:
        if "json" in route.request.headers["accept"]:
            route.fulfill(json={"state": answers.pop(0)})
        else:
            route.continue_()

    page.route("**/shown/payments/checkout/waiting.html", poll)
    page.goto(url + "/shown/payments/checkout/waiting.html")
    with page.expect_event("load"):
        pass
    assert answers == []


def test_leaves_room_for_the_name_of_an_edition_that_buyers_set_the_price_of(
    page: Page, url: str, app: Flask
) -> None:
    with app.app_context():
        set_price("twinspot", "personal", "usd", amount_of(1000, 500, 500000))
        change_edition("twinspot", "team", {"name": "Donaudampfschifffahrtsgesellschaftskapitän"})
    for width in (320, 390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(url + "/products/twinspot")
        assert_fits(page)
        names = page.locator(".edition-name").evaluate_all("all => all.map(each => each.offsetWidth)")
        assert min(names) >= 140, (width, names)


def test_needs_no_button_for_a_changed_quantity(page: Page, url: str) -> None:
    page.goto(url + "/products/the-patient-toolmaker")
    page.get_by_role("button", name="Add to cart").click()
    page.wait_for_url("**/cart")  # with its script
    page.get_by_role("spinbutton").fill("5")
    page.keyboard.press("Tab")
    page.wait_for_selector(".summary:has-text('$70.00')")
    expect(page.get_by_text("Update quantities")).to_be_hidden()


def test_leaves_the_keyboard_where_it_was_when_the_cart_is_shown_anew(page: Page, url: str) -> None:
    page.goto(url + "/products/the-patient-toolmaker")
    page.get_by_role("button", name="Add to cart").click()
    page.wait_for_url("**/cart")
    expect(page.locator("body")).to_be_focused()
    page.get_by_role("spinbutton").focus()
    for total in ("$28.00", "$42.00"):
        page.keyboard.press("ArrowUp")
        page.wait_for_selector(f".summary:has-text('{total}')")
        expect(page.get_by_role("spinbutton")).to_be_focused()
    for total, name in (("$56.00", "Remove"), ("$70.00", "Check out")):
        page.get_by_role("spinbutton").focus()
        page.keyboard.press("ArrowUp")
        page.get_by_role("button", name=name).focus()
        page.wait_for_selector(f".summary:has-text('{total}')")
        expect(page.get_by_role("button", name=name)).to_be_focused()
    page.reload()
    expect(page.locator("body")).to_be_focused()


def test_sends_a_quantity_once_for_some_presses_of_an_arrow_key(page: Page, url: str) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.clock.install()
    page.goto(url + "/products/the-patient-toolmaker")
    page.get_by_role("button", name="Add to cart").click()
    page.wait_for_url("**/cart")
    page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))
    sent.clear()
    page.get_by_role("spinbutton").focus()
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    assert sent == []
    page.clock.run_for(700)
    page.wait_for_selector(".summary:has-text('$56.00')")
    assert [address.removeprefix(url) for address in sent] == ["/cart/update"]


def test_updates_the_cart_by_enter_in_a_quantity(open_context: Callable[..., BrowserContext], url: str) -> None:
    """And does not press the first button of the line, which removes it."""
    page = open_context(java_script_enabled=False).new_page()
    page.goto(url + "/products/the-patient-toolmaker")
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("spinbutton").fill("3")
    page.keyboard.press("Enter")
    page.wait_for_selector(".summary:has-text('$42.00')")


class TestCartByKeyboard:
    """With a clock that stands still, so that no pause ends by itself."""

    @pytest.fixture
    def sent(self, page: Page, url: str) -> list[str]:
        """What the cart is told, after the first copy is in it."""
        page.clock.install()
        page.goto(url + "/products/the-patient-toolmaker")
        page.get_by_role("button", name="Add to cart").click()
        page.wait_for_url("**/cart")
        page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))
        sent: list[str] = []
        page.on("request", lambda request: sent.extend(quantities_in(request.post_data or "")))
        page.get_by_role("spinbutton").focus()
        return sent

    def test_waits_with_a_quantity_until_it_is_typed(self, page: Page, sent: list[str]) -> None:
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Control+A")
        page.keyboard.press("1")
        page.clock.run_for(700)
        page.keyboard.press("5")
        assert sent == []
        page.keyboard.press("Tab")
        page.wait_for_selector(".summary:has-text('$210.00')")
        assert sent == ["15"]

    @pytest.mark.parametrize("late", ["**/cart/update", "**/cart"])
    def test_keeps_the_page_while_a_quantity_is_typed(self, page: Page, sent: list[str], late: str) -> None:
        """The answer, or the page that follows it, comes after the first digit."""
        held: list[Route] = []
        page.route(late, lambda route: held.append(route), times=1)  # noqa: PLW0108 - Playwright marks it
        page.keyboard.press("ArrowUp")
        with page.expect_request(late):
            page.clock.run_for(700)
        page.keyboard.press("Control+A")
        page.keyboard.press("1")
        let_go(page, held)
        page.keyboard.press("5")
        page.keyboard.press("Enter")
        page.wait_for_selector(".summary:has-text('$210.00')")
        assert sent == ["2", "15"]

    @pytest.mark.usefixtures("sent")
    def test_takes_along_what_was_pressed_when_the_page_is_left(self, page: Page, url: str) -> None:
        """Playwright does not see what a page sends at its end; the server, in this process, does."""
        asked: list[str] = []

        def note(_app: Flask, **_more: object) -> None:
            asked.append(request.path)

        with request_started.connected_to(note):
            page.keyboard.press("ArrowUp")
            page.keyboard.press("ArrowUp")
            page.goto(url + "/")
            waited_ms = 0
            while "/cart/update" not in asked and waited_ms < PATIENCE_MS:
                page.wait_for_timeout(20)
                waited_ms += 20
            page.goto(url + "/cart")
            expect(page.get_by_role("spinbutton")).to_have_value("3")
            page.clock.run_for(700)
        assert asked.count("/cart/update") == 1

    @pytest.mark.usefixtures("sent")
    def test_gives_no_later_cart_the_place_of_one_that_is_empty(self, page: Page, url: str) -> None:
        page.keyboard.press("ArrowDown")
        page.clock.run_for(700)
        page.wait_for_selector("text=Your cart is empty")
        page.goto(url + "/products/the-patient-toolmaker")
        page.get_by_role("button", name="Add to cart").click()
        page.wait_for_url("**/cart")
        expect(page.locator("body")).to_be_focused()

    @pytest.mark.usefixtures("sent")
    def test_stays_at_the_question_for_a_code(self, page: Page) -> None:
        page.keyboard.press("ArrowUp")
        page.locator("summary").focus()
        page.wait_for_selector(".summary:has-text('$28.00')")
        expect(page.locator("summary")).to_be_focused()


def quantities_in(body: str) -> list[str]:
    return [value for name, value in parse_qsl(body) if name.startswith("quantity-")]
