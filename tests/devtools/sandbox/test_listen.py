"""`stripe listen` without the command line itself: the session, the WebSocket, frames and answers."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import stripe
from simple_websocket import Client, ConnectionClosed

from storefront.devtools.sandbox.config import SandboxConfig
from storefront.devtools.sandbox.server import SandboxServer
from tests.devtools.sandbox.calls import Calls


def open_session(sandbox: Calls) -> Any:
    answer = sandbox.call(
        "POST",
        "/v1/stripecli/sessions",
        "device_name=vm&websocket_features[]=webhooks&forward_to_url=http%3A%2F%2F127.0.0.1%3A9%2Fwebhook",
    )
    assert answer.status == 200, answer.json
    return answer.json


def open_socket(session: Any) -> Client:
    return Client.connect(
        session["websocket_url"] + "?websocket_feature=webhooks",
        subprotocols=["stripecli-devproxy-v1"],
        headers={"Websocket-Id": session["websocket_id"]},
        thread_class=lambda target: threading.Thread(target=target, daemon=True),
    )


@contextmanager
def listening(sandbox: Calls) -> Iterator[tuple[Client, str]]:
    """A connected command line and its secret."""
    session = open_session(sandbox)
    socket = open_socket(session)
    before = sandbox.look("listeners")["listening"]
    assert before >= 1
    yield socket, session["secret"]
    with suppress(ConnectionClosed):
        socket.close()
    socket.thread.join(5)
    sandbox.wait_until(lambda: sandbox.look("listeners")["listening"] == before - 1)


def receive(socket: Client) -> Any:
    text = socket.receive(timeout=60)
    assert text is not None
    return json.loads(text)


def test_hands_out_the_same_secret_every_time(tmp_path: Path) -> None:
    config = SandboxConfig(port=0, data=tmp_path / "sandbox.sqlite")
    secrets = set()
    for _ in range(2):
        with SandboxServer(config) as server:
            calls = Calls(server)
            secrets |= {open_session(calls)["secret"], open_session(calls)["secret"]}
            calls.control("reset")
            secrets.add(open_session(calls)["secret"])
            calls.close()
    assert len(secrets) == 1
    assert secrets.pop().startswith("whsec_")


def test_hands_out_the_secret_a_shop_knows_already() -> None:
    with SandboxServer(SandboxConfig(port=0, listen_secret="whsec_known")) as server:
        calls = Calls(server)
        assert open_session(calls)["secret"] == "whsec_known"
        calls.close()


def test_sends_every_event_signed_with_the_sessions_secret(sandbox: Calls) -> None:
    with listening(sandbox) as (socket, secret):
        sandbox.pay(sandbox.make_session().id)
        kinds = []
        while "checkout.session.completed" not in kinds:
            frame = receive(socket)
            assert (frame["type"], frame["endpoint"]) == ("webhook_event", {"api_version": None})
            event = stripe.Webhook.construct_event(
                frame["event_payload"], frame["http_headers"]["Stripe-Signature"], secret
            )
            kinds.append(event.type)
    assert kinds[:2] == ["product.created", "price.created"]


def test_sends_to_several_command_lines_and_only_what_comes_after_they_came(sandbox: Calls) -> None:
    sandbox.v1.customers.create({"email": "before@example.com"})
    with listening(sandbox) as (first, _), listening(sandbox) as (second, _):
        customer_id = sandbox.v1.customers.create({"email": "after@example.com"}).id
        for socket in (first, second):
            assert customer_id in receive(socket)["event_payload"]


def test_shows_what_was_forwarded_and_how_the_shop_answered(sandbox: Calls) -> None:
    with listening(sandbox) as (socket, _):
        sandbox.v1.customers.create({"email": "ada@example.com"})
        frame = receive(socket)
        event_id = json.loads(frame["event_payload"])["id"]
        about = {"webhook_conversation_id": frame["webhook_conversation_id"], "webhook_id": frame["webhook_id"]}
        socket.send(json.dumps({"type": "event_ack", "event_id": event_id, **about}))
        socket.send("not JSON")
        socket.send(json.dumps({"type": "something_new"}))
        answer = {"type": "webhook_response", "forward_url": "http://127.0.0.1:9/webhook", "status": 200, **about}
        socket.send(json.dumps(answer))
        sandbox.wait_until(lambda: bool(sandbox.look("listeners")["forwarded"]))
    (forwarded,) = sandbox.look("listeners")["forwarded"][-1:]
    assert forwarded == {"event_id": event_id, "url": "http://127.0.0.1:9/webhook", "status": 200}


def test_lets_nobody_listen_without_a_session(sandbox: Calls) -> None:
    url = open_session(sandbox)["websocket_url"].replace("ws:", "http:")
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Websocket-Id": "cliws_guessed",
    }
    assert sandbox.http.get(url, headers=headers, timeout=60).status_code == 401
    assert sandbox.call("POST", "/v1/stripecli/sessions", Authorization="Bearer sk_test_other").status == 401
    assert sandbox.http.get(f"{sandbox.url}/subscribe/acct_1", timeout=60).status_code == 400


def test_forwards_webhooks_only(sandbox: Calls) -> None:
    answer = sandbox.call("POST", "/v1/stripecli/sessions", "websocket_features[]=request_logs")
    assert (answer.status, answer.json["error"]["param"]) == (400, "websocket_features")


def test_stops_at_once_while_somebody_listens() -> None:
    server = SandboxServer(SandboxConfig(port=0))
    server.start()
    calls = Calls(server)
    socket = open_socket(open_session(calls))
    calls.close()
    server.stop()
    socket.thread.join(5)
    assert not socket.thread.is_alive()
