"""The shop's own form to pay, in a real browser: fields of ours and Stripe's frames, page and webhook first."""

import re
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, Route, expect

from storefront.core.db import db
from storefront.shop.pages.consent import change_consent
from storefront.shop.pages.edit import create_page, publish_page
from tests.journeys.parts import SUCCEEDS, come_in, key_texts, let_go, open_checkout
from tests.support.browser import PHONE, Complaints, assert_accessible, assert_fits
from tests.support.goods import change_price, change_product
from tests.support.rows import read_rows
from tests.support.shop import Shop, find_price, keys_on

pytestmark = [pytest.mark.browser, pytest.mark.slow]
INSUFFICIENT, AUTHENTICATES = "4000000000009995", "4000002760003184"


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return environment | {"CHECKOUT_UI": "elements"}


def hold(shop: Shop, page: Page, word: str) -> list[Route]:
    """Hold each request to Stripe that has this word, and return those that are held."""
    held: list[Route] = []

    def sort(route: Route) -> None:
        if word in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page.route(f"{shop.sandbox.url}/**", sort)
    return held


def set_order(shop: Shop, order: str) -> None:
    shop.sandbox.control("config", webhook_order=order, page_first_delay_seconds=0.5)


def fields(page: Page) -> FrameLocator:
    return page.frame_locator('iframe[name="sandbox-payment"]')


def submit(page: Page) -> None:
    page.locator("[data-submit]:enabled").click()


def type_card(page: Page, number: str = SUCCEEDS) -> None:
    values = {"cardNumber": number, "cardExpiry": "12 / 34", "cardCvc": "123", "billingPostalCode": "94107"}
    for name, value in values.items():
        fields(page).locator(f'[name="{name}"]').fill(value)


def expect_delivered(shop: Shop, page: Page) -> None:
    """On screen and in the mail: the same key, and one payment."""
    expect(page).to_have_url(re.compile(r"/checkout/return\?session_id=cs_test_"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is complete")
    (shown,) = key_texts(page)
    shop.wait_for_event("checkout.session.completed")
    shop.work()
    assert keys_on(str(shop.mails(to="ada@example.com")[0]["text"])) == [shown]
    paid = [
        payment for payment in shop.sandbox.stripe.v1.payment_intents.list().data if payment.status == "succeeded"
    ]
    assert len(paid) == 1


def ask_consent(shop: Shop) -> None:
    with shop.app.app_context():
        publish_page(create_page("Terms", body_markdown="Be kind.", legal_kind="terms"))
        change_consent({"asks_consent": True})
        db.session.remove()


def make_code(shop: Shop, code: str, percent: int) -> None:
    coupon = shop.sandbox.stripe.v1.coupons.create({"percent_off": percent, "duration": "once"})
    promotion: Any = {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": code}
    shop.sandbox.stripe.v1.promotion_codes.create(promotion)


def use_code(page: Page, code: str) -> None:
    page.get_by_label("Promotion code").fill(code)
    page.get_by_label("Promotion code").press("Enter")


def unfold(page: Page) -> None:
    """Open the order, which is one line on phones."""
    expect(page.locator("[data-lines]")).to_be_hidden()
    page.get_by_role("heading", name="Your order").click()
    expect(page.locator("[data-lines]")).to_be_visible()
    assert_accessible(page)


class TestOnAPhone:
    @pytest.fixture
    def viewport(self) -> Any:
        return PHONE

    def test_says_what_is_missing_or_declined_and_what_to_do_next(
        self, shop: Shop, page: Page, complaints: Complaints
    ) -> None:
        """No email, no tick, no card, a wrong code, half the price, a decline, and one payment for two clicks."""
        complaints.expected += ["400", "402"]
        set_order(shop, "page_first")
        ask_consent(shop)
        make_code(shop, "HALF", 50)
        open_checkout(shop, page, "twinspot", edition="Personal")
        expect(page.locator("[data-submit]")).to_have_text("Pay $19.00")
        expect(page.locator("[data-submit]")).to_be_enabled()
        expect(fields(page).locator('[name="cardNumber"]')).to_be_visible()
        assert_fits(page)
        assert_accessible(page)
        email, box = page.get_by_label("Email"), page.get_by_role("checkbox")
        expect(email).to_be_in_viewport(ratio=1)  # the order is folded: one line with its total
        unfold(page)
        submit(page)
        expect(email).to_be_focused()
        expect(page.get_by_text("Write your email")).to_be_visible()
        email.fill("ada@example")
        submit(page)
        expect(page.locator('[data-hint-for="email"]')).to_contain_text("Write a whole email address")
        expect(email).to_be_focused()
        email.fill("ada@example.com")
        submit(page)
        expect(box).to_be_focused()
        expect(page.get_by_text("Tick this box to go on.")).to_be_visible()
        box.check()
        submit(page)
        expect(fields(page).locator('[name="cardNumber"]')).to_be_focused()
        use_code(page, "NOPE")
        expect(page.locator('[data-hint-for="promotion-code"]')).to_contain_text("invalid")
        expect(page.get_by_label("Promotion code")).to_be_focused()
        use_code(page, "half")
        expect(page.locator("[data-totals]")).to_contain_text("$9.50")
        expect(page.locator("[data-status]")).to_have_text("The total is now $9.50.")
        page.get_by_role("button", name="Remove the code HALF").click()
        expect(page.locator("[data-submit]")).to_have_text("Pay $19.00")
        use_code(page, "HALF")
        expect(page.locator("[data-submit]")).to_have_text("Pay $9.50")
        type_card(page, INSUFFICIENT)
        submit(page)
        expect(page.locator("[data-declined]")).to_be_focused()
        expect(page.locator("[data-declined]")).to_contain_text(
            "insufficient funds. Nothing was charged. Try another"
        )
        assert_accessible(page)
        type_card(page)
        page.locator("[data-submit]").dblclick()
        expect_delivered(shop, page)
        (order,) = read_rows(shop.app, "SELECT discount_minor, checkout_text, has_accepted FROM orders")
        assert (order["discount_minor"], bool(order["has_accepted"])) == (950, True)
        assert "I accept the [terms]" in order["checkout_text"]


def test_fails_then_passes_3d_secure_when_the_webhook_is_first(
    shop: Shop, page: Page, complaints: Complaints
) -> None:
    complaints.expected.append("402")
    set_order(shop, "webhook_first")
    open_checkout(shop, page, "twinspot", edition="Personal")
    page.get_by_label("Email").fill("ada@example.com")
    type_card(page, AUTHENTICATES)
    submit(page)
    bank = page.frame_locator('iframe[name="sandbox-challenge"]')
    bank.get_by_test_id("challenge-fail").click()
    expect(page.locator("[data-declined]")).to_contain_text("confirm with your bank")
    submit(page)
    bank.get_by_test_id("challenge-complete").click()
    expect_delivered(shop, page)


@pytest.mark.parametrize(
    ("iban", "result"), [("AT611904300234573201", "succeeded"), ("AT861904300235473202", "failed")]
)
def test_waits_for_the_bank_and_learns_what_it_said(shop: Shop, page: Page, iban: str, result: str) -> None:
    change_price(shop.app, find_price(shop.app, "twinspot", "Personal"), currency="eur")
    open_checkout(shop, page, "twinspot")
    page.get_by_label("Email").fill("ada@example.com")
    fields(page).locator('[value="sepa_debit"]').check(force=True)
    fields(page).locator('[name="iban"]').fill(iban)
    fields(page).locator('[name="billingName"]').fill("Ada Reader")
    submit(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("pending")
    shop.wait_for_event("checkout.session.completed")
    (order,) = read_rows(shop.app, "SELECT payment_intent_id FROM orders")
    shop.sandbox.settle(order["payment_intent_id"], result)
    if result == "succeeded":
        expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is complete")
        assert len(key_texts(page)) == 1
    else:
        expect(page.get_by_role("heading", level=1)).to_contain_text("didn't go through")
        assert key_texts(page) == []
        expect(page.locator('a[href*="/checkout/again/"]')).to_be_visible()


def test_costs_nothing_with_a_whole_discount_and_leads_on_when_it_is_over(shop: Shop, page: Page) -> None:
    make_code(shop, "GIFT", 100)
    open_checkout(shop, page, "twinspot", edition="Personal")
    page.get_by_label("Email").fill("ada@example.com")
    use_code(page, "GIFT")
    expect(page.locator("[data-submit]")).to_have_text("Get it free")
    expect(page.locator("#payment-element")).to_be_hidden()
    submit(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Check your email")
    open_checkout(shop, page, "twinspot", edition="Team")
    expect(page.locator("[data-submit]")).to_be_enabled()
    (session,) = shop.sandbox.stripe.v1.checkout.sessions.list({"status": "open"}).data
    shop.sandbox.control(f"sessions/{session.id}/expire")
    page.reload()
    expect(page.get_by_text("That checkout has expired, and nothing was charged.")).to_be_visible()


def test_leads_to_stripes_page_where_the_frames_do_not_come(
    shop: Shop, page: Page, complaints: Complaints
) -> None:
    page.route("**/elements/payment*", lambda route: route.abort())
    page.route("**/endive/stripe.js", lambda route: route.abort())
    complaints.expected.append("ERR_FAILED")
    open_checkout(shop, page, "twinspot", edition="Personal")
    page.get_by_role("button", name="Continue to Stripe").click()
    expect(page).to_have_url(re.compile(re.escape(shop.sandbox.url) + "/c/pay/"))


def test_takes_no_payment_before_it_shows_the_total_of_a_changed_quantity(shop: Shop, page: Page) -> None:
    """Neither by its own button nor by a wallet's."""
    shop.sandbox.control("config", test_wallet=True)
    change_product(shop.app, "twinspot", most_in_form=3)
    open_checkout(shop, page, "twinspot", edition="Personal")
    page.get_by_label("Email").fill("ada@example.com")
    type_card(page)
    held = hold(shop, page, "updated_line_item_quantity")
    page.get_by_label(re.compile("Quantity of Twinspot")).fill("2")
    button = page.locator("[data-submit]")
    button.click(force=True)
    expect(button).to_be_disabled()
    expect(button).to_have_text("One moment…")
    page.frame_locator('iframe[name="sandbox-express-checkout"]').get_by_role("button").click()
    let_go(page, held)
    expect(button).to_have_text("Pay $38.00")
    assert read_rows(shop.app, "SELECT id FROM orders") == []
    button.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is complete")
    assert read_rows(shop.app, "SELECT total_minor FROM orders") == [{"total_minor": 3800}]


def test_takes_no_payment_before_it_shows_the_total_without_a_removed_code(shop: Shop, page: Page) -> None:
    """Nor while one is being applied."""
    make_code(shop, "HALF", 50)
    open_checkout(shop, page, "twinspot", edition="Personal")
    page.get_by_label("Email").fill("ada@example.com")
    type_card(page)
    held = hold(shop, page, "promotion_code")
    button = page.locator("[data-submit]")
    use_code(page, "HALF")
    button.click(force=True)
    expect(button).to_have_text("One moment…")
    let_go(page, held)
    expect(button).to_have_text("Pay $9.50")
    remove = page.get_by_role("button", name="Remove the code HALF")
    expect(remove).to_be_focused()
    remove.click()
    button.click(force=True)
    expect(button).to_be_disabled()
    expect(button).to_have_text("One moment…")
    let_go(page, held)
    expect(button).to_have_text("Pay $19.00")
    expect(page.get_by_label("Promotion code")).to_be_focused()
    assert read_rows(shop.app, "SELECT id FROM orders") == []


def type_on(page: Page, digits: str) -> None:
    """Type where the focus is, as who does not look up from the keys."""
    page.keyboard.type(digits)
    page.wait_for_timeout(50)


def test_leaves_the_focus_to_a_card_whose_number_is_typed_when_a_late_answer_refuses(
    shop: Shop, page: Page, complaints: Complaints
) -> None:
    """Of an email that was left, of a code, and of an email that Pay sent: the fault is said all the same."""
    complaints.expected.append("400")
    open_checkout(shop, page, "twinspot", edition="Personal")
    email, code = page.get_by_label("Email"), page.get_by_label("Promotion code")
    number = fields(page).locator('[name="cardNumber"]')
    status, hint = page.locator("[data-status]"), page.locator('[data-hint-for="email"]')
    expect(page.locator("[data-submit]")).to_be_enabled()
    held = hold(shop, page, "buyer_email")
    email.fill("ada@example")
    number.focus()
    type_on(page, "4242")
    let_go(page, held)
    expect(hint).to_contain_text("Write a whole email address")
    expect(status).to_contain_text("Write a whole email address")
    type_on(page, "4242")
    page.unroute_all()
    held = hold(shop, page, "promotion_code")
    use_code(page, "NOPE")
    number.press("End")
    let_go(page, held)
    expect(page.locator('[data-hint-for="promotion-code"]')).to_contain_text("invalid")
    type_on(page, "4242")
    page.unroute_all()
    held = hold(shop, page, "buyer_email")
    submit(page)
    number.press("End")
    let_go(page, held)
    expect(page.locator("[data-submit]")).to_be_enabled()
    type_on(page, "4242")
    expect(number).to_have_value("4242 4242 4242 4242")
    expect(email).to_have_value("ada@example")
    expect(code).to_have_value("NOPE")


def test_says_nothing_of_an_address_that_was_mended_before_the_answer(
    shop: Shop, page: Page, complaints: Complaints
) -> None:
    complaints.expected.append("400")
    open_checkout(shop, page, "twinspot", edition="Personal")
    email, hint = page.get_by_label("Email"), page.locator('[data-hint-for="email"]')
    expect(page.locator("[data-submit]")).to_be_enabled()
    held = hold(shop, page, "buyer_email")
    email.fill("ada@example")
    email.press("Tab")
    email.fill("ada@example.com")
    with page.expect_response(lambda answer: answer.status == 400):
        let_go(page, held)
    expect(email).not_to_have_attribute("aria-invalid", "true")
    expect(hint).to_contain_text("We'll send")
    page.unroute_all()
    type_card(page)
    submit(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is complete")
    assert read_rows(shop.app, "SELECT email FROM orders") == [{"email": "ada@example.com"}]


def test_pays_by_wallet_for_the_quantity_that_was_chosen_in_the_form(
    shop: Shop, page: Page, complaints: Complaints
) -> None:
    """After none, too many, and a lost connection: each is said at the field, which shows again what is paid."""
    complaints.expected.append("ERR_FAILED")
    shop.sandbox.control("config", test_wallet=True)
    change_product(shop.app, "twinspot", most_in_form=3)
    ask_consent(shop)
    open_checkout(shop, page, "twinspot", edition="Personal")
    quantity = page.get_by_label(re.compile("Quantity of Twinspot"))
    button = page.locator("[data-submit]")
    expect(button).to_be_enabled()
    for wrong in ("", "99"):
        quantity.fill(wrong)
        quantity.press("Tab")
        expect(quantity).to_have_accessible_description("Choose a whole number from 1 to 3.")
        expect(quantity).to_have_value("1")
        expect(quantity).not_to_be_focused()
        expect(button).to_have_text("Pay $19.00")
    assert_accessible(page)
    page.route(f"{shop.sandbox.url}/v1/**", lambda route: route.abort())
    quantity.fill("3")
    quantity.press("Tab")
    expect(quantity).to_have_value("1")
    expect(quantity).to_have_attribute("aria-invalid", "true")
    page.unroute_all()
    quantity.fill("2")
    quantity.press("Tab")
    expect(button).to_have_text("Pay $38.00")
    expect(quantity).to_have_accessible_description("")
    expect(quantity).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator("[data-declined]")).to_be_hidden()
    wallet = page.frame_locator('iframe[name="sandbox-express-checkout"]')
    wallet.get_by_role("button").click()
    expect(wallet.get_by_role("alert")).to_have_text("Tick the box first.")
    page.get_by_role("checkbox").check()
    wallet.get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is complete")
    assert len(key_texts(page)) == 2
    assert read_rows(shop.app, "SELECT total_minor FROM orders") == [{"total_minor": 3800}]


class TestWithTax:
    @pytest.fixture
    def environment(self, environment: dict[str, str]) -> dict[str, str]:
        return environment | {"CHECKOUT_UI": "elements", "STRIPE_TAX": "true"}

    def test_counts_tax_for_the_address_and_says_it_before_the_payment(self, shop: Shop, page: Page) -> None:
        open_checkout(shop, page, "twinspot", edition="Personal")
        page.get_by_label("Email").fill("ada@example.com")
        expect(page.locator("[data-totals]")).to_contain_text("after your address")
        address = page.frame_locator('iframe[name="sandbox-billing-address"]')
        address.locator('[name="country"]').select_option("DE")
        for name, value in {"name": "Ada", "line1": "Weg 1", "city": "Berlin", "postal_code": "10115"}.items():
            address.locator(f'[name="{name}"]').fill(value)
        address.locator('[name="postal_code"]').press("Tab")
        expect(page.locator("[data-totals]")).to_contain_text("19%")
        for name, value in {"cardNumber": SUCCEEDS, "cardExpiry": "12 / 34", "cardCvc": "123"}.items():
            fields(page).locator(f'[name="{name}"]').fill(value)
        submit(page)
        expect(page.get_by_role("heading", level=1)).to_contain_text("Your order is complete")
        (order,) = read_rows(shop.app, "SELECT tax_minor, total_minor FROM orders")
        assert order["tax_minor"] > 0


def test_pays_the_price_that_a_link_promised(shop: Shop, page: Page, complaints: Complaints) -> None:
    """From an owner's new discount to an order: on a phone, by its link, in a form that takes no other code."""
    code = "SPRING2026" * 5  # as long as a code may be
    come_in(shop, page, "/admin/discounts/new")
    page.set_viewport_size(PHONE)
    assert_accessible(page)
    assert_fits(page)
    page.get_by_label("Code", exact=True).fill(code.lower())
    page.get_by_label("Percent off").fill("20")
    page.get_by_role("button", name="Make the discount").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(code)
    assert_accessible(page)
    assert_fits(page)
    page.goto(f"{shop.url}/products/twinspot?code={code}")
    expect(page.locator(".product-buy")).to_contain_text("$15.20")
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator(".totals")).to_contain_text("$15.20")
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("button", name="Check out").click()
    expect(page.locator("[data-submit]")).to_have_text("Pay $15.20")
    expect(page.locator("[data-totals]")).to_contain_text(code)
    assert_fits(page)
    expect(page.get_by_label("Promotion code")).to_be_hidden()
    expect(page.get_by_role("button", name=f"Remove the code {code}")).to_have_count(0)
    page.get_by_label("Email").fill("ada@example.com")
    type_card(page)
    submit(page)
    expect_delivered(shop, page)
    assert_fits(page)
    assert read_rows(shop.app, "SELECT discount_code, total_minor FROM orders") == [
        {"discount_code": code, "total_minor": 1520}
    ]
