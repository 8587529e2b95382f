"""The Checkout form when things go wrong: declines, lost answers, other windows, and the keyboard throughout."""

from typing import Any

import pytest
import stripe
from playwright.sync_api import Page, Request, Route, expect

from tests.devtools.sandbox.calls import Calls
from tests.journeys.parts import pay_by_card
from tests.support.browser import Complaints

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def open_page(page: Page, sandbox: Calls, **more: Any) -> stripe.checkout.Session:
    """A hosted page, which leads to an address of the sandbox's own once it is paid."""
    session = sandbox.make_hosted_session(success_url=done_url(sandbox), **more)
    page.goto(str(session.url))
    expect(page.get_by_test_id("submit")).to_be_visible()
    return session


def done_url(sandbox: Calls) -> str:
    return f"{sandbox.url}/_sandbox/health"


def adjustable(sandbox: Calls) -> list[dict[str, Any]]:
    limits = {"enabled": True, "minimum": 1, "maximum": 3}
    return [{"price": sandbox.make_price(), "quantity": 2, "adjustable_quantity": limits}]


def test_says_why_beside_the_button_and_takes_another_card(
    page: Page, sandbox: Calls, complaints: Complaints
) -> None:
    open_page(page, sandbox)
    complaints.expected.append("402")
    pay_by_card(page, number="4000000000000002")
    expect(page.get_by_role("alert")).to_have_text("Your card was declined.")
    expect(page.get_by_test_id("submit")).to_be_focused()
    expect(page.get_by_test_id("submit")).to_be_enabled()
    pay_by_card(page)
    expect(page).to_have_url(done_url(sandbox))


def test_pays_once_however_often_the_button_is_pressed(page: Page, sandbox: Calls) -> None:
    open_page(page, sandbox, line_items=adjustable(sandbox))
    sent: list[Request] = []

    def note(route: Route) -> None:
        sent.append(route.request)
        # While it is under way, neither the button nor Enter sends another, and the order stays as it is.
        expect(page.get_by_test_id("submit")).to_be_disabled()
        page.locator('[name="email"]').press("Enter")
        assert page.locator(".order").get_attribute("inert") is not None
        route.continue_()

    page.route("**/confirm", note)
    pay_by_card(page)
    expect(page).to_have_url(done_url(sandbox))
    assert len(sent) == 1


def test_asks_nobody_to_pay_again_once_the_order_is_placed(
    page: Page, sandbox: Calls, complaints: Complaints
) -> None:
    open_page(page, sandbox, cancel_url=sandbox.url)
    complaints.expected.append("ERR_FAILED")
    page.route("**/poll*", lambda route: route.abort())
    pay_by_card(page)
    expect(page.get_by_text("your order is placed")).to_be_visible()
    expect(page.get_by_test_id("submit")).to_be_hidden()
    expect(page.get_by_role("link", name="Back to the shop")).to_be_hidden()
    page.unroute("**/poll*")
    expect(page).to_have_url(done_url(sandbox))


def test_finds_out_that_the_try_whose_answer_was_lost_did_pay(
    page: Page, sandbox: Calls, complaints: Complaints
) -> None:
    session = open_page(page, sandbox)
    complaints.expected += ["ERR_FAILED", "400"]

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/confirm", lose_the_answer)
    pay_by_card(page)
    expect(page.get_by_role("alert")).to_contain_text("try again")
    page.unroute("**/confirm")
    page.get_by_test_id("submit").click()
    expect(page).to_have_url(done_url(sandbox))
    assert sandbox.session(session.id)["payment_status"] == "paid"
    assert sandbox.event_types().count("charge.succeeded") == 1


def test_says_that_the_session_expired_meanwhile(page: Page, sandbox: Calls, complaints: Complaints) -> None:
    session = open_page(page, sandbox)
    sandbox.v1.checkout.sessions.expire(session.id)
    complaints.expected.append("400")
    pay_by_card(page)
    expect(page.get_by_text("This checkout has expired")).to_be_visible()
    expect(page.get_by_test_id("submit")).to_be_hidden()


def test_asks_again_when_another_window_changed_the_amount(
    page: Page, sandbox: Calls, complaints: Complaints
) -> None:
    session = open_page(page, sandbox, line_items=adjustable(sandbox))
    line = sandbox.page(session.id).json["line_item_group"]["line_items"][0]["id"]
    sandbox.page(session.id, **{"line_items[0][id]": line, "line_items[0][quantity]": "3"})
    complaints.expected.append("400")
    pay_by_card(page)
    expect(page.get_by_role("alert")).to_contain_text("amount of this order has changed")
    expect(page.get_by_test_id("submit")).to_have_text("Pay $57.00")
    assert sandbox.session(session.id)["status"] == "open"


def test_opens_when_the_network_is_back(page: Page, sandbox: Calls, complaints: Complaints) -> None:
    session = sandbox.make_hosted_session()
    complaints.expected.append("ERR_FAILED")
    page.route("**/init", lambda route: route.abort())
    page.goto(str(session.url))
    expect(page.get_by_text("The network did not answer.")).to_be_visible()
    page.unroute("**/init")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_test_id("submit")).to_have_text("Pay $19.00")


def test_says_beside_the_field_what_only_the_bank_could_know(
    page: Page, sandbox: Calls, complaints: Complaints
) -> None:
    open_page(page, sandbox, price=sandbox.make_price(currency="eur"))
    page.locator('[value="sepa_debit"]').check()
    # Well formed, but no account of the test bank.
    values = {"email": "ada@example.com", "iban": "GB82 WEST 1234 5698 7654 32", "billingName": "Ada"}
    for name, value in values.items():
        page.locator(f'[name="{name}"]').fill(value)
    complaints.expected.append("400")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("iban-error")).to_contain_text("You must use a test bank account number")
    expect(page.locator('[name="iban"]')).to_be_focused()
    page.locator('[name="iban"]').fill("DE89370400440532013000")
    page.get_by_test_id("submit").click()
    expect(page).to_have_url(done_url(sandbox))


def test_keeps_the_keyboard_where_it_was(page: Page, sandbox: Calls) -> None:
    sandbox.make_promotion_code("GIFT", percent_off=25, duration="once")
    open_page(page, sandbox, line_items=adjustable(sandbox), allow_promotion_codes=True)
    more = page.get_by_role("button", name="One more")
    more.focus()
    more.press("Enter")
    expect(page.get_by_test_id("submit")).to_have_text("Pay $57.00")
    expect(page.get_by_role("button", name="One less")).to_be_focused()  # three is the limit
    page.locator('[name="promotionCode"]').fill("gift")
    page.locator('[name="promotionCode"]').press("Enter")
    expect(page.get_by_test_id("promotion-remove")).to_be_focused()
    page.get_by_test_id("promotion-remove").press("Enter")
    expect(page.locator('[name="promotionCode"]')).to_be_focused()


def test_reads_an_expiry_however_it_is_written(page: Page, sandbox: Calls) -> None:
    open_page(page, sandbox)
    field = page.locator('[name="cardExpiry"]')
    for typed in ("1234", "12/34", "12/2034", "122034", "12 - 34"):
        field.fill(typed)
        assert field.input_value() == "12 / 34"
    field.fill("")
    field.press_sequentially("3/34")
    assert field.input_value() == "03 / 34"
