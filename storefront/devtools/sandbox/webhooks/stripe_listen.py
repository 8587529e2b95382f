"""`stripe listen`: the official command line asks for a secret, opens a WebSocket and forwards every event.

Its protocol is Stripe's own and not documented; this is what the command line 1.52 sends and understands.
"""

import json
import queue
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, NoReturn, cast

from flask import Blueprint, Response, current_app, jsonify, request
from simple_websocket import ConnectionClosed, Server

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.parameter_types import TEXT, TEXTS
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.api.versions import API_VERSION
from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.storage.records import Json
from storefront.devtools.sandbox.storage.store import Store
from storefront.devtools.sandbox.webhooks.signature import signature_header

SUBPROTOCOL = "stripecli-devproxy-v1"
RECONNECT_SECONDS = 86_400
LOOK_SECONDS = 0.05
PING_SECONDS = 25
MAX_MESSAGE_BYTES = 1024 * 1024
REMEMBERED = 500

listen = Blueprint("listen", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """What a command line says of an event it took to a shop. `status` is the shop's answer."""

    event_id: str
    url: str
    status: int


@dataclass(slots=True, kw_only=True)
class _CommandLine:
    """One command line: what waits to be sent, and which conversation is about which event."""

    waiting: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue)
    conversations: dict[str, str] = field(default_factory=dict)


class Listeners:
    """The command lines that listen now; each gets every event from then on. Kept in memory only."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._command_lines: dict[str, _CommandLine] = {}
        self._forwarded: deque[Forwarded] = deque(maxlen=REMEMBERED)

    def expect(self) -> str:
        """Return the id that the next command line shows when it opens its WebSocket."""
        socket_id = new_id("cliws_")
        with self._lock:
            self._known.add(socket_id)
        return socket_id

    def join(self, socket_id: str) -> _CommandLine | None:
        """Return None for an id that nobody was given."""
        with self._lock:
            if socket_id not in self._known:
                return None
            return self._command_lines.setdefault(socket_id, _CommandLine())

    def leave(self, socket_id: str) -> None:
        with self._lock:
            self._command_lines.pop(socket_id, None)

    def publish(self, payloads: Iterable[str]) -> None:
        with self._lock:
            command_lines = list(self._command_lines.values())
        for payload in payloads:
            for command_line in command_lines:
                command_line.waiting.put(payload)

    def note(self, forwarded: Forwarded) -> None:
        with self._lock:
            self._forwarded.append(forwarded)

    def to_json(self) -> Json:
        with self._lock:
            return {
                "listening": len(self._command_lines),
                "forwarded": [asdict(entry) for entry in self._forwarded],
            }

    @property
    def has_listeners(self) -> bool:
        return bool(self._command_lines)


def set_up_listeners(store: Store) -> Listeners:
    listeners = Listeners()
    store.on_events = listeners.publish
    store.has_listeners = lambda: listeners.has_listeners
    return listeners


def _listeners() -> Listeners:
    return cast("Listeners", current_app.extensions["sandbox_listeners"])


_CLI_ONLY = dict.fromkeys(
    (
        "device_name",
        "forward_to_url",
        "forward_connect_to_url",
        "forward_thin_to_url",
        "forward_thin_connect_to_url",
    ),
    TEXT,
)


@route("POST /v1/stripecli/sessions", extra={**_CLI_ONLY, "websocket_features": TEXTS})
def open_session(call: Call) -> Json:
    """Give every command line the same secret on every day, so that a shop can know it."""
    features = call.params.get("websocket_features", ["webhooks"])
    if "webhooks" not in features:
        raise invalid("The local sandbox forwards webhooks only.", param="websocket_features")
    store: Store = current_app.extensions["sandbox_store"]
    host = request.host_url.removeprefix("http").rstrip("/")
    return {
        "websocket_url": f"ws{host}/subscribe/{call.work.account_id}",
        "websocket_id": _listeners().expect(),
        "websocket_authorized_feature": "webhooks",
        "secret": store.listen_secret,
        "reconnect_delay": RECONNECT_SECONDS,
        "display_connect_filter_warning": False,
        "default_version": API_VERSION,
        "latest_version": API_VERSION,
        "device_token": new_id("dt_"),
    }


class _Taken(Response):
    """The connection belongs to the WebSocket: werkzeug must not write an answer into it."""

    def __call__(self, *_: object) -> NoReturn:
        raise ConnectionAbortedError


@listen.route("/subscribe/<account>", websocket=True)
def subscribe(account: str) -> Response:
    listeners = _listeners()
    store: Store = current_app.extensions["sandbox_store"]
    socket_id = request.headers.get("Websocket-Id", "")
    command_line = listeners.join(socket_id) if account == store.account_id else None
    if command_line is None:
        return Response("Nobody was given this Websocket-Id.\n", 401)
    try:
        socket = Server.accept(
            request.environ,
            subprotocols=[SUBPROTOCOL],
            ping_interval=PING_SECONDS,
            max_message_size=MAX_MESSAGE_BYTES,
            thread_class=partial(threading.Thread, daemon=True),
        )
        _talk(socket, command_line, listeners, store.listen_secret)
    except (ConnectionClosed, OSError):
        pass  # the command line has gone
    finally:
        listeners.leave(socket_id)
    return _Taken()


def _talk(socket: Server, command_line: _CommandLine, listeners: Listeners, secret: str) -> NoReturn:
    """Talk until the connection closes, which `receive` and `send` tell by ConnectionClosed."""
    while True:
        heard = socket.receive(timeout=LOOK_SECONDS)
        if heard is not None:
            _hear(heard, command_line, listeners)
        while not command_line.waiting.empty():
            socket.send(_frame(command_line.waiting.get(), command_line, secret))


def _frame(payload: str, command_line: _CommandLine, secret: str) -> str:
    conversation = new_id("wc_")
    command_line.conversations[conversation] = json.loads(payload)["id"]
    return json.dumps(
        {
            "type": "webhook_event",
            "endpoint": {"api_version": None},
            "event_payload": payload,
            "http_headers": {
                "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
                "Content-Type": "application/json; charset=utf-8",
                "Accept": "*/*; q=0.5, application/xml",
                "Cache-Control": "no-cache",
                "Stripe-Signature": signature_header(payload, secret, int(time.time())),
            },
            "webhook_conversation_id": conversation,
            "webhook_id": new_id("wh_"),
        }
    )


def _hear(text: str | bytes, command_line: _CommandLine, listeners: Listeners) -> None:
    """Note what the shop answered (`webhook_response`); other messages, such as `event_ack`, are let pass."""
    try:
        message: dict[str, Any] = json.loads(text)
        if message.get("type") != "webhook_response":
            return
        event_id = command_line.conversations.pop(message["webhook_conversation_id"], None)
        if event_id is not None:
            listeners.note(_read_forwarded(event_id, message))
    except (ValueError, KeyError, TypeError, AttributeError):
        return  # a newer command line may say things we do not know


def _read_forwarded(event_id: str, message: dict[str, Any]) -> Forwarded:
    return Forwarded(event_id=event_id, url=str(message["forward_url"]), status=int(message["status"]))


@listen.get("/_sandbox/listeners")
def show_listeners() -> Response:
    return jsonify(_listeners().to_json())
