"""A shop's webhook address: verifies with the real SDK, remembers what came, answers as told."""

import queue
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import stripe

from tests.support.shop import PATIENCE_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    id: str
    type: str
    body: str
    signature: str
    headers: dict[str, str]
    at: float


class Receiver:
    """`answers` is consumed from the left; when it is empty the answer is 200. A float is a pause before 200."""

    def __init__(self) -> None:
        self.secret = ""
        self.answers: list[int | float] = []
        self.received: list[Received] = []
        self._arrived: queue.Queue[Received] = queue.Queue()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/webhook"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def next(self, seconds: float = PATIENCE_SECONDS) -> Received:
        return self._arrived.get(timeout=seconds)

    def wait_for(self, event_type: str, seconds: float = PATIENCE_SECONDS) -> Received:
        deadline = time.monotonic() + seconds
        while True:
            delivery = self._arrived.get(timeout=max(deadline - time.monotonic(), 0.01))
            if delivery.type == event_type:
                return delivery

    def is_silent(self, seconds: float = 0.2) -> bool:
        try:
            self._arrived.get(timeout=seconds)
        except queue.Empty:
            return True
        return False

    def types(self) -> list[str]:
        return [delivery.type for delivery in self.received]

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        """Raises when the signature is wrong, which the test sees as a failed delivery."""
        event: Any = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], self.secret)
        arrived = Received(
            id=event.id,
            type=event.type,
            body=body.decode(),
            signature=headers["Stripe-Signature"],
            headers=headers,
            at=time.time(),
        )
        self.received.append(arrived)
        self._arrived.put(arrived)
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, float):
            time.sleep(answer)
            return 200
        return answer

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.take(body, dict(self.headers.items()))
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", receiver.url)
                self.send_header("Content-Length", "2")
                self.end_headers()
                try:
                    self.wfile.write(b"ok")
                except OSError:
                    return  # the sender did not want to wait any longer

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
                """Quiet."""

        return Handler
