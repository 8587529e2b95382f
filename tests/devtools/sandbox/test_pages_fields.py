"""What the Checkout form says of a number before anybody is asked for money."""

import pytest
from playwright.sync_api import Page, expect

from tests.devtools.sandbox.calls import Calls

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_groups_a_card_number_as_it_is_printed(page: Page, sandbox: Calls) -> None:
    page.goto(str(sandbox.make_hosted_session().url))
    field = page.locator('[name="cardNumber"]')
    field.fill("")  # waits until the form is shown: typing would not, and go nowhere
    field.press_sequentially("378282246310005")
    expect(field).to_have_value("3782 822463 10005")
    field.fill("")
    field.press_sequentially("4242424242424242")
    expect(field).to_have_value("4242 4242 4242 4242")


@pytest.mark.parametrize(
    ("account", "field", "numbers"),
    [
        (("eur", "sepa_debit"), "iban", ("DE89 3704 0044 0532 0130 01", "DE89 3704 0044 0532 0130 00")),
        (("usd", "us_bank_account"), "routingNumber", ("110000001", "110000000")),
    ],
)
def test_finds_a_mistyped_digit_of_a_bank_account(
    page: Page, sandbox: Calls, account: tuple[str, str], field: str, numbers: tuple[str, str]
) -> None:
    (currency, kind), (wrong, right) = account, numbers
    session = sandbox.make_hosted_session(sandbox.make_price(currency=currency))
    page.goto(str(session.url))
    page.locator(f'[value="{kind}"]').check()
    page.locator(f'[name="{field}"]').fill(wrong)
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id(f"{field}-error")).to_contain_text("is invalid")
    page.locator(f'[name="{field}"]').fill(right)
    expect(page.get_by_test_id(f"{field}-error")).to_be_hidden()
