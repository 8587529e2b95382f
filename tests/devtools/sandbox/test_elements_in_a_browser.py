"""The Elements SDK in a real browser: the shop's page on one origin, the frames on the sandbox's."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.devtools.sandbox.browser_types import find_browser_types, type_problems
from tests.devtools.sandbox.calls import Calls
from tests.devtools.sandbox.elements_host import create, frame, host_app, start, type_card
from tests.support.browser import PHONE, Complaints, assert_accessible, assert_fits
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


def test_collects_by_its_elements_and_asks_the_bank(
    page: Page, sandbox: Calls, host: str, complaints: Complaints
) -> None:
    """Email, address with tax, 3-D Secure failed and passed, all without leaving the page."""
    complaints.expected.append("402")
    page.set_viewport_size(PHONE)
    session = create(sandbox, host, automatic_tax={"enabled": True}, billing_address_collection="required")
    start(page, sandbox, host, session)
    page.evaluate("mount('ContactDetails', '#contact')")
    page.evaluate("mount('BillingAddress', '#address')")
    assert page.evaluate("actions.getSession().tax.status") == "requires_billing_address"
    frame(page, "contact-details").get_by_label("Email").fill("ada@example.com")
    address = frame(page, "billing-address")
    address.get_by_label("Country or region").select_option("DE")
    for label, value in (
        ("Full name", "Ada Lovelace"),
        ("Address line 1", "Unter den Linden 1"),
        ("City", "Berlin"),
        ("Postal code", "10117"),
    ):
        address.get_by_label(label).fill(value)
    expect(frame(page).locator('[name="billingPostalCode"]')).to_have_count(0)
    type_card(page, "4000002760003184")
    page.locator("#pay").focus()
    expect(page.locator("#total")).to_have_text("$22.61")
    taxes = page.evaluate("actions.getSession().taxAmounts")
    assert [(tax["minorUnitsAmount"], tax["inclusive"]) for tax in taxes] == [(361, False)]
    assert_accessible(page)
    assert_fits(page)
    page.evaluate("confirmArgs = { redirect: 'if_required' }")
    page.locator("#pay").click()
    frame(page, "challenge").get_by_test_id("challenge-fail").click()
    expect(page.locator("#said")).to_contain_text("unable to authenticate")
    page.locator("#pay").click()
    expect(frame(page, "challenge").get_by_test_id("challenge-complete")).to_be_visible()
    assert_accessible(page)
    frame(page, "challenge").get_by_test_id("challenge-complete").click()
    expect(page.locator("#said")).to_have_text("Status: paid")
    details = sandbox.session(session.id)["customer_details"]
    assert (details["email"], details["name"]) == ("ada@example.com", "Ada Lovelace")
    assert (details["address"]["line1"], details["address"]["country"]) == ("Unter den Linden 1", "DE")
    assert page.evaluate("actions.getSession().status") == {"type": "complete", "paymentStatus": "paid"}


def test_debits_a_bank_account_and_changes_the_order_on_the_way(
    page: Page, sandbox: Calls, host: str, complaints: Complaints
) -> None:
    complaints.expected.append("400")
    sandbox.make_promotion_code("LAUNCH20", percent_off=20, name="Launch week")
    adjustable = {"adjustable_quantity": {"enabled": True, "minimum": 1, "maximum": 5}}
    session = create(sandbox, host, currency="eur", allow_promotion_codes=True, line=adjustable)
    start(page, sandbox, host, session, defaultValues={"email": "ada@example.com"})
    assert page.evaluate("actions.applyPromotionCode('NOPE')")["error"]["code"] == "invalidCode"
    applied = page.evaluate("actions.applyPromotionCode('launch20')")["session"]
    assert applied["discountAmounts"][0]["displayName"] == "Launch week"
    assert applied["discountAmounts"][0]["percentOff"] == 20
    line = applied["lineItems"][0]["id"]
    changed = page.evaluate("id => actions.updateLineItemQuantity({ lineItem: id, quantity: 2 })", line)
    assert changed["session"]["total"]["total"] == {"minorUnitsAmount": 3040, "amount": "€30.40"}
    too_many = page.evaluate("id => actions.updateLineItemQuantity({ lineItem: id, quantity: 6 })", line)
    assert (too_many["error"]["code"], "from 1 to 5" in too_many["error"]["message"]) == (None, True)
    assert page.evaluate("actions.removePromotionCode()")["session"]["total"]["total"]["amount"] == "€38.00"
    frame(page).get_by_label("SEPA debit").check()
    expect(frame(page).get_by_text("authorize Sandbox to debit")).to_be_visible()
    frame(page).get_by_label("IBAN", exact=True).fill("AT611904300234573201")
    frame(page).get_by_label("Full name").fill("Ada Lovelace")
    page.evaluate("confirmArgs = { redirect: 'if_required' }")
    page.locator("#pay").click()
    expect(page.locator("#said")).to_have_text("Status: unpaid")
    assert sandbox.session(session.id)["amount_total"] == 3800


def test_keeps_the_rules_of_the_sdk(page: Page, sandbox: Calls, host: str, complaints: Complaints) -> None:
    complaints.expected.append("400")
    session = create(sandbox, host, customer_email="ada@example.com", tax_id_collection={"enabled": True})
    page.goto(host)
    key, secret = sandbox.server.publishable_key, session.client_secret

    def attempt(run: str) -> object:
        return page.evaluate(f"attempt(async () => {run})")

    assert "initCheckoutElementsSdk" in str(attempt(f"Stripe('{key}').initCheckout()"))
    assert "clientSecret" in str(attempt(f"Stripe('{key}').initCheckoutElementsSdk()"))
    wrong = page.evaluate("([key, secret]) => start(key, secret)", [key, secret + "x"])
    assert (wrong["code"], "does not match" in wrong["message"]) == (None, True)
    page.evaluate("([key, secret]) => start(key, Promise.resolve(secret))", [key, secret])
    page.evaluate("mountPayment()")
    assert str(attempt("sdk.createPaymentElement()")).startswith("IntegrationError")
    assert attempt("sdk.getPaymentElement() !== null && sdk.getTermsElement() === null") is True
    assert "ships nothing" in str(attempt("sdk.createShippingAddressElement()"))
    assert "customer_email" in attempt("actions.updateEmail('eve@example.com')")["error"]["message"]  # type: ignore[index]
    unread = """(async () => {
      const other = Stripe(%r).initCheckoutElementsSdk({ clientSecret: %r });
      return (await other.loadActions()).actions.confirm();
    })()"""
    assert "Show the total" in str(attempt(unread % (key, secret)))
    checked = attempt("actions.validateElements()")
    assert checked["error"]["validation_errors"][0]["element"] == "payment"  # type: ignore[index]
    expect(frame(page).get_by_text("Your card number is incomplete.")).to_be_visible()
    expect(page.locator("#payment")).to_have_class(re.compile("StripeElement--invalid"))
    tax_id = "{ taxId: { type: 'eu_vat', value: '%s' }, businessName: 'Ada Ltd' }"
    assert attempt(f"actions.updateTaxIdInfo({tax_id % 'DE1'})")["error"]["code"] == "invalidTaxId"  # type: ignore[index]
    kept = attempt(f"actions.updateTaxIdInfo({tax_id % 'DE123456789'})")
    assert kept["session"]["taxIdInfo"]["businessName"] == "Ada Ltd"  # type: ignore[index]
    page.evaluate("mount('TaxId', '#more')")
    assert "use one of the two" in str(attempt("actions.confirm()"))
    assert attempt("actions.runServerUpdate(() => Promise.reject(new TypeError('mine')))") == "TypeError: mine"
    page.clock.install()
    page.evaluate("void (window.slow = attempt(() => actions.runServerUpdate(() => new Promise(() => {}))))")
    page.clock.fast_forward(19_000)
    assert page.evaluate("Promise.race([window.slow, 'waits'])") == "waits"
    assert page.evaluate("actions.getSession().canConfirm") is False
    page.clock.fast_forward(1_001)
    assert "longer than 20 seconds" in page.evaluate("window.slow")["error"]["message"]
    line = sandbox.get(f"/v1/checkout/sessions/{session.id}/line_items")["data"][0]["id"]
    page.expose_function(
        "change",
        lambda: (
            sandbox.v1.checkout.sessions.update(session.id, {"line_items": [{"id": line, "quantity": 3}]}) and None
        ),
    )
    updated = attempt("actions.runServerUpdate(() => window.change())")
    assert updated["session"]["total"]["total"]["amount"] == "$57.00"  # type: ignore[index]
    expect(page.locator("#total")).to_have_text("$57.00")
    sandbox.control(f"sessions/{session.id}/expire")
    late = attempt("actions.applyPromotionCode('X')")
    assert "no longer active" in late["error"]["message"]  # type: ignore[index]
    assert attempt("actions.getSession().status") == {"type": "expired"}


def test_pays_with_the_test_wallet_where_it_is_switched_on(page: Page, sandbox: Calls, host: str) -> None:
    session = create(sandbox, host)
    start(page, sandbox, host, session)
    page.evaluate("mount('ExpressCheckout', '#more')")
    expect(page.locator("#said")).to_have_text("expressCheckout: undefined")
    sandbox.control("config", test_wallet=True)
    start(page, sandbox, host, session)
    page.evaluate("mount('ExpressCheckout', '#more')")
    page.evaluate(
        """sdk.getExpressCheckoutElement().on("confirm", (event) => {
            actions.confirm({ expressCheckoutConfirmEvent: event });
        })"""
    )
    frame(page, "express-checkout").get_by_role("button", name="Pay with the test wallet").click()
    expect(page).to_have_url(re.compile("/done"))
    paid = sandbox.session(session.id)
    assert (paid["payment_status"], paid["customer_details"]["email"]) == ("paid", "wallet@example.com")


def test_pays_by_voucher_and_on_a_page_elsewhere(page: Page, sandbox: Calls, host: str) -> None:
    options = {"defaultValues": {"email": "ada@example.com"}}
    session = create(sandbox, host, currency="jpy")
    start(page, sandbox, host, session, **options)
    frame(page).get_by_label("Konbini").check()
    frame(page).get_by_label("Full name").fill("Ada Lovelace")
    page.evaluate("confirmArgs = { redirect: 'if_required' }")
    page.locator("#pay").click()
    voucher = frame(page, "voucher")
    expect(voucher.get_by_text("Pay ¥1,900 with these details.")).to_be_visible()
    assert_accessible(page)
    voucher.get_by_test_id("voucher-close").click()
    expect(page.locator("#said")).to_have_text("Status: unpaid")
    for answer, status in (("refuse", "open"), ("approve", "complete")):
        session = create(sandbox, host, currency="eur")
        start(page, sandbox, host, session, **options)
        frame(page).get_by_label("EPS").check()
        frame(page).get_by_label("Full name").fill("Ada Lovelace")
        page.locator("#pay").click()
        page.get_by_role("button", name=re.compile(answer, re.IGNORECASE)).click()
        expect(page).to_have_url(f"{host}/done?session_id={session.id}")
        assert sandbox.session(session.id)["status"] == status


MEMBERS = """(thing) => {
  const names = new Set(Object.keys(thing));
  for (let kind = Object.getPrototypeOf(thing); kind !== Object.prototype; kind = Object.getPrototypeOf(kind)) {
    for (const name of Object.getOwnPropertyNames(kind)) names.add(name);
  }
  return [...names];
}"""


def test_gives_a_page_what_stripes_types_promise(page: Page, sandbox: Calls, host: str, tmp_path: Path) -> None:
    """Sessions with a discount, taxes, a tax id and an address, open and complete; and every member of the SDK."""
    sandbox.make_promotion_code("LAUNCH20", percent_off=20, name="Launch week")
    more: dict[str, Any] = {"allow_promotion_codes": True, "automatic_tax": {"enabled": True}}
    session = create(sandbox, host, currency="eur", tax_id_collection={"enabled": True}, **more)
    start(page, sandbox, host, session)
    sessions = [page.evaluate("actions.getSession()")]
    address = "{ name: 'Ada', address: { country: 'DE', line1: 'Weg 1', city: 'Berlin', postal_code: '10117' } }"
    for change in (
        "actions.applyPromotionCode('LAUNCH20')",
        f"actions.updateBillingAddress({address})",
        "actions.updateTaxIdInfo({ taxId: { type: 'eu_vat', value: 'DE123456789' }, businessName: 'Ada Ltd' })",
        "actions.updateEmail('ada@example.com')",
        "actions.updatePhoneNumber('+49 30 1234')",
    ):
        answer = page.evaluate(change)
        assert answer["type"] == "success", answer
    sessions.append(answer["session"])
    assert [len(answer["session"][name]) for name in ("discountAmounts", "taxAmounts")] == [1, 1]
    type_card(page, "4000002500003155")
    page.evaluate("confirmArgs = { redirect: 'if_required' }")
    page.locator("#pay").click()
    frame(page, "challenge").get_by_test_id("challenge-complete").click()
    expect(page.locator("#said")).to_have_text("Status: paid")
    sessions.append(page.evaluate("result.session"))
    names = {
        "sdk": page.evaluate(f"({MEMBERS})(sdk)"),
        "actions": page.evaluate(f"({MEMBERS})(actions)"),
    }
    methods = set(page.evaluate(f"({MEMBERS})(sdk.getPaymentElement())"))
    assert {"mount", "unmount", "destroy", "focus", "blur", "clear", "on", "once", "off"} <= methods
    assert {"update", "collapse"} <= methods
    abroad = create(sandbox, host, adaptive_pricing={"enabled": True}, customer_email="a+location_FR@example.com")
    start(page, sandbox, host, abroad)
    page.evaluate("mount('CurrencySelector', '#more')")
    expect(frame(page, "currency-selector").get_by_label("EUR 17.61")).to_be_checked()
    sessions.append(page.evaluate("actions.getSession()"))
    assert [option["amount"] for option in sessions[-1]["currencyOptions"]] == ["$19.00", "€17.61"]
    frame(page, "currency-selector").get_by_label("USD 19.00").check()
    expect(frame(page, "currency-selector").get_by_label("USD 19.00")).to_be_checked()
    compiler = find_browser_types()
    if compiler is not None:
        assert type_problems(compiler, tmp_path, sessions, names) == ""


def test_wears_the_shops_look_and_sells_for_nothing(
    page: Page, sandbox: Calls, host: str, complaints: Complaints
) -> None:
    """Appearance, another total than the page showed, a free order, and a Session that was never there."""
    complaints.expected.append("400")
    page.set_viewport_size({"width": 320, "height": 700})
    sandbox.make_promotion_code("GIFT", percent_off=100)
    session = create(sandbox, host, allow_promotion_codes=True)
    rules = {
        ".Input": {"backgroundColor": "rgb(1, 2, 3)", "backgroundImage": "url(https://example.com/x.png)"},
        "body": {"display": "none"},
    }
    appearance = {"theme": "stripe", "variables": {"colorText": "rgb(9, 8, 7)"}, "rules": rules}
    options = {"elementsOptions": {"appearance": appearance}, "defaultValues": {"email": "ada@example.com"}}
    start(page, sandbox, host, session, **options)
    number = frame(page).locator('[name="cardNumber"]')
    expect(number).to_have_css("background-color", "rgb(1, 2, 3)")
    expect(number).to_have_css("background-image", "none")
    expect(number).to_have_css("color", "rgb(9, 8, 7)")
    page.evaluate("sdk.changeAppearance({ theme: 'night' })")
    expect(number).to_have_css("color", "rgb(255, 255, 255)")
    type_card(page)
    assert_fits(page)
    line = sandbox.get(f"/v1/checkout/sessions/{session.id}/line_items")["data"][0]["id"]
    lines: Any = [{"id": line, "quantity": 2}]
    sandbox.v1.checkout.sessions.update(session.id, {"line_items": lines})
    page.locator("#pay").click()
    expect(page.locator("#said")).to_contain_text("The amount of this order has changed.")
    assert page.evaluate("result.error.code") is None
    expect(page.locator("#total")).to_have_text("$38.00")
    page.evaluate("actions.applyPromotionCode('GIFT')")
    expect(frame(page).get_by_text("Nothing is due")).to_be_visible()
    page.evaluate("confirmArgs = { redirect: 'if_required' }")
    page.locator("#pay").dblclick()
    expect(page.locator("#said")).to_have_text("Status: no_payment_required")
    assert sandbox.event_types().count("checkout.session.completed") == 1
    start(page, sandbox, host, session)
    expect(page.locator("#said")).to_contain_text("no longer active")
    assert page.evaluate("sdk.loadActions()")["type"] == "error"
