"""Stripe loses, refuses or replays: what the buyer meets, and that the next try works."""

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer


@pytest.fixture
def open_session(buyer: Buyer, sandbox: SandboxClient) -> str:
    assert sandbox.url
    buyer.add("twinspot", "Personal")
    return buyer.check_out()


@pytest.mark.parametrize("same_cart", [True, False])
def test_replaces_a_session_that_was_expired_early(
    buyer: Buyer, sandbox: SandboxClient, open_session: str, same_cart: bool
) -> None:
    """In the Dashboard, or by a process that died right after."""
    sandbox.control(f"sessions/{open_session}/expire")
    if not same_cart:
        buyer.add("soft-taps")
    new = buyer.check_out()
    assert new != open_session
    sandbox.pay(new)
    assert buyer.state(new) == "fulfilled"


def test_leads_a_second_click_on_the_hosted_page_there_too(
    buyer: Buyer, sandbox: SandboxClient, app: Flask, open_session: str
) -> None:
    token = read_rows(app, "SELECT token FROM checkouts")[0]["token"]
    first = buyer.post(f"/checkout/{token}/hosted")
    second = buyer.post(f"/checkout/{token}/hosted")
    assert first.location == second.location
    assert first.location.startswith(sandbox.url)


def test_sells_a_minute_after_a_stored_500_for_a_product(buyer: Buyer, sandbox: SandboxClient) -> None:
    """Stripe replays it for that idempotency key for a day."""
    buyer.add("twinspot", "Personal")
    sandbox.control("faults", method="POST", path="/v1/products", status=500, times=1)
    assert buyer.post("/checkout", nonce=buyer.nonce()).status_code == 503
    with time_machine.travel(clock.now().timestamp() + 60, tick=True):
        assert buyer.check_out().startswith("cs_test_")


def test_makes_mirrors_anew_of_what_was_archived_at_stripe(
    buyer: Buyer, sandbox: SandboxClient, app: Flask
) -> None:
    buyer.add("twinspot", "Personal")
    buyer.check_out()
    price = read_rows(app, "SELECT stripe_price_id FROM stripe_mirrors")[0]["stripe_price_id"]
    sandbox.stripe.v1.prices.update(price, {"active": False})
    second = Buyer(app)
    second.add("twinspot", "Personal")
    session_id = second.check_out()
    sandbox.pay(session_id)
    assert second.state(session_id) == "fulfilled"


@pytest.mark.parametrize(("status", "kind"), [(402, "card_error"), (401, "invalid_request_error"), (403, "x")])
def test_tells_a_buyer_who_paid_nothing_of_the_shops_own_trouble(
    buyer: Buyer, sandbox: SandboxClient, open_session: str, status: int, kind: str
) -> None:
    sandbox.pay(open_session)
    sandbox.control("faults", method="GET", path="/v1/checkout/sessions", status=status, type=kind, times=1)
    page = buyer.land(open_session)
    assert page.status_code == 503
    assert "checked" in page.text
    assert buyer.state(open_session) == "fulfilled"


def test_shows_a_buyer_none_of_stripes_words_to_the_owner(buyer: Buyer, sandbox: SandboxClient) -> None:
    buyer.add("twinspot", "Personal")
    sandbox.control(
        "faults",
        method="POST",
        path="/v1/checkout",
        status=400,
        type="invalid_request_error",
        message="For you only",
    )
    page = buyer.post("/checkout", nonce=buyer.nonce())
    assert page.status_code == 502
    assert "For you only" not in page.text


def test_does_not_know_a_session_that_stripe_no_longer_knows(
    buyer: Buyer, sandbox: SandboxClient, open_session: str
) -> None:
    sandbox.reset()
    assert buyer.land(open_session).status_code == 404
