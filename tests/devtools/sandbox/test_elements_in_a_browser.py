"""The Elements SDK in a real browser: the shop's page on one origin, the frames on the sandbox's."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.devtools.sandbox.calls import Calls
from tests.devtools.sandbox.elements_host import create, host_app, start, type_card
from tests.support.browser import Complaints
from tests.support.web_server import serve

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def host(sandbox: Calls) -> Iterator[str]:
    with serve(host_app(sandbox)) as port:
        yield f"http://127.0.0.1:{port}"


def test_pays_after_a_decline_and_leads_to_the_return_url(
    page: Page, sandbox: Calls, host: str, complaints: Complaints
) -> None:
    complaints.expected += ["400", "402"]
    session = create(sandbox, host)
    start(page, sandbox, host, session)
    expect(page.locator("#total")).to_have_text("$19.00")
    expect(page.locator("#pay")).to_be_disabled()
    for email, code in (("ada", "incompleteEmail"), ("a b@example.com", "invalidEmail")):
        assert page.evaluate("email => actions.updateEmail(email)", email)["error"]["code"] == code
    assert page.evaluate("actions.updateEmail('ada@example.com')")["session"]["email"] == "ada@example.com"
    type_card(page, "4000000000009995")
    page.locator("#pay").click()
    expect(page.locator("#said")).to_have_text("Your card has insufficient funds.")
    assert page.evaluate("result.error.paymentFailed.declineCode") == "insufficient_funds"
    assert page.evaluate("actions.getSession().lastPaymentError.message") == "Your card has insufficient funds."
    type_card(page)
    page.locator("#pay").click()
    expect(page).to_have_url(f"{host}/done?session_id={session.id}")
    paid = sandbox.session(session.id)
    assert (paid["payment_status"], paid["customer_details"]["email"]) == ("paid", "ada@example.com")
