"""Idempotency keys: replayed, refused, in flight, and what is not stored."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from tests.devtools.sandbox.calls import Answer, Calls
from tests.support.shop import PATIENCE_SECONDS

KEY = "order-1042:1"


def post(sandbox: Calls, text: str = "name=Book", key: str = KEY, path: str = "/v1/products") -> Answer:
    return sandbox.call("POST", path, text, Idempotency_Key=key)


def post_apart(sandbox: Calls) -> Answer:
    """From a thread of its own, so with a connection of its own."""
    calls = Calls(sandbox.server)
    answer = post(calls)
    calls.close()
    return answer


def test_replays_the_first_answer(sandbox: Calls) -> None:
    first, again = post(sandbox), post(sandbox)
    assert again.json == first.json
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request"] == first.headers["Request-Id"] != again.headers["Request-Id"]
    assert first.headers["Idempotency-Key"] == KEY
    assert "Idempotent-Replayed" not in first.headers
    assert sandbox.event_types(without=()) == ["product.created"]


def test_ignores_the_order_of_parameters(sandbox: Calls) -> None:
    first = post(sandbox, "name=Book&metadata[a]=1&metadata[b]=2")
    assert post(sandbox, "metadata[b]=2&metadata[a]=1&name=Book").json["id"] == first.json["id"]


@pytest.mark.parametrize(("path", "text"), [("/v1/products", "name=Other"), ("/v1/customers", "name=Book")])
def test_refuses_the_key_for_something_else(sandbox: Calls, path: str, text: str) -> None:
    post(sandbox)
    other = post(sandbox, text, path=path)
    assert (other.status, other.json["error"]["type"]) == (400, "idempotency_error")
    assert other.json["error"]["message"].startswith("Keys for idempotent requests can only be used with the same")


def test_is_told_to_the_sdk_as_an_idempotency_error(sandbox: Calls) -> None:
    options: Any = {"idempotency_key": KEY}
    sandbox.v1.products.create({"name": "Book"}, options)
    with pytest.raises(stripe.IdempotencyError):
        sandbox.v1.products.create({"name": "Other"}, options)


def test_answers_409_while_the_first_call_runs(sandbox: Calls) -> None:
    sandbox.control("faults", method="POST", path="/v1/products", delay_seconds=PATIENCE_SECONDS)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(post_apart, sandbox)
        sandbox.wait_until(lambda: KEY in sandbox.server.store.in_flight_keys)
        second = post(sandbox)
        sandbox.control("faults/release")
        first = slow.result()
    assert (second.status, second.json["error"]["code"]) == (409, "idempotency_key_in_use")
    assert first.status == 200
    assert post(sandbox).json == first.json


def test_executes_once_however_many_ask(sandbox: Calls) -> None:
    """Twenty callers at once: the others get 409 or the replay, one product is made."""
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(post_apart, [sandbox] * 20))
    assert {answer.status for answer in answers} <= {200, 409}
    assert len({answer.json["id"] for answer in answers if answer.status == 200}) == 1
    assert len(sandbox.get("/v1/products")["data"]) == 1


def test_stores_no_validation_errors(sandbox: Calls) -> None:
    assert post(sandbox, "").status == 400
    assert post(sandbox, "name=Book").status == 200


def test_stores_no_authentication_errors(sandbox: Calls) -> None:
    refused = sandbox.call(
        "POST", "/v1/products", "name=Book", Idempotency_Key=KEY, Authorization="Bearer sk_test_x"
    )
    assert refused.status == 401
    assert post(sandbox).status == 200


def test_stores_a_decline(sandbox: Calls) -> None:
    text = "amount=500&currency=usd&confirm=true&payment_method=pm_card_visa_chargeDeclined"
    first, again = (post(sandbox, text, path="/v1/payment_intents") for _ in range(2))
    assert first.status == again.status == 402
    assert again.json == first.json
    assert len(sandbox.get("/v1/payment_intents")["data"]) == 1


def test_stores_an_ordered_500(sandbox: Calls) -> None:
    sandbox.control("faults", method="POST", path="/v1/products", status=500)
    assert [post(sandbox).status for _ in range(3)] == [500, 500, 500]
    assert post(sandbox, key="another").status == 200
    assert len(sandbox.get("/v1/products")["data"]) == 1


def test_forgets_an_ordered_500_that_is_not_to_be_stored(sandbox: Calls) -> None:
    sandbox.control("faults", path="/v1/products", status=503, stored_under_idempotency_key=False)
    assert [post(sandbox).status for _ in range(2)] == [503, 200]


def test_replays_after_a_lost_answer(sandbox: Calls) -> None:
    """The work is done, the connection dies, the SDK tries again with the same key: one session."""
    price = sandbox.make_price()
    sandbox.control("faults", method="POST", path="/v1/checkout/sessions", drop_after_execution=True)
    client = stripe.StripeClient(sandbox.key, base_addresses={"api": sandbox.url}, max_network_retries=1)
    sandbox.v1 = client.v1
    session = sandbox.make_session(price)
    assert [entry["id"] for entry in sandbox.look("sessions")["data"]] == [session.id]
    log = [entry for entry in sandbox.look("requests")["data"] if entry["path"] == "/v1/checkout/sessions"]
    assert [entry["is_replay"] for entry in log] == [False, True]
    assert len({entry["idempotency_key"] for entry in log}) == 1


def test_gives_up_when_the_answer_stays_away(sandbox: Calls) -> None:
    sandbox.control("faults", method="POST", path="/v1/products", drop_after_execution=True)
    with pytest.raises(stripe.APIConnectionError):
        sandbox.v1.products.create({"name": "Book"})
    assert len(sandbox.get("/v1/products")["data"]) == 1


def test_is_ignored_on_get(sandbox: Calls) -> None:
    assert sandbox.call("GET", "/v1/products", Idempotency_Key=KEY).status == 200
    assert post(sandbox).status == 200
    assert len(sandbox.call("GET", "/v1/products", Idempotency_Key=KEY).json["data"]) == 1
