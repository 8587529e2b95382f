"""What nearly nobody meets: an answer that comes too late, another Stripe account, somebody else's refund."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from tests.payments.checkout.buttons import send, twin_of
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import PATIENCE_SECONDS, Buyer, find_price, wait_for

SESSIONS = "/v1/checkout/sessions"
both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@both
def test_changes_no_newer_attempt_by_a_slow_answer_whose_session_cannot_be_paid(
    app: Flask, sandbox: SandboxClient, buyer: Buyer
) -> None:
    """The cart is changed in another tab while Stripe is slow to answer the first one."""
    buyer.add("twinspot", "Personal")
    form = {"nonce": buyer.nonce(), "csrf_token": buyer.csrf_token()}
    slow = twin_of(buyer)
    price_id = find_price(app, "twinspot", "Personal")
    sandbox.control("faults", method="POST", path=SESSIONS, times=1, delay_seconds=PATIENCE_SECONDS)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(send, slow, "/checkout", **form)
        wait_for(lambda: not any(fault["times"] for fault in sandbox.read("faults")["data"]))
        buyer.post("/cart/update", **{f"quantity-{price_id}": 5})
        second = send(buyer, "/checkout", **form)
        assert not first.done(), "the first answer must come last"
        sandbox.control("faults/release")
        assert first.result().status_code == 303
    assert second.location == first.result().location
    shown = buyer.session_on(buyer.get(second.location))
    sessions = sandbox.stripe.v1.checkout.sessions.list({"limit": 9}).data
    assert {session.id: session.status for session in sessions if session.id == shown} == {shown: "open"}
    assert [session.status for session in sessions if session.id != shown] == ["expired"]
    assert sandbox.stripe.v1.checkout.sessions.line_items.list(shown).data[0].quantity == 5


def test_takes_up_no_checkout_of_another_stripe_account_again(
    app: Flask, sandbox: SandboxClient, buyer: Buyer
) -> None:
    buyer.add("twinspot", "Personal")
    address = buyer.post("/checkout", nonce=buyer.nonce()).location
    old = buyer.session_on(buyer.get(address))
    change_rows(app, "UPDATE checkouts SET account = 'acct_of_last_year'")
    answer = buyer.get(address)
    assert (answer.status_code, answer.location) == (303, "/cart")
    assert "has expired" in buyer.get("/cart").text
    assert buyer.check_out() != old
    (row,) = read_rows(app, "SELECT account, attempt FROM checkouts")
    assert row["account"] != "acct_of_last_year"
    assert row["attempt"] == 2
    assert sandbox.url


def test_sends_no_body_for_another_stripe_account_again(app: Flask, sandbox: SandboxClient, buyer: Buyer) -> None:
    """Its answer was lost, and then the keys were switched."""
    buyer.add("twinspot", "Personal")
    sandbox.control("faults", method="POST", path=SESSIONS, times=2, drop_before_execution=True)
    assert buyer.post("/checkout", nonce=buyer.nonce()).status_code == 503
    change_rows(app, "UPDATE checkouts SET account = 'acct_of_last_year'")
    buyer.check_out()
    assert read_rows(app, "SELECT attempt FROM checkouts") == [{"attempt": 2}]


@pytest.mark.parametrize("minutes", [0, 31], ids=["at once", "after half an hour"])
def test_shows_a_stranger_with_the_session_of_a_refunded_order_nothing_of_it(
    app: Flask, sandbox: SandboxClient, minutes: int
) -> None:
    sale = sell(app, sandbox)
    number = read_rows(app, "SELECT number FROM orders")[0]["number"]
    sale.refund()
    sale.deliver("charge.refunded", "refund.")
    with time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=True):
        assert number in sale.buyer.land(sale.session_id).text
        page = Buyer(app).land(sale.session_id)
        secrets = [*sale.keys, "/downloads/", sale.link]
        if minutes:
            assert page.status_code == 403
            secrets += [number, "ada@example.com"]
        assert [secret for secret in secrets if secret in page.text] == []
