"""What a buyer does, in a real browser: through the embedded form's frame, page first and webhook first."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from storefront.core.tokens import is_token
from storefront.orders.models import Order
from storefront.payments.checkout.browser import DRAWN_LETTERS
from tests.journeys.parts import form_on, key_texts, let_go, open_checkout, pay_by_card, pay_by_debit
from tests.support.browser import Complaints
from tests.support.discounts import discount
from tests.support.goods import change_price
from tests.support.rows import count_rows, read_rows
from tests.support.shop import Shop, find_price, keys_on

pytestmark = [pytest.mark.browser, pytest.mark.slow]
both_orders = pytest.mark.parametrize("order", ["page_first", "webhook_first"])


def set_order(shop: Shop, order: str) -> None:
    shop.sandbox.control("config", webhook_order=order, page_first_delay_seconds=0.5)


def expect_delivered(shop: Shop, page: Page, *, keys: int) -> list[str]:
    """On screen, on the order page and in the mail: the same keys."""
    expect(page).to_have_url(re.compile(r"/checkout/return\?session_id=cs_test_"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is complete")
    shown = key_texts(page)
    assert len(shown) == keys
    shop.wait_for_event("checkout.session.completed")
    shop.work()
    mails = shop.mails(to="ada@example.com")
    assert sorted(keys_on(str(mails[0]["text"]))) == sorted(shown)
    return shown


@both_orders
def test_pays_by_card_and_has_the_key_on_screen_and_in_the_mail(shop: Shop, page: Page, order: str) -> None:
    set_order(shop, order)
    open_checkout(shop, page, "twinspot", edition="Personal")
    pay_by_card(form_on(page))
    shown = expect_delivered(shop, page, keys=1)
    expect(page.get_by_role("link", name="Download").first).to_be_visible()
    page.get_by_role("link", name=re.compile("order page")).click()
    assert key_texts(page) == shown
    with page.expect_download() as started:
        page.get_by_role("link", name="Download").first.click()
    assert started.value.suggested_filename == "twinspot-2.1.zip"
    page.goto(shop.url + "/cart")
    expect(page.get_by_text("Your cart is empty")).to_be_visible()


@both_orders
def test_is_told_of_a_decline_and_pays_with_another_card(
    shop: Shop, page: Page, complaints: Complaints, order: str
) -> None:
    set_order(shop, order)
    open_checkout(shop, page, "twinspot", edition="Personal")
    form = form_on(page)
    complaints.expected.append("402")  # the browser itself notes the declined request
    pay_by_card(form, number="4000000000009995")
    expect(form.get_by_test_id("payment-error")).to_contain_text("insufficient funds")
    pay_by_card(form)
    expect_delivered(shop, page, keys=1)
    assert count_rows(shop.app, Order) == {"orders": 1}


@both_orders
def test_fails_then_passes_3d_secure(shop: Shop, page: Page, complaints: Complaints, order: str) -> None:
    set_order(shop, order)
    open_checkout(shop, page, "twinspot", edition="Personal")
    form = form_on(page)
    complaints.expected.append("402")
    pay_by_card(form, number="4000002760003184")
    form.get_by_test_id("challenge-fail").click()
    expect(form.get_by_test_id("payment-error")).to_contain_text("authenticate")
    pay_by_card(form, number="4000002760003184")
    form.get_by_test_id("challenge-complete").click()
    expect_delivered(shop, page, keys=1)


def sell_in_euros(shop: Shop) -> None:
    """The page shows one currency at a time: of two editions the one in euros is left, and there is no choice."""
    change_price(shop.app, find_price(shop.app, "twinspot", "Personal"), currency="eur")


def payment_of(shop: Shop) -> str:
    return str(read_rows(shop.app, "SELECT payment_intent_id FROM orders")[0]["payment_intent_id"])


@both_orders
def test_waits_for_the_bank_and_sees_the_key_arrive_without_touching_anything(
    shop: Shop, page: Page, order: str
) -> None:
    set_order(shop, order)
    sell_in_euros(shop)
    open_checkout(shop, page, "twinspot")
    pay_by_debit(form_on(page), "AT611904300234573201")
    expect(page.get_by_role("heading", level=1)).to_contain_text("pending")
    assert key_texts(page) == []
    shop.wait_for_event("checkout.session.completed")
    shop.sandbox.settle(payment_of(shop))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is complete")
    assert len(key_texts(page)) == 1


@both_orders
def test_sees_that_the_bank_refused_and_starts_again_with_the_same_cart(
    shop: Shop, page: Page, order: str
) -> None:
    set_order(shop, order)
    sell_in_euros(shop)
    open_checkout(shop, page, "twinspot")
    pay_by_debit(form_on(page), "AT861904300235473202")
    expect(page.get_by_role("heading", level=1)).to_contain_text("pending")
    shop.wait_for_event("checkout.session.completed")
    shop.sandbox.settle(payment_of(shop), "failed")
    again = page.locator('a[href*="/checkout/again/"]')
    expect(again).to_be_visible()
    shop.wait_for_event("checkout.session.async_payment_failed")
    shop.work()
    assert any("/checkout/again/" in str(mail["text"]) for mail in shop.mails(to="ada@example.com"))
    again.click()
    expect(page.get_by_text("Twinspot").first).to_be_visible()
    page.get_by_role("button", name="Check out").click()
    pay_by_card(form_on(page))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is complete")


@both_orders
def test_gets_a_free_product_without_a_card(shop: Shop, page: Page, order: str) -> None:
    set_order(shop, order)
    open_checkout(shop, page, "gridling")
    form = form_on(page)
    form.locator('[name="email"]').fill("ada@example.com")
    expect(form.locator('[name="cardNumber"]:visible')).to_have_count(0)
    form.get_by_test_id("submit").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Check your email")
    shop.work()
    mail = shop.mails(to="ada@example.com")[0]
    link = re.search(rf"{shop.url}/orders/[0-9a-f]+", str(mail["text"]))
    assert link
    page.goto(link[0])
    expect(page.get_by_text("gridling-1.0.ttf").first).to_be_visible()
    page.get_by_role("button", name="Add to my library").click()
    expect(page.get_by_text("Added to your library")).to_be_visible()


@both_orders
def test_buys_two_things_one_of_them_three_times(shop: Shop, page: Page, order: str) -> None:
    set_order(shop, order)
    page.goto(f"{shop.url}/products/twinspot")
    page.get_by_role("button", name=re.compile("cart", re.IGNORECASE)).first.click()
    page.get_by_label("Quantity").first.fill("3")
    page.get_by_label("Quantity").first.press("Enter")
    expect(page.locator(".summary")).to_contain_text("$57.00")
    open_checkout(shop, page, "the-patient-toolmaker")
    pay_by_card(form_on(page))
    expect_delivered(shop, page, keys=3)
    expect(page.get_by_text("the-patient-toolmaker.epub").first).to_be_visible()


@both_orders
def test_pays_on_the_hosted_page_when_stripe_js_does_not_load(
    shop: Shop, page: Page, complaints: Complaints, order: str
) -> None:
    set_order(shop, order)
    page.route("**/endive/stripe.js", lambda route: route.abort())
    complaints.expected.append("ERR_FAILED")
    open_checkout(shop, page, "twinspot", edition="Personal")
    page.get_by_role("button", name="Continue to Stripe").click()
    expect(page).to_have_url(re.compile(re.escape(shop.sandbox.url) + "/c/pay/"))
    pay_by_card(page)
    expect_delivered(shop, page, keys=1)


def test_uses_a_promotion_code(shop: Shop, page: Page) -> None:
    coupon = shop.sandbox.stripe.v1.coupons.create({"percent_off": 50, "duration": "once"})
    promotion: Any = {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "HALF"}
    shop.sandbox.stripe.v1.promotion_codes.create(promotion)
    open_checkout(shop, page, "twinspot", edition="Personal")
    form = form_on(page)
    form.locator('[name="promotionCode"]').fill("half")
    form.get_by_test_id("promotion-apply").click()
    expect(form.get_by_test_id("submit")).to_contain_text("$9.50")
    pay_by_card(form)
    expect_delivered(shop, page, keys=1)
    assert read_rows(shop.app, "SELECT discount_minor FROM orders") == [{"discount_minor": 950}]


def test_sells_again_on_a_page_that_the_browsers_history_brings_back(shop: Shop, page: Page) -> None:
    """Two clicks on one page are one purchase; a page that is back may be for another one."""
    page.goto(f"{shop.url}/products/twinspot")
    nonce = page.locator("form.buy input[name=nonce]")
    drawn = [nonce.input_value()]
    for is_back in ("false", "true", "true"):
        page.evaluate(f"dispatchEvent(new PageTransitionEvent('pageshow', {{persisted: {is_back}}}))")
        drawn.append(nonce.input_value())
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) == 3
    assert all(len(value) >= DRAWN_LETTERS and is_token(value) for value in drawn)


class TestQuantitiesTypedJustBefore:
    """On a slow line: what changes the cart hangs until it is let go."""

    @pytest.fixture
    def updates(self, shop: Shop, page: Page) -> list[Route]:
        page.goto(f"{shop.url}/products/twinspot")
        page.get_by_label(re.compile("Personal")).first.check()
        page.get_by_role("button", name="Add to cart").click()
        page.wait_for_url("**/cart")  # with its script
        held: list[Route] = []
        page.route("**/cart/update", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks it
        return held

    def test_charges_what_was_typed_when_the_next_tap_is_check_out(
        self, shop: Shop, page: Page, updates: list[Route]
    ) -> None:
        page.get_by_role("spinbutton").fill("5")
        page.get_by_role("button", name="Check out").click()
        expect(form_on(page).get_by_test_id("submit")).to_contain_text("$95.00")
        assert updates == []
        page.goto(f"{shop.url}/cart")
        expect(page.get_by_role("spinbutton")).to_have_value("5")

    def test_checks_out_once_the_cart_has_them(self, page: Page, updates: list[Route]) -> None:
        page.get_by_role("spinbutton").fill("2")
        page.keyboard.press("Tab")
        page.get_by_role("button", name="Check out").click()
        let_go(page, updates)
        expect(form_on(page).get_by_test_id("submit")).to_contain_text("$38.00")

    def test_updates_before_it_follows_a_link(self, page: Page, updates: list[Route]) -> None:
        page.get_by_role("spinbutton").fill("3")
        page.get_by_role("link", name="Send it as a gift").click()
        let_go(page, updates)
        expect(page.get_by_role("button", name="Check out $57.00")).to_be_visible()

    @pytest.mark.parametrize("role", ["link", "heading"])
    def test_sends_what_was_typed_before_the_script_was_there(
        self, page: Page, updates: list[Route], role: Any
    ) -> None:
        scripts: list[Route] = []
        page.route("**/static/cart.js*", lambda route: scripts.append(route))  # noqa: PLW0108 - as above
        page.reload(wait_until="commit")
        page.get_by_role("spinbutton").fill("3")
        page.keyboard.press("Tab")
        let_go(page, scripts)
        page.wait_for_load_state()
        page.get_by_role(role, name=re.compile("Send it as a gift|cart", re.IGNORECASE)).last.click()
        let_go(page, updates)
        if role == "heading":
            expect(page.locator(".summary")).to_contain_text("$57.00")
        else:
            expect(page.get_by_role("button", name="Check out $57.00")).to_be_visible()

    def test_shows_the_new_total_by_itself(self, page: Page, updates: list[Route]) -> None:
        page.get_by_role("spinbutton").fill("4")
        page.locator("h1").click()
        let_go(page, updates)
        expect(page.locator(".summary")).to_contain_text("$76.00")
        page.wait_for_load_state()
        page.get_by_role("spinbutton").fill("3")
        page.keyboard.press("Enter")
        let_go(page, updates)
        expect(page.locator(".summary")).to_contain_text("$57.00")
        assert updates == []

    @pytest.mark.usefixtures("updates")
    def test_asks_in_the_field_for_a_number_that_can_be_bought(self, page: Page) -> None:
        page.get_by_role("spinbutton").fill("100")
        page.get_by_role("button", name="Check out").click()
        expect(page).to_have_url(re.compile("/cart$"))
        assert page.evaluate("document.activeElement.validity.rangeOverflow")

    def test_says_why_the_cart_was_not_changed(
        self, page: Page, updates: list[Route], complaints: Complaints
    ) -> None:
        page.context.clear_cookies()  # as after a year: the form has expired
        complaints.expected.append("400")
        page.get_by_role("spinbutton").fill("2")
        page.keyboard.press("Tab")
        let_go(page, updates)
        let_go(page, updates)  # sent again as a page, which says it
        expect(page.get_by_text("This form has expired")).to_be_visible()

    @pytest.mark.parametrize("key", ["Tab", "Shift"])
    def test_shows_the_new_total_where_check_out_asks_for_an_address(
        self, shop: Shop, page: Page, updates: list[Route], key: str
    ) -> None:
        """Sent by Tab before it is pressed, or not yet."""
        discount(shop.app, "WELCOME", first_purchase="yes")
        page.goto(f"{shop.url}/cart?code=WELCOME")
        page.get_by_role("spinbutton").fill("3")
        page.keyboard.press(key)
        page.get_by_role("button", name="Check out").click()
        let_go(page, updates)
        expect(page.locator(".summary")).to_contain_text("$45.60")
        page.get_by_label("Email").fill("ada@example.com")
        page.get_by_role("button", name="Check out").click()
        expect(form_on(page).get_by_test_id("submit")).to_contain_text("$45.60")

    def test_checks_out_by_enter_in_the_address(self, shop: Shop, page: Page, updates: list[Route]) -> None:
        discount(shop.app, "WELCOME", first_purchase="yes")
        page.goto(f"{shop.url}/cart?code=WELCOME")
        page.get_by_role("spinbutton").fill("2")
        page.keyboard.press("Tab")
        let_go(page, updates)
        expect(page.locator(".summary")).to_contain_text("$30.40")
        page.wait_for_load_state()  # and its script
        page.get_by_label("Email").fill("ada@example.com")
        page.keyboard.press("Enter")
        expect(form_on(page).get_by_test_id("submit")).to_contain_text("$30.40")
