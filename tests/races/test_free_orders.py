"""Eight free orders of one known address at once: one grant, and no deadlock on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.orders.models import Grant, Order
from storefront.payments.fulfillment.fulfill import fulfill_checkout
from storefront.payments.fulfillment.outcome import Outcome
from tests.support.databases import BOTH
from tests.support.rows import count_rows, read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    """Of eight threads not all may be at Stripe at once."""
    return environment | {"WEB_THREADS": "16"}


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_grants_once_however_many_race(app: Flask, buyer: Buyer, sandbox: SandboxClient) -> None:
    buyer.add("gridling")
    buyer.check_out()
    price = read_rows(app, "SELECT stripe_price_id FROM stripe_mirrors")[0]["stripe_price_id"]
    sessions = [sandbox.create_session([{"price": price, "quantity": 1}]) for _ in range(8)]
    for session_id in sessions:
        sandbox.pay(session_id, payment_method=None, email="ada@example.com")

    def look(session_id: str) -> Outcome:
        with app.app_context():
            try:
                return fulfill_checkout(session_id).outcome
            finally:
                db.session.remove()

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(look, sessions))
    assert outcomes == [Outcome.FULFILLED] * 8
    assert count_rows(app, Order, Grant) == {"orders": 8, "grants": 1}
    assert len(read_rows(app, "SELECT id FROM outbox")) == 1, "one mail an hour"
    assert len(read_rows(app, "SELECT id FROM customers")) == 1
