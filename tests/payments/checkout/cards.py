"""A shop that saves cards, and the Sessions that its signed-in buyers begin."""

from typing import Any

from flask import Flask
from sqlalchemy import delete

from storefront.core.db import transaction
from storefront.core.leases import Lease
from storefront.customers.browser_session import find_customer
from storefront.shop.profile.saved_cards import switch_saved_cards
from storefront.worker import close_sessions_left
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer
from tests.support.sign_in import make_customer

EVE = "eve@example.com"


def save_cards(app: Flask) -> None:
    make_customer(app)
    with app.test_request_context():
        switch_saved_cards(is_on=True)


def checked_out(buyer: Buyer) -> str:
    buyer.add("twinspot", "Personal")
    return buyer.check_out()


def begun(buyer: Buyer) -> str:
    """Return the Session's id, wherever the button leads."""
    buyer.add("twinspot", "Personal")
    assert buyer.post("/checkout", nonce=buyer.nonce()).status_code == 303
    newest = "SELECT checkout_session_id FROM checkouts ORDER BY id DESC LIMIT 1"
    return str(read_rows(buyer.app, newest)[0]["checkout_session_id"])


def session_of(sandbox: SandboxClient, session_id: str) -> Any:
    return sandbox.stripe.v1.checkout.sessions.retrieve(session_id).to_dict()


def work(app: Flask) -> None:
    """Do what the worker does, as if every lease had run out."""
    with app.app_context():
        with transaction() as changes:
            changes.execute(delete(Lease))
        close_sessions_left()


def id_of(app: Flask, email: str = ADA) -> int:
    with app.app_context():
        customer = find_customer(email)
        assert customer
        return customer.id
