"""Webhooks: signed, repeated, held, ordered, and waited for."""

import json
import re
from typing import Any

import pytest
import stripe

from tests.devtools.sandbox.calls import Calls
from tests.devtools.sandbox.receiver import Receiver


def test_signs_every_event_and_sends_it_whole(sandbox: Calls, receiver: Receiver) -> None:
    session = sandbox.make_session()
    sandbox.pay(session.id)
    event = receiver.wait_for("checkout.session.completed")
    assert re.fullmatch(r"t=\d+,v1=[0-9a-f]{64},v0=[0-9a-f]{64}", event.signature)
    assert event.headers["Content-Type"] == "application/json; charset=utf-8"
    assert event.headers["User-Agent"] == "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
    body = json.loads(event.body)
    assert event.body == json.dumps(body, indent=2, ensure_ascii=False)
    assert body["data"]["object"]["id"] == session.id
    assert body["pending_webhooks"] == 1
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(event.body, event.signature, "whsec_other")


def test_sends_what_was_asked_for(sandbox: Calls) -> None:
    with Receiver() as picky:
        params: Any = {"url": picky.url, "enabled_events": ["checkout.session.completed"]}
        endpoint = sandbox.v1.webhook_endpoints.create(params)
        picky.secret = str(endpoint.secret)
        assert "secret" not in sandbox.v1.webhook_endpoints.retrieve(endpoint.id)
        sandbox.pay(sandbox.make_session().id)
        assert picky.next().type == "checkout.session.completed"
        sandbox.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})
        sandbox.pay(sandbox.make_session().id)
        assert picky.is_silent()
        sandbox.v1.webhook_endpoints.delete(endpoint.id)


@pytest.mark.parametrize("failure", [500, 404, 302])
def test_tries_again_after_a_failure(sandbox: Calls, receiver: Receiver, failure: int) -> None:
    sandbox.control("config", retry_scale=0.001)
    receiver.answers = [failure, failure]
    sandbox.make_price()
    first = receiver.next()
    ids = [receiver.next().id for _ in range(3)]
    assert [*ids, first.id].count(first.id) + [*ids, first.id].count(ids[-1]) >= 3
    sandbox.wait_until(lambda: all(entry["state"] == "succeeded" for entry in sandbox.look("deliveries")["data"]))
    attempts = [entry["status"] for row in sandbox.look("deliveries")["data"] for entry in row["attempts"]]
    assert sorted(attempts) == sorted([failure, failure, 200, 200])


def test_gives_up_after_the_last_delay(sandbox: Calls, receiver: Receiver) -> None:
    sandbox.control("config", retry_delays=[0, 0])
    receiver.answers = [500] * 3
    customer = sandbox.v1.customers.create({"email": "a@example.com"})
    sandbox.wait_until(lambda: sandbox.look("deliveries")["data"][0]["state"] == "failed")
    row = sandbox.look("deliveries")["data"][0]
    assert [entry["attempt"] for entry in row["attempts"]] == [1, 2, 3]
    assert row["attempts"][0]["response"] == "ok"
    assert row["object_id"] == customer.id
    failed = sandbox.v1.events.list({"delivery_success": False})
    assert [entry.type for entry in failed.data] == ["customer.created"]
    assert sandbox.v1.events.list({"delivery_success": True}).data == []


def test_stops_waiting_for_an_answer(sandbox: Calls, receiver: Receiver) -> None:
    sandbox.control("config", webhook_timeout_seconds=0.5, retry_delays=[])
    receiver.answers = [3.0]
    sandbox.v1.customers.create({"email": "a@example.com"})
    sandbox.wait_until(lambda: sandbox.look("deliveries")["data"][0]["state"] == "failed")
    attempt = sandbox.look("deliveries")["data"][0]["attempts"][0]
    assert (attempt["status"], attempt["error"]) == (None, "ReadTimeout")


def test_sends_an_event_again_on_request(sandbox: Calls, receiver: Receiver) -> None:
    sandbox.v1.customers.create({"email": "a@example.com"})
    first = receiver.next()
    endpoint = sandbox.get("/v1/webhook_endpoints")["data"][0]["id"]
    sandbox.control(f"events/{first.id}/resend")
    assert receiver.next().id == first.id
    assert sandbox.call("POST", f"/v1/events/{first.id}/retry", f"webhook_endpoint={endpoint}").status == 200
    again = receiver.next()
    assert again.id == first.id
    assert sandbox.call("POST", f"/v1/events/{first.id}/retry", "webhook_endpoint=we_no").status == 400


def test_sends_every_event_twice_on_request(sandbox: Calls, receiver: Receiver) -> None:
    sandbox.control("config", duplicates=1)
    sandbox.v1.customers.create({"email": "a@example.com"})
    assert receiver.next().id == receiver.next().id


def test_holds_events_and_releases_them_in_any_order(sandbox: Calls, receiver: Receiver) -> None:
    sandbox.control("deliveries/hold", types=["checkout.session.*", "payment_intent.*"])
    sandbox.pay(sandbox.make_session().id)
    for _ in range(4):
        assert receiver.next().type in {"product.created", "price.created", "charge.succeeded", "charge.updated"}
    assert receiver.is_silent()
    receiver.answers += [0.5]  # seconds: the next one waits for it
    assert sandbox.control("deliveries/release", order="newest_first") == {"released": 3}
    held = [receiver.next() for _ in range(3)]
    types = [delivery.type for delivery in held]
    assert types == ["checkout.session.completed", "payment_intent.succeeded", "payment_intent.created"]
    assert held[1].at - held[0].at >= 0.5
    sandbox.v1.customers.create({"email": "a@example.com"})
    assert receiver.next().type == "customer.created"


def poll(sandbox: Calls, session_id: str) -> bool:
    return bool(sandbox.page(session_id, "/poll").json["redirect_ready"])


def test_lets_the_hosted_page_wait(sandbox: Calls, receiver: Receiver) -> None:
    sandbox.control("deliveries/hold", types=["checkout.session.*"])
    hosted, embedded = sandbox.make_hosted_session(), sandbox.make_session()
    for session in (hosted, embedded):
        sandbox.pay(session.id)
    assert not poll(sandbox, hosted.id)
    assert poll(sandbox, embedded.id)
    sandbox.control("deliveries/release")
    receiver.wait_for("checkout.session.completed")
    sandbox.wait_until(lambda: poll(sandbox, hosted.id))


def test_lets_the_hosted_page_wait_no_longer_than_told(sandbox: Calls, receiver: Receiver) -> None:
    sandbox.control("config", completion_wait_seconds=0)
    sandbox.control("deliveries/hold")
    session = sandbox.make_hosted_session()
    sandbox.pay(session.id)
    assert poll(sandbox, session.id)
    assert receiver.is_silent(0.05)


def test_does_not_hold_a_page_when_nobody_listens(sandbox: Calls) -> None:
    session = sandbox.make_hosted_session()
    sandbox.pay(session.id)
    assert poll(sandbox, session.id)


def test_sends_the_webhook_first_on_request(sandbox: Calls, receiver: Receiver) -> None:
    sandbox.control("config", webhook_order="webhook_first")
    receiver.answers = [0.2] * 10
    session = sandbox.make_session()
    sandbox.pay(session.id)
    assert not poll(sandbox, session.id)
    receiver.wait_for("checkout.session.completed")
    sandbox.wait_until(lambda: poll(sandbox, session.id))


def test_sends_the_webhook_last_on_request(sandbox: Calls, receiver: Receiver) -> None:
    sandbox.control("config", webhook_order="page_first", page_first_delay_seconds=0.1)
    session = sandbox.make_hosted_session()
    sandbox.pay(session.id)
    for _ in range(6):  # product, price, three of the payment, the booked charge
        assert receiver.next().type != "checkout.session.completed"
    assert receiver.is_silent()
    assert poll(sandbox, session.id)
    receiver.wait_for("checkout.session.completed")


def test_keeps_up_with_hundreds(sandbox: Calls, receiver: Receiver) -> None:
    """A shop that needs a tenth of a second an event does not hold the others up."""
    receiver.answers = [0.1] * 300
    price = sandbox.make_price()
    sessions = [sandbox.make_session(price).id for _ in range(40)]
    for session_id in sessions:
        sandbox.pay(session_id)
    sandbox.wait_until(lambda: receiver.types().count("checkout.session.completed") == 40)
    sandbox.wait_until(lambda: all(entry["state"] == "succeeded" for entry in sandbox.look("deliveries")["data"]))
