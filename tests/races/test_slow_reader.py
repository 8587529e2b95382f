"""A caller that read Stripe early and commits late must not overwrite what somebody read later."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from storefront.payments.fulfillment.fulfill import Look
from storefront.payments.fulfillment.outcome import Outcome
from storefront.stripe_api.gateway import GATEWAY
from tests.races.slow_gateway import WAIT_SECONDS, SlowGateway, look_slowly
from tests.support.databases import BOTH
from tests.support.fulfill import look
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

pytestmark = pytest.mark.parametrize("engine", BOTH, indirect=True)


@pytest.fixture
def gateway(app: Flask) -> SlowGateway:
    slow = SlowGateway(GATEWAY.get(app))
    GATEWAY.set(slow, app)
    return slow


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


def bought(buyer: Buyer, sandbox: SandboxClient, **how: str) -> str:
    buyer.add("twinspot", "Personal")
    session_id = buyer.check_out()
    sandbox.pay(session_id, **how)
    return session_id


def refund(app: Flask, sandbox: SandboxClient) -> None:
    payment = read_rows(app, "SELECT payment_intent_id FROM orders")[0]["payment_intent_id"]
    sandbox.stripe.v1.refunds.create({"payment_intent": payment})


def refunded(app: Flask) -> int:
    return int(read_rows(app, "SELECT refunded_minor FROM orders")[0]["refunded_minor"])


def test_overwrites_no_refund_by_older_facts(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, gateway: SlowGateway, pool: ThreadPoolExecutor
) -> None:
    session_id = bought(buyer, sandbox)
    look(app, session_id)
    slow = look_slowly(app, gateway, pool, session_id)  # has read: not refunded
    refund(app, sandbox)
    look(app, session_id)
    assert refunded(app) == 1900
    gateway.may_go_on.set()
    assert slow.result(WAIT_SECONDS) is Outcome.ALREADY_FULFILLED
    assert refunded(app) == 1900


def test_applies_newer_facts_when_the_older_look_commits_first(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, gateway: SlowGateway, pool: ThreadPoolExecutor
) -> None:
    session_id = bought(buyer, sandbox)
    look(app, session_id)
    slow = look_slowly(app, gateway, pool, session_id)
    gateway.may_go_on.set()
    slow.result(WAIT_SECONDS)
    refund(app, sandbox)
    look(app, session_id)
    assert refunded(app) == 1900


def test_undoes_no_sale_by_a_slow_first_look_that_saw_no_money(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, gateway: SlowGateway, pool: ThreadPoolExecutor
) -> None:
    """It found no order, lost the insert, and starts again."""
    session_id = bought(buyer, sandbox, payment_method="ach_success")
    slow = look_slowly(app, gateway, pool, session_id, Look.IF_NEEDED)  # has read: unpaid, no order yet
    payment = sandbox.stripe.v1.checkout.sessions.retrieve(session_id).payment_intent
    sandbox.settle(str(payment))
    assert look(app, session_id, Look.IF_NEEDED) is Outcome.FULFILLED
    gateway.may_go_on.set()
    assert slow.result(WAIT_SECONDS) is Outcome.ALREADY_FULFILLED
    row = read_rows(app, "SELECT is_paid, has_failed FROM orders")[0]
    assert (bool(row["is_paid"]), bool(row["has_failed"])) == (True, False)
    assert [mail["kind"] for mail in read_rows(app, "SELECT kind FROM outbox")] == ["receipt"]


def test_takes_no_payment_back_by_a_slow_look_at_a_waiting_order(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, gateway: SlowGateway, pool: ThreadPoolExecutor
) -> None:
    session_id = bought(buyer, sandbox, payment_method="ach_success")
    look(app, session_id)
    slow = look_slowly(app, gateway, pool, session_id)  # has read: unpaid
    payment = read_rows(app, "SELECT payment_intent_id FROM orders")[0]["payment_intent_id"]
    sandbox.settle(payment)
    assert look(app, session_id) is Outcome.FULFILLED
    gateway.may_go_on.set()
    slow.result(WAIT_SECONDS)
    assert bool(read_rows(app, "SELECT is_paid FROM orders")[0]["is_paid"])
    assert len(read_rows(app, "SELECT id FROM licenses")) == 1
