"""A form that shows saved cards is closed at Stripe, however its buyer stopped being signed in."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update

from storefront.buyers.account.change_address import move_customer
from storefront.buyers.account.erase import erase_customer
from storefront.core import clock
from storefront.core.config.checkout_ui import CheckoutUi
from storefront.core.db import transaction
from storefront.customers.browser_session import find_customer, sign_in
from storefront.shop.catalog.models import Product
from tests.payments.checkout.cards import EVE, checked_out, id_of, save_cards, session_of, work
from tests.support.databases import BOTH
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, keys_on
from tests.support.sign_in import is_in, make_customer, signed_in

WAYS = ("ended elsewhere", "erased", "moved by the owner", "merged", "signed in as another")


@pytest.fixture(autouse=True)
def _saves_cards(app: Flask) -> None:
    save_cards(app)


def end_elsewhere(app: Flask, at: Buyer) -> None:
    """End the first of Ada's sign-ins that is open, from another browser."""
    row = read_rows(app, "SELECT id FROM sign_ins ORDER BY id")[0]
    assert at.post(f"/account/sessions/{row['id']}/end").location == "/account#sessions"


@pytest.mark.parametrize("engine", BOTH, indirect=True)
@pytest.mark.parametrize(
    "way", ["ended elsewhere", "erased", "moved by the owner", "merged", "signed in as another"]
)
def test_closes_what_shows_cards(way: str, app: Flask, sandbox: SandboxClient) -> None:
    buyer = signed_in(app)
    session_id = checked_out(buyer)
    assert session_of(sandbox, session_id)["customer"]
    if way in ("merged", "signed in as another"):
        make_customer(app, EVE)
    if way == "ended elsewhere":
        end_elsewhere(app, signed_in(app))
    elif way == "signed in as another":
        with buyer.client.session_transaction(base_url=buyer.base_url) as stored:
            token = stored["sign_in"]
        with app.test_request_context() as context:
            context.session["sign_in"] = token
            eve = find_customer(EVE)
            assert eve
            sign_in(eve)
    else:
        with app.test_request_context():
            erase_customer(id_of(app)) if way == "erased" else move_customer(ADA, EVE)
    for _ in range(2):
        work(app)
    assert session_of(sandbox, session_id)["status"] == "expired"


def test_leaves_the_forms_of_others_open(app: Flask, sandbox: SandboxClient) -> None:
    make_customer(app, EVE)
    hers, guest = checked_out(signed_in(app, EVE)), checked_out(Buyer(app))
    checked_out(signed_in(app))
    end_elsewhere(app, signed_in(app))
    work(app)
    assert [session_of(sandbox, one)["status"] for one in (hers, guest)] == ["open", "open"]


def test_shows_no_key_to_a_browser_that_was_ended_elsewhere(app: Flask, sandbox: SandboxClient) -> None:
    buyer = signed_in(app)
    session_id = checked_out(buyer)
    sandbox.pay(session_id)
    buyer.land(session_id)
    with time_machine.travel(clock.now() + timedelta(minutes=31)):
        assert keys_on(buyer.land(session_id).text)
    end_elsewhere(app, signed_in(app))
    assert not is_in(buyer)
    with time_machine.travel(clock.now() + timedelta(minutes=31)):
        assert not keys_on(buyer.land(session_id).text)


def test_starts_anew_where_the_form_of_a_paid_order_is_sent_again_after_signing_out(
    app: Flask, sandbox: SandboxClient
) -> None:
    """As by the back button: the row of before is closed to this browser, and stands in no one's way."""
    with app.app_context(), transaction() as changes:
        changes.execute(update(Product).values(checkout_ui=CheckoutUi.HOSTED))
    buyer = signed_in(app)
    buyer.add("twinspot", "Personal")
    nonce = buyer.nonce()
    assert buyer.post("/checkout", nonce=nonce).status_code == 303
    paid = read_rows(app, "SELECT checkout_session_id FROM checkouts")[0]["checkout_session_id"]
    sandbox.pay(paid)
    buyer.land(paid)
    buyer.post("/sign-out")
    buyer.add("twinspot", "Personal")
    again = buyer.post("/checkout", nonce=nonce)
    assert again.status_code == 303
    newest = read_rows(app, "SELECT checkout_session_id FROM checkouts ORDER BY id")[-1]["checkout_session_id"]
    assert newest != paid
    assert session_of(sandbox, newest)["status"] == "open"
