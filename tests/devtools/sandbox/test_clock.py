"""The sandbox's time moves: what Stripe dates moves with it; deliveries and signatures stay real."""

import time
from pathlib import Path
from typing import Any

import pytest
import requests

from storefront.devtools.sandbox.config import SandboxConfig
from storefront.devtools.sandbox.server import SandboxServer
from tests.devtools.sandbox.calls import Calls
from tests.devtools.sandbox.receiver import Receiver

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def offset(sandbox: Calls) -> int:
    return int(sandbox.look("clock")["offset_seconds"])


def test_is_real_until_it_is_moved(sandbox: Calls) -> None:
    assert sandbox.look("clock") == {"now": pytest.approx(time.time(), abs=MINUTE), "offset_seconds": 0}


def test_moves_by_to_and_back(sandbox: Calls) -> None:
    sandbox.control("clock", advance_seconds=DAY)
    sandbox.control("clock", advance_seconds=-HOUR)
    assert offset(sandbox) == DAY - HOUR
    sandbox.control("clock", now=int(time.time()) + 7 * DAY)
    assert offset(sandbox) == pytest.approx(7 * DAY, abs=MINUTE)
    sandbox.control("clock", offset_seconds=-40 * DAY)
    assert sandbox.look("clock")["now"] == pytest.approx(time.time() - 40 * DAY, abs=MINUTE)
    sandbox.control("reset", endpoints=False)
    assert offset(sandbox) == 0


@pytest.mark.parametrize(
    "body", [{}, {"advance_seconds": "1"}, {"offset_seconds": 1.5}, {"now": 1, "advance_seconds": 1}, {"days": 3}]
)
def test_refuses_what_is_no_time(sandbox: Calls, body: dict[str, Any]) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/clock", json=body, timeout=60)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
    assert offset(sandbox) == 0


def test_dates_what_is_made_and_what_is_told(sandbox: Calls, receiver: Receiver) -> None:
    sandbox.control("clock", offset_seconds=-40 * DAY)
    session = sandbox.make_session()
    sandbox.pay(session.id)
    then = time.time() - 40 * DAY
    assert sandbox.session(session.id)["created"] == pytest.approx(then, abs=MINUTE)
    assert sandbox.session(session.id)["expires_at"] == pytest.approx(then + DAY, abs=MINUTE)
    event = receiver.wait_for("checkout.session.completed")
    listed = sandbox.get(f"/v1/events/{event.id}")
    assert listed["created"] == pytest.approx(then, abs=MINUTE)
    timestamp = int(event.signature.partition(",")[0].removeprefix("t="))
    assert timestamp == pytest.approx(time.time(), abs=MINUTE), "a signature of then would be refused"
    since = f"created[gte]={int(time.time() - 41 * DAY)}&created[lt]={int(time.time() - 39 * DAY)}"
    assert event.id in {entry["id"] for entry in sandbox.get("/v1/events", since + "&limit=100")["data"]}


def test_settles_a_debit_after_days_and_dates_it_when_it_was_due(sandbox: Calls, receiver: Receiver) -> None:
    sandbox.control("config", settle_after_seconds=3 * DAY)
    session = sandbox.make_session(sandbox.make_price(currency="eur"))
    sandbox.pay(session.id, payment_method="sepa_success")
    sandbox.control("clock", advance_seconds=2 * DAY)
    assert sandbox.session(session.id)["payment_status"] == "unpaid"
    sandbox.control("clock", advance_seconds=5 * DAY)
    assert sandbox.session(session.id)["payment_status"] == "paid"
    told = receiver.wait_for("checkout.session.async_payment_succeeded")
    assert sandbox.get(f"/v1/events/{told.id}")["created"] == pytest.approx(time.time() + 3 * DAY, abs=MINUTE)


def test_expires_a_session_nobody_paid(sandbox: Calls) -> None:
    session = sandbox.make_session()
    sandbox.control("clock", advance_seconds=DAY - HOUR)
    assert sandbox.session(session.id)["status"] == "open"
    sandbox.control("clock", advance_seconds=HOUR)
    assert sandbox.session(session.id)["status"] == "expired"


def test_forgets_an_idempotency_key_after_a_day(sandbox: Calls) -> None:
    def make() -> str:
        return str(sandbox.call("POST", "/v1/customers", "name=Ada", Idempotency_Key="once").json["id"])

    first = make()
    assert make() == first
    sandbox.control("clock", advance_seconds=DAY + HOUR)
    assert make() != first


def test_stays_moved_over_a_restart(tmp_path: Path) -> None:
    config = SandboxConfig(port=0, data=tmp_path / "sandbox.sqlite")
    for expected in (0, 3 * DAY):
        with SandboxServer(config) as server:
            calls = Calls(server)
            assert offset(calls) == expected
            calls.control("clock", offset_seconds=3 * DAY)
            calls.close()
