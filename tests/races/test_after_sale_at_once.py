"""Refunds, disputes and the owner's word meet the sale, and each other, at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
import stripe
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.orders.decide import decide
from storefront.orders.models import Decision
from storefront.payments.webhook.dispatch import run_unhandled
from storefront.stripe_api.gateway import GATEWAY
from tests.races.at_once import EACH, THREADS, Job, run_at_once
from tests.races.slow_gateway import SlowGateway, look_slowly
from tests.support.databases import BOTH
from tests.support.fulfill import look
from tests.support.rows import read_rows
from tests.support.sale import COMPLETED, Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, keys_on, post_event, wait_for

pytestmark = pytest.mark.parametrize("engine", BOTH, indirect=True)

ROUNDS = 2
REFUNDS = ("refund.", "charge.refunded")


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    """As many threads as there are callers: nobody is told to come back because Stripe is crowded."""
    return environment | {"WEB_THREADS": "16"}


def events_of(sandbox: SandboxClient, *prefixes: str) -> list[dict[str, Any]]:
    return [event for event in sandbox.read("events")["data"] if event["type"].startswith(prefixes)]


def deliver_jobs(app: Flask, events: list[dict[str, Any]]) -> list[Job]:
    return [lambda event=event: post_event(app, event).status_code for event in events]  # type: ignore[misc]


def look_again(app: Flask) -> None:
    """What the worker does five minutes later about refunds that came before their sale."""
    with time_machine.travel(clock.now().timestamp() + 301, tick=True), app.app_context():
        run_unhandled()
        db.session.remove()


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_ends_refunded_when_sale_and_refund_are_told_at_once(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, seed: int
) -> None:
    """The refund itself is made while the sale's event and pages are being worked on."""
    buyer.add("twinspot", "Personal")
    session_id = buyer.check_out()
    sandbox.pay(session_id)
    payment = str(sandbox.stripe.v1.checkout.sessions.retrieve(session_id).payment_intent)

    def refund_and_tell() -> int:
        params: Any = {"payment_intent": payment}
        with suppress(stripe.InvalidRequestError):  # refunded by the first of us
            sandbox.stripe.v1.refunds.create(params)
        return max(post_event(app, event).status_code for event in events_of(sandbox, *REFUNDS))

    def load() -> int:
        return Buyer(app).land(session_id).status_code

    sold = deliver_jobs(app, events_of(sandbox, COMPLETED))
    statuses = run_at_once([*sold, *sold, load, refund_and_tell], seed=seed)
    assert set(statuses) == {200}
    look_again(app)
    assert read_rows(app, "SELECT refunded_minor FROM orders") == [{"refunded_minor": 1900}]
    assert keys_on(buyer.land(session_id).text) == []
    assert len(read_rows(app, "SELECT id FROM licenses")) == 1
    kinds = [row["kind"] for row in read_rows(app, "SELECT kind FROM outbox ORDER BY kind")]
    assert kinds == ["receipt", "refunded"]
    assert read_rows(app, "SELECT id FROM stripe_events WHERE handled_at IS NULL") == []


@pytest.mark.parametrize("amount", [None, 500])
def test_ends_as_stripe_does_when_a_dispute_is_won_and_refunded_at_once(
    app: Flask, sandbox: SandboxClient, amount: int | None
) -> None:
    sale = sell(app, sandbox)
    dispute = sale.at_charge("dispute")
    sale.deliver("charge.dispute.")
    assert keys_on(sale.order_page()) == []

    def win() -> int:
        if sandbox.stripe.v1.disputes.retrieve(dispute).status == "needs_response":
            sandbox.control(f"disputes/{dispute}/move", status="won")
        return tell("charge.dispute.")

    def refund() -> int:
        wait_for(lambda: sandbox.stripe.v1.disputes.retrieve(dispute).status == "won")
        sale.refund(**({"amount": amount} if amount else {}))
        return tell(*REFUNDS)

    def tell(*prefixes: str) -> int:
        return max(post_event(app, event).status_code for event in events_of(sandbox, *prefixes))

    with ThreadPoolExecutor(THREADS) as pool:
        first = [pool.submit(win), pool.submit(refund)]
        pages = [pool.submit(lambda: sale.buyer.get(sale.link).status_code) for _ in range(THREADS)]
        again = [pool.submit(tell, "charge.dispute.", "refund.", "charge.refunded") for _ in range(EACH)]
        assert {future.result() for future in first + pages + again} == {200}
    assert keys_on(sale.order_page()) == ([] if amount is None else sale.keys)
    order = read_rows(app, "SELECT refunded_minor, dispute_status FROM orders")
    assert order == [{"refunded_minor": amount or 1900, "dispute_status": "won"}]
    assert sorted(sale.promised()) == ["dispute_opened", "receipt", "refunded"]
    assert sale.open_notices() == []


def decide_on(sale: Sale, decision: Decision) -> int:
    with sale.app.app_context():
        number = str(db.session.execute(db.text("SELECT number FROM orders")).scalar_one())
        db.session.commit()
        decide(number, decision)
        db.session.remove()
    return 200


@pytest.mark.parametrize(
    ("decision", "sentence"),
    [(Decision.ALLOW, "The shop keeps this order open for you."), (Decision.WITHDRAW, "The shop has withdrawn")],
)
def test_keeps_the_owners_word_that_came_while_a_refund_was_read(
    app: Flask, sandbox: SandboxClient, decision: Decision, sentence: str
) -> None:
    sale = sell(app, sandbox)
    gateway = SlowGateway(GATEWAY.get(app))
    GATEWAY.set(gateway, app)
    sale.refund()
    with ThreadPoolExecutor(1) as pool:
        slow = look_slowly(app, gateway, pool, sale.session_id)  # has read: refunded
        decide_on(sale, decision)
        gateway.may_go_on.set()
        slow.result(20)
    row = read_rows(app, "SELECT decision, refunded_minor FROM orders")
    assert row == [{"decision": decision.value, "refunded_minor": 1900}]
    assert sentence in sale.words()


def test_obeys_money_and_owner_however_they_interleave(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    refund = sale.at_charge("refund", outcome="pending")
    told = deliver_jobs(app, events_of(sandbox, *REFUNDS))
    words: list[Job] = [lambda decision=decision: decide_on(sale, decision) for decision in Decision]  # type: ignore[misc]

    def look_now() -> int:
        return 200 if look(app, sale.session_id) else 500

    assert set(run_at_once([*told, *words, look_now], seed=1)) == {200}
    decide_on(sale, Decision.FOLLOW_PAYMENT)
    assert keys_on(sale.order_page()) == []
    sandbox.control(f"refunds/{refund}/settle", result="failed")
    bounced = deliver_jobs(app, events_of(sandbox, *REFUNDS))
    assert set(run_at_once([*bounced, *words, look_now], seed=2)) == {200}
    decide_on(sale, Decision.FOLLOW_PAYMENT)
    assert keys_on(sale.order_page()) == sale.keys
    assert sale.promised()["refunded"] == "queued"
    decided = read_rows(app, "SELECT detail FROM order_changes WHERE what = 'decision' ORDER BY id")
    assert all(one != other for one, other in pairwise(decided)), "each line is a change"


def test_needs_nobody_when_both_of_a_pair_are_refunded_at_once(app: Flask, sandbox: SandboxClient) -> None:
    sales = [sell(app, sandbox), sell(app, sandbox)]
    assert sales[0].open_notices() == ["double_purchase"]
    for sale in sales:
        sale.refund()
    told = deliver_jobs(app, events_of(sandbox, *REFUNDS))
    looks: list[Job] = [lambda sale=sale: 200 if look(app, sale.session_id) else 500 for sale in sales]  # type: ignore[misc]
    assert set(run_at_once([*told, *looks], seed=3)) == {200}
    assert sales[0].open_notices() == []
    rows = read_rows(app, "SELECT kind, COUNT(*) AS n FROM outbox GROUP BY kind ORDER BY kind")
    assert rows == [{"kind": "receipt", "n": 2}, {"kind": "refunded", "n": 2}]
