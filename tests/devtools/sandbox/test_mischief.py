"""Deliveries that are lost, doubled, late or out of order: by rule, and at random from a seed."""

import time
from typing import Any

import pytest
import requests

from storefront.devtools.sandbox.server import SandboxServer
from tests.devtools.sandbox.calls import Calls
from tests.devtools.sandbox.receiver import Receiver


def make_customers(sandbox: Calls, count: int) -> list[str]:
    return [sandbox.v1.customers.create({"email": f"{number}@example.com"}).id for number in range(count)]


def states(sandbox: Calls) -> list[str]:
    return [row["state"] for row in sandbox.look("deliveries")["data"]]


def test_loses_what_a_rule_names_and_keeps_it_in_the_list(sandbox: Calls, receiver: Receiver) -> None:
    sandbox.control("mischief", rules=[{"types": "customer.*", "do": "drop"}])
    make_customers(sandbox, 1)
    sandbox.make_price()
    assert {receiver.next().type for _ in range(2)} == {"product.created", "price.created"}
    (event,) = sandbox.get("/v1/events", "type=customer.created")["data"]
    assert event["pending_webhooks"] == 0
    assert "dropped" in states(sandbox)
    undelivered = sandbox.get("/v1/events", "delivery_success=false")["data"]
    assert event["id"] in {entry["id"] for entry in undelivered}
    sandbox.control(f"events/{event['id']}/resend")
    assert receiver.wait_for("customer.created").id == event["id"]


def test_doubles_what_a_rule_names(sandbox: Calls, receiver: Receiver) -> None:
    sandbox.control("mischief", rules=[{"types": "customer.created", "do": "duplicate", "count": 2}])
    make_customers(sandbox, 1)
    assert len({receiver.next().id for _ in range(3)}) == 1
    assert receiver.is_silent()


def test_delays_what_a_rule_names(sandbox: Calls, receiver: Receiver) -> None:
    sandbox.control("mischief", rules=[{"types": "customer.created", "do": "delay", "seconds": 1}])
    started = time.monotonic()
    make_customers(sandbox, 1)
    receiver.next()
    assert time.monotonic() - started >= 1


def test_sends_out_of_order_what_a_rule_names(sandbox: Calls, receiver: Receiver) -> None:
    sandbox.control("mischief", rules=[{"types": "customer.*", "do": "reorder", "seconds": 1}])
    customer_ids = make_customers(sandbox, 12)
    came = [receiver.next() for _ in customer_ids]
    order = [next(entry for entry in customer_ids if entry in event.body) for event in came]
    assert sorted(order) == sorted(customer_ids)
    assert order != customer_ids


def suffer(sandbox: Calls, seed: int) -> list[tuple[bool, int]]:
    """What became of thirty events: lost or not, and which one each delivery is of."""
    sandbox.control("reset", endpoints=False)
    params: Any = {"url": "http://127.0.0.1:9/", "enabled_events": ["*"]}
    sandbox.v1.webhook_endpoints.create(params)
    sandbox.control("config", retry_delays=[])
    sandbox.control("mischief", seed=seed, drop=0.3, duplicate=0.3)
    make_customers(sandbox, 30)
    rows = sandbox.look("deliveries")["data"]
    ordinals = {event_id: place for place, event_id in enumerate(dict.fromkeys(row["event_id"] for row in rows))}
    return [(row["state"] == "dropped", ordinals[row["event_id"]]) for row in rows]


def test_repeats_itself_with_the_same_seed(sandbox: Calls) -> None:
    first = suffer(sandbox, 7)
    assert suffer(sandbox, 7) == first
    assert suffer(sandbox, 8) != first
    assert {is_lost for is_lost, _ordinal in first} == {True, False}
    assert len(first) > 30


def test_counts_thousands_of_events_by_an_index(sandbox: Calls, server: SandboxServer) -> None:
    """For each event its type's are counted: to read all of them made a long run slower and slower."""
    sandbox.control("mischief", drop=0.5)
    asked: list[str] = []
    with server.store.database.transaction() as connection:
        connection.set_trace_callback(asked.append)
    make_customers(sandbox, 1)
    with server.store.database.transaction() as connection:
        connection.set_trace_callback(None)
        (count,) = {sql for sql in asked if "AS so_far" in sql}
        (plan,) = connection.execute(f"EXPLAIN QUERY PLAN {count}").fetchall()
    assert "USING INDEX objects_type" in plan["detail"]


def test_draws_a_seed_and_tells_it(sandbox: Calls, capfd: pytest.CaptureFixture[str]) -> None:
    seed = sandbox.control("mischief", drop=0.5)["seed"]
    assert sandbox.look("mischief")["seed"] == seed
    assert f"Webhook mischief at random, seed {seed}" in capfd.readouterr().out


def test_ends_when_told_and_with_a_reset(sandbox: Calls) -> None:
    for end in ("mischief", "reset"):
        sandbox.control("mischief", drop=0.5, rules=[{"types": "*", "do": "drop"}])
        sandbox.control(end, **({"endpoints": False} if end == "reset" else {}))
        settings = sandbox.look("mischief")
        assert (settings["rules"], settings["drop"], settings["seed"]) == ([], 0.0, None)


@pytest.mark.parametrize(
    "body",
    [
        {"nonsense": 1},
        {"rules": "all"},
        {"rules": [{"types": "*"}]},
        {"rules": [{"types": "*", "do": "explode"}]},
        {"rules": [{"types": "*", "do": "duplicate", "count": 99}]},
        {"drop": 2},
        {"drop": True},
        {"seed": "lucky"},
    ],
)
def test_refuses_what_it_does_not_understand(sandbox: Calls, body: dict[str, Any]) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/mischief", json=body, timeout=60)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
    assert sandbox.look("mischief")["rules"] == []
