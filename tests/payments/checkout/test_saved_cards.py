"""Saved cards: a Customer for who is signed in and for nobody else, made once, and gone when its buyer is."""

import json
import threading

import pytest
from flask import Flask
from sqlalchemy import update

from storefront.buyers.account.change_address import move_customer
from storefront.buyers.account.erase import erase_customer
from storefront.core.config.checkout_ui import CheckoutUi
from storefront.core.db import transaction
from storefront.customers import at_stripe
from storefront.customers.models import Customer
from storefront.owner.pages.starters import make_starter
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from storefront.shop.catalog.models import Product
from storefront.shop.pages.models import LegalKind
from storefront.shop.profile.saved_cards import switch_saved_cards
from tests.payments.checkout.cards import EVE, begun, checked_out, id_of, save_cards, session_of, work
from tests.support.databases import BOTH
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, keys_on
from tests.support.sign_in import make_customer, signed_in
from tests.support.statements import counted

STRIPES = {
    CheckoutUi.EMBEDDED: "embedded_page",
    CheckoutUi.HOSTED: "hosted_page",
    CheckoutUi.ELEMENTS: "elements",
}


@pytest.fixture(autouse=True)
def _saves_cards(app: Flask) -> None:
    save_cards(app)


def test_leaves_everything_as_it_was_where_the_owner_does_not_want_it(app: Flask, sandbox: SandboxClient) -> None:
    with app.test_request_context():
        switch_saved_cards(is_on=False)
    buyer = signed_in(app)
    session = session_of(sandbox, checked_out(buyer))
    assert (session["customer"], session["saved_payment_method_options"]) == (None, None)
    assert [call for call in sandbox.calls() if "customers" in call[1]] == []
    assert "Saved cards" not in buyer.get("/account").text


@pytest.mark.parametrize("ui", STRIPES)
def test_names_one_customer_in_every_checkout_of_who_is_signed_in(
    ui: CheckoutUi, app: Flask, sandbox: SandboxClient
) -> None:
    with app.app_context(), transaction() as changes:
        changes.execute(update(Product).values(checkout_ui=ui))
    first = session_of(sandbox, begun(signed_in(app)))
    sandbox.forget_calls()
    second = session_of(sandbox, begun(signed_in(app)))
    assert first["customer"]
    assert second["customer"] == first["customer"]
    assert second["ui_mode"] == STRIPES[ui]
    assert second["saved_payment_method_options"]["payment_method_save"] == "enabled"
    assert "customer_balance" in second["payment_method_types"]
    assert [call for call in sandbox.calls() if call[0] == "POST"] == [("POST", "/v1/checkout/sessions")]


def test_costs_one_call_to_stripe_more_the_first_time_only(app: Flask, sandbox: SandboxClient) -> None:
    """Where Stripe knows the prices already: a Customer, and for who has one the Session alone.

    One statement asks what the bundles in it include, and one whether a promotion runs.
    """
    checked_out(Buyer(app))
    for calls, most in ((["/v1/customers", "/v1/checkout/sessions"], 20), (["/v1/checkout/sessions"], 17)):
        buyer = signed_in(app)
        buyer.add("twinspot", "Personal")
        form = {"csrf_token": buyer.csrf_token(), "nonce": buyer.nonce()}
        sandbox.forget_calls()
        with counted(app) as statements:
            answer = buyer.client.post(
                "/checkout", data=form, base_url=buyer.base_url, headers={"Referer": buyer.base_url}
            )
        assert answer.status_code == 303
        assert [path for _method, path in sandbox.calls()] == calls
        assert len(statements) <= most, "\n".join(statements)


def test_gives_a_guest_no_customer_whatever_they_type_or_open(app: Flask, sandbox: SandboxClient) -> None:
    session_id = checked_out(Buyer(app))
    assert session_of(sandbox, session_id)["customer"] is None
    sandbox.pay(session_id, email=ADA)
    buyer = Buyer(app)
    buyer.client.get(f"/checkout/return?session_id={session_id}", base_url=buyer.base_url)
    buyer.post("/sign-in", email=ADA)  # a code that nobody has typed
    assert session_of(sandbox, checked_out(buyer))["customer"] is None
    assert read_rows(app, "SELECT id FROM stripe_customers") == []


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_makes_one_customer_of_two_checkouts_at_the_same_moment(app: Flask, sandbox: SandboxClient) -> None:
    buyers = [signed_in(app), signed_in(app)]
    for buyer in buyers:
        buyer.add("twinspot", "Personal")
    start = threading.Barrier(2)
    answers: list[int] = []

    def go(buyer: Buyer) -> None:
        nonce = buyer.nonce()
        start.wait()
        answers.append(buyer.post("/checkout", nonce=nonce).status_code)

    threads = [threading.Thread(target=go, args=(buyer,)) for buyer in buyers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for buyer in buyers:
        buyer.check_out()
    assert len(sandbox.stripe.v1.customers.list().data) == 1
    assert len(read_rows(app, "SELECT id FROM stripe_customers")) == 1
    assert set(answers) <= {303, 503}


def test_makes_one_where_the_answer_was_lost(app: Flask, sandbox: SandboxClient) -> None:
    sandbox.control("faults", method="POST", path="/v1/customers", drop_after_execution=True, times=3)
    buyer = signed_in(app)
    buyer.add("twinspot", "Personal")
    assert buyer.post("/checkout", nonce=buyer.nonce()).status_code == 503
    sandbox.control("faults/clear")
    buyer.check_out()
    assert len(sandbox.stripe.v1.customers.list().data) == 1


def test_sells_without_saving_where_the_key_may_make_no_customer(app: Flask, sandbox: SandboxClient) -> None:
    sandbox.control("faults", method="POST", path="/v1/customers", status=400, times=9)
    session = session_of(sandbox, checked_out(signed_in(app)))
    assert (session["status"], session["customer"]) == ("open", None)


def test_saves_again_once_the_cause_of_a_refusal_is_gone(app: Flask, sandbox: SandboxClient) -> None:
    """Stripe says no under the same key for a day."""
    sandbox.control("faults", method="POST", path="/v1/customers", status=400, times=1)
    assert session_of(sandbox, checked_out(signed_in(app)))["customer"] is None
    assert session_of(sandbox, checked_out(signed_in(app)))["customer"]


def test_makes_another_once_where_somebody_deleted_it_at_stripe(app: Flask, sandbox: SandboxClient) -> None:
    lost = session_of(sandbox, checked_out(signed_in(app)))["customer"]
    sandbox.stripe.v1.customers.delete(lost)
    found = session_of(sandbox, checked_out(signed_in(app)))["customer"]
    assert found not in (None, lost)
    assert session_of(sandbox, checked_out(signed_in(app)))["customer"] == found


def test_closes_what_shows_cards_when_its_buyer_signs_out_of_a_shared_computer(
    app: Flask, sandbox: SandboxClient
) -> None:
    buyer = signed_in(app)
    session_id = checked_out(buyer)
    token = read_rows(app, "SELECT token FROM checkouts")[0]["token"]
    assert buyer.get(f"/checkout/{token}").status_code == 200
    buyer.post("/sign-out")
    assert buyer.get(f"/checkout/{token}").status_code == 404
    other = buyer.check_out()
    assert session_of(sandbox, other)["customer"] is None
    work(app)
    work(app)
    assert session_of(sandbox, session_id)["status"] == "expired"
    assert session_of(sandbox, other)["status"] == "open"


def test_goes_on_with_nobodys_cards_but_those_of_who_is_signed_in_now(app: Flask, sandbox: SandboxClient) -> None:
    make_customer(app, EVE)
    buyer = signed_in(app)
    session_id = checked_out(buyer)
    token = read_rows(app, "SELECT token FROM checkouts")[0]["token"]
    with signed_in(app, EVE).client.session_transaction(base_url=buyer.base_url) as hers:
        kept = hers["sign_in"]
    with buyer.client.session_transaction(base_url=buyer.base_url) as stored:
        stored["sign_in"] = kept
    assert buyer.get(f"/checkout/{token}").status_code == 404
    hers_id = buyer.check_out()
    sessions = [session_of(sandbox, one) for one in (session_id, hers_id)]
    assert [session["status"] for session in sessions] == ["expired", "open"]
    emails = [sandbox.stripe.v1.customers.retrieve(one["customer"]).email for one in sessions]
    assert emails == [ADA, EVE]


def test_tells_stripe_an_address_that_was_changed(app: Flask, sandbox: SandboxClient) -> None:
    first = session_of(sandbox, checked_out(signed_in(app)))["customer"]
    with app.app_context(), transaction() as changes:
        changes.execute(update(Customer).values(email=EVE, email_key=EVE))
    second = session_of(sandbox, checked_out(signed_in(app, EVE)))
    assert second["customer"] == first
    assert sandbox.stripe.v1.customers.retrieve(first).email == EVE


@pytest.mark.parametrize("way", ["erased", "moved by the owner", "merged"])
def test_deletes_the_customer_of_who_is_gone(way: str, app: Flask, sandbox: SandboxClient) -> None:
    gone = session_of(sandbox, checked_out(signed_in(app)))["customer"]
    with app.test_request_context():
        if way == "merged":
            make_customer(app, EVE)
        if way == "erased":
            erase_customer(id_of(app))
        else:
            move_customer(ADA, EVE)
    work(app)
    work(app)
    assert sandbox.stripe.v1.customers.retrieve(gone).to_dict().get("deleted") is True
    assert read_rows(app, "SELECT id FROM stripe_customers") == []
    if way != "erased":
        assert session_of(sandbox, checked_out(signed_in(app, EVE)))["customer"] not in (None, gone)


def test_waits_with_deleting_for_a_bank_transfer(app: Flask, sandbox: SandboxClient) -> None:
    buyer = signed_in(app)
    session_id = checked_out(buyer)
    customer = session_of(sandbox, session_id)["customer"]
    intent = sandbox.pay(session_id, payment_method="customer_balance")["payment_intent"]["id"]
    buyer.land(session_id)
    with app.test_request_context():
        move_customer(ADA, EVE)
    work(app)
    assert sandbox.stripe.v1.customers.retrieve(customer).to_dict().get("deleted") is None
    sandbox.control(f"payment_intents/{intent}/fund")
    with app.app_context():
        fulfill_checkout(session_id, look=Look.NOW)
    work(app)
    assert sandbox.stripe.v1.customers.retrieve(customer).to_dict().get("deleted") is True


def test_shows_and_removes_saved_cards_on_the_account_page(app: Flask, sandbox: SandboxClient) -> None:
    buyer = signed_in(app)
    assert "No card is saved" in buyer.get("/account/cards").text
    session_id = checked_out(buyer)
    sandbox.pay(session_id, save_payment_method=True)
    customer = session_of(sandbox, session_id)["customer"]
    card = sandbox.stripe.v1.payment_methods.list({"customer": customer}).data[0].id
    assert 'href="/account/cards"' in buyer.get("/account").text
    page = buyer.get("/account/cards")
    assert "Visa •••• 4242" in page.text
    assert "Expires 12/2034" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    make_customer(app, EVE)
    assert "No card is saved" in signed_in(app, EVE).get("/account/cards").text
    signed_in(app, EVE).post("/account/cards/remove", card=card)
    assert sandbox.stripe.v1.payment_methods.retrieve(card).customer == customer
    assert buyer.client.post("/account/cards/remove", data={"card": card}).status_code == 400  # no form token
    for said in ("Visa 4242 is removed", "has been removed already"):
        buyer.post("/account/cards/remove", card=card)
        assert said in buyer.get("/account/cards").text
    assert sandbox.stripe.v1.payment_methods.retrieve(card).customer is None
    assert Buyer(app).get("/account/cards").status_code == 303


def test_says_that_cards_are_not_known_while_stripe_does_not_answer(app: Flask, sandbox: SandboxClient) -> None:
    buyer = signed_in(app)
    checked_out(buyer)
    sandbox.control("faults", method="GET", path="/v1/payment_methods", status=500, times=9)
    page = buyer.get("/account/cards")
    assert page.status_code == 503
    assert "Nothing was changed" in page.text
    buyer.post("/account/cards/remove", card="pm_1")
    sandbox.control("faults/clear")
    assert "your card is still saved" in buyer.get("/account/cards").text


@pytest.mark.parametrize("is_worked", [False, True])
def test_leads_nobody_back_to_the_form_of_who_signed_out(
    is_worked: bool, app: Flask, sandbox: SandboxClient
) -> None:
    """The same form sent again from that browser, as by its back button."""
    with app.app_context(), transaction() as changes:
        changes.execute(update(Product).values(checkout_ui=CheckoutUi.HOSTED))
    buyer = signed_in(app)
    buyer.add("twinspot", "Personal")
    nonce = buyer.nonce()
    first = buyer.post("/checkout", nonce=nonce)
    buyer.post("/sign-out")
    if is_worked:
        work(app)
    assert buyer.post("/checkout", nonce=nonce).headers.get("Location") != first.headers["Location"]


def test_sells_at_the_next_click_where_stripe_failed_at_a_customer(app: Flask, sandbox: SandboxClient) -> None:
    """Stripe answers the same key with the same 500 for a day."""
    sandbox.control("faults", method="POST", path="/v1/customers", status=500, times=1)
    buyer = signed_in(app)
    buyer.add("twinspot", "Personal")
    assert [buyer.post("/checkout", nonce=buyer.nonce()).status_code for _ in range(2)] == [503, 303]


def test_sells_at_once_where_stripe_lost_customer_and_prices(app: Flask, sandbox: SandboxClient) -> None:
    lost = session_of(sandbox, checked_out(signed_in(app)))
    sandbox.stripe.v1.customers.delete(lost["customer"])
    for item in sandbox.stripe.v1.checkout.sessions.line_items.list(lost["id"]).data:
        assert item.price
        sandbox.stripe.v1.prices.update(item.price.id, {"active": False})
    buyer = signed_in(app)
    buyer.add("twinspot", "Personal")
    assert buyer.post("/checkout", nonce=buyer.nonce()).status_code == 303


def test_lets_one_session_that_cannot_be_closed_hold_up_no_other(app: Flask, sandbox: SandboxClient) -> None:
    one, two = signed_in(app), signed_in(app)
    first, second = checked_out(one), checked_out(two)
    path = f"/v1/checkout/sessions/{first}/expire"
    sandbox.control("faults", method="POST", path=path, status=400, type="invalid_request_error", times=None)
    one.post("/sign-out")
    two.post("/sign-out")
    work(app)
    assert session_of(sandbox, second)["status"] == "expired"


def test_lets_one_customer_that_cannot_be_deleted_hold_up_no_other(app: Flask, sandbox: SandboxClient) -> None:
    make_customer(app, EVE)
    first = session_of(sandbox, checked_out(signed_in(app)))["customer"]
    second = session_of(sandbox, checked_out(signed_in(app, EVE)))["customer"]
    path = f"/v1/customers/{first}"
    sandbox.control("faults", method="DELETE", path=path, status=400, type="invalid_request_error", times=None)
    with app.test_request_context():
        erase_customer(id_of(app))
        erase_customer(id_of(app, EVE))
    work(app)
    assert sandbox.stripe.v1.customers.retrieve(second).to_dict().get("deleted") is True


def test_sells_to_who_moved_there_and_back(app: Flask, sandbox: SandboxClient) -> None:
    checked_out(signed_in(app))
    for old, new in ((ADA, EVE), (EVE, ADA)):
        with app.test_request_context():
            move_customer(old, new)
    buyer = signed_in(app)
    buyer.add("twinspot", "Personal")
    assert buyer.post("/checkout", nonce=buyer.nonce()).status_code == 303


def test_promises_no_saving_where_the_owner_ended_it(app: Flask, sandbox: SandboxClient) -> None:
    buyer = signed_in(app)
    checked_out(buyer)
    assert "You can save one at checkout" in buyer.get("/account/cards").text
    with app.test_request_context():
        switch_saved_cards(is_on=False)
    assert "You can save one at checkout" not in buyer.get("/account/cards").text


def test_makes_no_customer_for_who_is_erased_at_this_moment(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer_id = id_of(app)
    with app.app_context(), monkeypatch.context() as patched:
        patched.setattr(at_stripe, "insert_missing", lambda *_args: 0)  # erased after it was looked for
        assert at_stripe.ensure_at_stripe(customer_id, shop_id="shop") is None
    with app.app_context():
        erase_customer(customer_id)
        assert at_stripe.ensure_at_stripe(customer_id, shop_id="shop") is None
    assert sandbox.calls("/v1/customers") == []
    assert read_rows(app, "SELECT id FROM stripe_customers") == []


def test_tells_a_person_where_stripe_keeps_their_cards(app: Flask, sandbox: SandboxClient) -> None:
    customer = session_of(sandbox, checked_out(signed_in(app)))["customer"]
    assert json.loads(signed_in(app).get("/account/export.json").text)["customers_at_stripe"] == [customer]
    with app.test_request_context():
        assert "choose to save your card" in make_starter(LegalKind.PRIVACY).body_markdown
        switch_saved_cards(is_on=False)
    with app.test_request_context():
        assert "save your card" not in make_starter(LegalKind.PRIVACY).body_markdown


class TestWithTax:
    """Stripe takes an address for tax there only where it may keep it with the Customer."""

    @pytest.fixture
    def environment(self, environment: dict[str, str]) -> dict[str, str]:
        return environment | {"STRIPE_TAX": "true"}

    @pytest.mark.parametrize("ui", STRIPES)
    def test_sells_with_tax_and_a_customer(self, ui: CheckoutUi, app: Flask, sandbox: SandboxClient) -> None:
        with app.app_context(), transaction() as changes:
            changes.execute(update(Product).values(checkout_ui=ui, tax_behavior="exclusive"))
        buyer = signed_in(app)
        session_id = begun(buyer)
        session = session_of(sandbox, session_id)
        assert session["customer"]
        assert session["automatic_tax"]["enabled"]
        sandbox.pay(session_id, country="DE", postal_code="10115")
        assert len(keys_on(buyer.land(session_id).text)) == 1
