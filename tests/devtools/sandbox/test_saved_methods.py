"""Cards that a Customer has saved: kept where the buyer asks, shown on each page, taken away again."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.devtools.sandbox.calls import Calls
from tests.devtools.sandbox.elements_host import create, frame, host_app, start
from tests.support.web_server import serve

SAVING: Any = {"payment_method_save": "enabled", "payment_method_remove": "enabled"}
PAYER = {"email": "ada@example.com", "name": "Ada", "country": "US", "postal_code": "94107"}


@pytest.fixture
def customer(sandbox: Calls) -> str:
    return sandbox.v1.customers.create({"email": "ada@example.com"}).id


@pytest.fixture
def saved(sandbox: Calls, customer: str) -> str:
    """Return the id of a card that the Customer has saved."""
    session = sandbox.make_session(customer=customer, saved_payment_method_options=SAVING)
    sandbox.pay(session.id, save_payment_method=True)
    return sandbox.v1.customers.payment_methods.list(customer).data[0].id


def test_keeps_a_card_where_its_buyer_asks(sandbox: Calls, customer: str) -> None:
    session = sandbox.make_session(customer=customer, saved_payment_method_options=SAVING)
    assert session.saved_payment_method_options
    assert session.saved_payment_method_options.allow_redisplay_filters == ["always"]
    assert sandbox.page(session.id).json["offers_to_save"] is True
    sandbox.pay(session.id)  # the box is not ticked
    assert sandbox.get(f"/v1/customers/{customer}/payment_methods")["data"] == []
    body: Any
    for body in (
        {"saved_payment_method_options": SAVING},
        {"payment_intent_data": {"setup_future_usage": "on_session"}},
    ):
        sandbox.pay(sandbox.make_session(customer=customer, **body).id, save_payment_method=True)
    kept = sandbox.v1.customers.payment_methods.list(customer).data
    assert [method.allow_redisplay for method in kept] == ["limited", "always"]
    assert sandbox.event_types().count("payment_method.attached") == 2
    shown = sandbox.page(sandbox.make_session(customer=customer).id).json
    assert [method["id"] for method in shown["saved_payment_methods"]] == [kept[1].id]
    assert shown["offers_to_save"] is False
    every: Any = {"allow_redisplay_filters": ["always", "limited", "unspecified"]}
    all_shown = sandbox.make_session(customer=customer, saved_payment_method_options=every)
    assert len(sandbox.page(all_shown.id).json["saved_payment_methods"]) == 2


def test_pays_with_it_and_shows_it_to_no_other_customer(sandbox: Calls, customer: str, saved: str) -> None:
    other = sandbox.v1.customers.create({"email": "eve@example.com"}).id
    more: Any
    for more in ({}, {"customer": other}):
        session = sandbox.make_session(**more)
        assert sandbox.page(session.id).json["saved_payment_methods"] == []
        refused = sandbox.page(session.id, "/confirm", payment_method=saved, expected_amount=1900, **PAYER)
        assert (refused.status, refused.json["error"]["param"]) == (400, "payment_method")
    session = sandbox.make_session(customer=customer)
    paid = sandbox.page(session.id, "/confirm", payment_method=saved, expected_amount=1900)
    assert (paid.status, paid.json["status"]) == (200, "complete")


def test_takes_it_away_by_page_by_call_and_with_its_customer(sandbox: Calls, customer: str, saved: str) -> None:
    locked = sandbox.make_session(customer=customer)
    assert sandbox.page(locked.id, "", detach_payment_method=saved).status == 400
    session = sandbox.make_session(customer=customer, saved_payment_method_options=SAVING)
    assert sandbox.page(session.id, "", detach_payment_method=saved).json["saved_payment_methods"] == []
    assert sandbox.page(session.id, "", detach_payment_method=saved).status == 400
    assert sandbox.event_types().count("payment_method.detached") == 1
    sandbox.pay(session.id, save_payment_method=True)
    again = sandbox.v1.customers.payment_methods.list(customer).data[0].id
    sandbox.v1.customers.delete(customer)
    assert sandbox.v1.payment_methods.retrieve(again).customer is None
    refused = sandbox.call("POST", "/v1/checkout/sessions", f"mode=payment&success_url=https://a.example&customer={customer}"
                           f"&line_items[0][price]={sandbox.make_price()}&line_items[0][quantity]=1")  # fmt: skip
    assert (refused.status, refused.json["error"]["code"]) == (400, "resource_missing")
    assert refused.json["error"]["param"] == "customer"


def test_offers_to_save_only_where_a_customer_can_keep_it(sandbox: Calls) -> None:
    line = f"line_items[0][price]={sandbox.make_price()}&line_items[0][quantity]=1"
    body = f"mode=payment&success_url=https://a.example&{line}&saved_payment_method_options[payment_method_save]=enabled"
    assert (
        sandbox.call("POST", "/v1/checkout/sessions", body).json["error"]["param"]
        == "saved_payment_method_options"
    )
    assert sandbox.call("POST", "/v1/checkout/sessions", f"{body}&customer_creation=always").status == 200


@pytest.fixture
def host(sandbox: Calls) -> Iterator[str]:
    with serve(host_app(sandbox)) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.usefixtures("saved")
def test_shows_saved_cards_on_its_own_page(page: Page, sandbox: Calls, customer: str) -> None:
    done = f"{sandbox.url}/docs"
    session = sandbox.make_hosted_session(customer=customer, success_url=done, saved_payment_method_options=SAVING)
    page.goto(str(session.url))
    expect(page.get_by_role("radio", name="Visa •••• 4242")).to_be_checked()
    expect(page.get_by_label("Card number")).to_be_hidden()
    page.get_by_role("radio", name="Another card").check()
    expect(page.get_by_label("Save my payment information")).to_be_visible()
    page.get_by_role("button", name="Remove Visa").click()
    expect(page.get_by_text("Saved cards")).to_be_hidden()
    for label, text in (
        ("Card number", "4242424242424242"),
        ("Expiry", "1234"),
        ("CVC", "123"),
        ("Full name", "Ada"),
    ):
        page.get_by_label(label).fill(text)
    page.get_by_label("Postal code").fill("94107")
    page.get_by_label("Save my payment information").check()
    page.get_by_test_id("submit").click()
    expect(page).to_have_url(done)
    assert len(sandbox.v1.customers.payment_methods.list(customer).data) == 1


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.usefixtures("saved")
def test_shows_saved_cards_in_its_payment_element(page: Page, sandbox: Calls, customer: str, host: str) -> None:
    session = create(sandbox, host, customer=customer, saved_payment_method_options=SAVING)
    start(page, sandbox, host, session)
    element = frame(page, "payment")
    expect(element.get_by_role("radio", name="Visa •••• 4242")).to_be_checked()
    shown = page.evaluate("actions.getSession().savedPaymentMethods")
    assert [method["card"]["last4"] for method in shown] == ["4242"]
    element.get_by_role("radio", name="Another card").check()
    expect(element.get_by_label("Card number")).to_be_visible()
    expect(element.get_by_label("Save my payment information")).to_be_visible()
    element.get_by_role("radio", name="Visa •••• 4242").check()
    page.locator("#pay").click()
    expect(page).to_have_url(f"{host}/done?session_id={session.id}")
