"""What survives: everything in the data file, deliveries that were due, and nothing after a reset."""

from pathlib import Path
from typing import Any

import pytest

from storefront.devtools.sandbox.config import SandboxConfig
from storefront.devtools.sandbox.server import SandboxServer
from tests.devtools.sandbox.calls import Calls
from tests.devtools.sandbox.receiver import Receiver


def test_keeps_keys_and_objects(tmp_path: Path) -> None:
    config = SandboxConfig(port=0, data=tmp_path / "sandbox.sqlite")
    with SandboxServer(config) as first:
        calls = Calls(first)
        session = calls.make_session()
        key = calls.key
        calls.close()
    with SandboxServer(config) as second:
        assert second.secret_key == key
        calls = Calls(second)
        assert calls.session(session.id)["status"] == "open"
        assert calls.pay(session.id).status == 200
        calls.close()


def test_delivers_what_was_pending(tmp_path: Path) -> None:
    with Receiver() as receiver:
        receiver.secret = "whsec_sandbox"
        config = SandboxConfig(
            port=0,
            data=tmp_path / "sandbox.sqlite",
            webhook_url=receiver.url,
            webhook_secret=receiver.secret,
        )
        receiver.answers = [500]
        with SandboxServer(config) as first:
            calls = Calls(first)
            calls.control("config", retry_delays=[1.0])
            customer = calls.v1.customers.create({"email": "a@example.com"})
            receiver.next()
            calls.close()
        with SandboxServer(config) as second:
            event = receiver.next()
            assert customer.id in event.body
            calls = Calls(second)
            assert len(calls.get("/v1/webhook_endpoints")["data"]) == 1
            calls.wait_until(lambda: calls.look("deliveries")["data"][0]["state"] == "succeeded")
            calls.close()


def test_settles_and_expires_what_fell_due_meanwhile(tmp_path: Path) -> None:
    config = SandboxConfig(port=0, data=tmp_path / "sandbox.sqlite")
    with SandboxServer(config) as first:
        calls = Calls(first)
        calls.control("config", settle_after_seconds=1)
        paid = calls.make_session(calls.make_price(currency="eur"))
        calls.pay(paid.id, payment_method="sepa_success")
        late = calls.make_session()
        calls.close()
        with first.store.work() as work:
            work.set_timer("expire", late.id, 0)
    with SandboxServer(config) as second:
        calls = Calls(second)
        calls.wait_until(lambda: calls.session(late.id)["status"] == "expired")
        calls.wait_until(lambda: calls.session(paid.id)["payment_status"] == "paid")
        calls.close()


def test_forgets_on_reset(sandbox: Calls, receiver: Receiver) -> None:
    sandbox.pay(sandbox.make_session().id)
    receiver.wait_for("charge.updated")
    sandbox.control("config", duplicates=2)
    sandbox.control("reset")
    assert sandbox.look("events")["data"] == []
    assert sandbox.look("sessions")["data"] == []
    assert sandbox.look("deliveries")["data"] == []
    assert sandbox.look("requests")["data"] == []
    assert sandbox.look("config")["duplicates"] == 0
    assert len(sandbox.get("/v1/webhook_endpoints")["data"]) == 1
    sandbox.control("reset", endpoints=False)
    assert sandbox.get("/v1/webhook_endpoints")["data"] == []


def test_changes_its_keys_on_request(tmp_path: Path) -> None:
    with SandboxServer(SandboxConfig(port=0, data=tmp_path / "s.sqlite")) as server:
        calls = Calls(server)
        calls.control("reset", keys=False)
        assert server.secret_key != calls.key
        assert calls.call("GET", "/v1/account").status == 401
        calls.close()


@pytest.mark.parametrize(
    "body",
    [{"nonsense": 1}, {"settle_after_seconds": "soon"}, {"webhook_order": "later"}, {"duplicates": -1}],
)
def test_refuses_wrong_settings(sandbox: Calls, body: dict[str, Any]) -> None:
    answer = sandbox.http.post(f"{sandbox.url}/_sandbox/config", json=body, timeout=60)
    assert answer.status_code == 400
    assert next(iter(body)) in answer.json()["error"]["message"]
