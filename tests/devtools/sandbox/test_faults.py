"""Faults on order, as the real SDK meets them."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from tests.devtools.sandbox.calls import Calls
from tests.support.shop import PATIENCE_SECONDS


def client(sandbox: Calls, *, read_seconds: float = 5, retries: int = 0) -> stripe.StripeClient:
    return stripe.StripeClient(
        sandbox.key,
        base_addresses={"api": sandbox.url},
        max_network_retries=retries,
        http_client=stripe.RequestsClient(timeout=(2, read_seconds)),
    )


def make(client: stripe.StripeClient, key: str = "") -> stripe.Customer:
    options: Any = {"idempotency_key": key} if key else {}
    return client.v1.customers.create({"email": "ada@example.com"}, options)


def count(sandbox: Calls) -> int:
    return len(sandbox.get("/v1/customers")["data"])


def test_asks_to_slow_down(sandbox: Calls) -> None:
    sandbox.control("faults", path="/v1/customers", status=429, type="invalid_request_error", code="rate_limit")
    with pytest.raises(stripe.RateLimitError) as refused:
        make(client(sandbox))
    assert refused.value.http_status == 429
    make(client(sandbox))
    assert count(sandbox) == 1


def test_repeats_a_stored_failure_for_its_key_only(sandbox: Calls) -> None:
    sandbox.control("faults", path="/v1/customers", status=500)
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            make(client(sandbox), "one")
    make(client(sandbox), "another")
    assert count(sandbox) == 1


@pytest.mark.parametrize(("fault", "done"), [("drop_before_execution", 0), ("drop_after_execution", 1)])
def test_breaks_the_connection_before_or_after_the_work(sandbox: Calls, fault: str, done: int) -> None:
    sandbox.control("faults", method="POST", path="/v1/customers", **{fault: True})
    with pytest.raises(stripe.APIConnectionError):
        make(client(sandbox), "one")
    assert count(sandbox) == done
    make(client(sandbox), "one")
    assert count(sandbox) == 1


def test_answers_later_than_the_caller_waits(sandbox: Calls) -> None:
    sandbox.control("faults", method="POST", path="/v1/customers", delay_seconds=1)
    with pytest.raises(stripe.APIConnectionError, match="timed out"):
        make(client(sandbox, read_seconds=0.2))
    sandbox.wait_until(lambda: count(sandbox) == 1)


@pytest.mark.parametrize("end", ["reset", "faults/clear"])
@pytest.mark.parametrize("fault", [{}, {"drop_before_execution": True}], ids=["work", "drop"])
def test_leaves_no_call_waiting_when_faults_are_cleared(sandbox: Calls, end: str, fault: dict[str, bool]) -> None:
    sandbox.control("faults", path="/v1/customers", delay_seconds=PATIENCE_SECONDS, **fault)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(make, client(sandbox, read_seconds=2 * PATIENCE_SECONDS), "one")
        sandbox.wait_until(lambda: not sandbox.look("faults")["data"])
        sandbox.control(end)
        with pytest.raises(stripe.APIConnectionError):
            waiting.result(PATIENCE_SECONDS / 2)
    assert count(sandbox) == 0
    make(client(sandbox), "one")
    assert sandbox.event_types() == ["customer.created"]


def test_does_no_work_of_before_after_a_reset_at_the_same_moment(sandbox: Calls) -> None:
    """The delay is over just before, just after or just while everything is forgotten."""
    customers = client(sandbox, read_seconds=PATIENCE_SECONDS)
    with ThreadPoolExecutor(1) as pool:
        for milliseconds in range(0, 40, 2):
            sandbox.control("faults", method="POST", path="/v1/customers", delay_seconds=0.02)
            call = pool.submit(make, customers)
            sandbox.wait_until(lambda: not sandbox.look("faults")["data"])
            time.sleep(milliseconds / 1000)
            sandbox.control("reset")
            call.exception(PATIENCE_SECONDS)
            assert [count(sandbox), sandbox.event_types()] == [0, []]


def test_lasts_until_it_is_cleared(sandbox: Calls) -> None:
    sandbox.control("faults", path="/v1/customers", status=503, times=None, stored_under_idempotency_key=False)
    for _ in range(4):
        with pytest.raises(stripe.APIError):
            make(client(sandbox))
    assert sandbox.look("faults")["data"][0]["times"] is None
    sandbox.control("faults/clear")
    make(client(sandbox))


def test_takes_a_pattern_with_an_id_in_the_middle(sandbox: Calls) -> None:
    session = sandbox.make_session()
    sandbox.control("faults", path="/v1/checkout/sessions/*/line_items", status=500)
    assert sandbox.session(session.id)["status"] == "open"
    with pytest.raises(stripe.APIError):
        client(sandbox).v1.checkout.sessions.line_items.list(session.id)
