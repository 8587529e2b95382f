"""Headers and bodies that come a byte at a time: twelve of each, and more than the server has threads."""

import io
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from threading import Event, Semaphore
from typing import Any

import pytest
import requests
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from storefront.web.slow_bodies import FIRST_PIECE_BYTES, READERS, READERS_OF_CLIENT, REFUSED, BodiesFirst
from tests.delivery.downloads.sent import get
from tests.races.served import served
from tests.support.make_shop import MakeShop
from tests.support.shop import PATIENCE_SECONDS, wait_for

HEADERS = b"POST /webhook HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: a"
BODY = b"POST /webhook HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\na"
CHUNKED = b"POST /cart/add HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"


def start(url: str, sent: bytes, *, client: int) -> socket.socket:
    """From a loopback address of its own; says the beginning and nothing more."""
    port = int(url.rsplit(":", 1)[1])
    connection = socket.create_connection(("127.0.0.1", port), timeout=60, source_address=(f"127.0.1.{client}", 0))
    connection.sendall(sent)
    return connection


def is_refused(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1000, socket.MSG_PEEK).startswith(b"HTTP/1.1 503")
    except BlockingIOError:
        return False


def post(url: str) -> requests.Response:
    """Whole at once, from 127.0.0.1: it is refused for its signature, so it was read."""
    with requests.Session() as session:
        session.trust_env = False
        return session.post(f"{url}/webhook", data=b"{}", headers={"Stripe-Signature": "t=1,v1=a"}, timeout=60)


@pytest.mark.slow
def test_keeps_nobody_waiting_for_slow_senders(environment: dict[str, str], free_port: int) -> None:
    few = {"WEB_THREADS": "2", "DOWNLOAD_THREADS": "1"}
    with served(environment | few, workers=1) as url, ExitStack() as held:
        for number in range(12):
            held.enter_context(closing(start(url, HEADERS, client=1 + number % 2)))
        for number in range(12):
            sent = BODY if number % 2 else CHUNKED
            held.enter_context(closing(start(url, sent, client=1 + number % 2)))
        assert [get(f"{url}/").status_code for _ in range(4)] == [200] * 4
        assert post(url).status_code == 400
        # More than all threads, from as many clients as it takes to hold every reader.
        more = [
            held.enter_context(closing(start(url, BODY, client=1 + number // READERS_OF_CLIENT)))
            for number in range(100)
        ]
        least = 12 + len(more) - READERS
        wait_for(lambda: sum(map(is_refused, more)) >= least, seconds=120)
        assert [get(f"{url}/").status_code for _ in range(4)] == [200] * 4
        assert get(f"{url}/products/twinspot").status_code == 200
        busy = post(url)
        assert (busy.status_code, busy.headers["Retry-After"]) == (503, "10")
        assert busy.json()["error"]["code"] == "busy"
        held.close()
        wait_for(lambda: post(url).status_code == 400, seconds=60)


@Request.application
def echo(request: Request) -> Response:
    return Response(request.get_data())


class Dripping:
    """A body that goes on and on."""

    def read(self, size: int) -> bytes:
        return b"a" * size


def dripping(told: int) -> dict[str, Any]:
    return {"wsgi.input": Dripping(), "CONTENT_LENGTH": str(told)}


@pytest.mark.parametrize("path", ["/webhook", "/v1/licenses/validate", "/cart/add"])
def test_gives_a_body_a_deadline(make_shop: MakeShop, path: str) -> None:
    """And its refusal is like every other one there."""
    shop = make_shop()
    gate = shop.wsgi_app
    shop.wsgi_app = BodiesFirst(gate, seconds=-1)  # type: ignore[method-assign]
    answer = shop.test_client().post(path, environ_overrides=dripping(2 * FIRST_PIECE_BYTES))
    assert (answer.status_code, answer.headers["Retry-After"]) == (408, "10")
    assert "Nothing was done: please try again" in answer.text
    assert answer.headers["X-Request-Id"]
    if path == "/webhook":
        assert answer.get_json()["error"]["code"] == "too_slow"
    elif path == "/cart/add":
        assert "<h1>This came too slowly</h1>" in answer.text
    else:
        assert answer.get_json()["valid"] is False
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.fixture
def bodies() -> Client:
    return Client(BodiesFirst(echo))


@pytest.mark.parametrize("size", [0, 1, 100, 4095, 4096, 4097, 65536, 256 * 1024])
def test_brings_a_body_through_as_it_was_sent(bodies: Client, size: int) -> None:
    body = bytes(number % 251 for number in range(size))
    assert bodies.post("/", data=body).data == body
    chunked = bodies.post(
        "/",
        input_stream=io.BytesIO(body),
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert chunked.data == body


def test_leaves_a_body_unread_that_no_route_takes() -> None:
    client = Client(BodiesFirst(Response("not asked")))
    answer = client.post("/", environ_overrides=dripping(256 * 1024 + 1))
    assert answer.text == "not asked"


@Request.application
def tell(request: Request) -> Response:
    return Response(request.environ.get(REFUSED) or request.environ["wsgi.input"].read())


def test_lets_one_client_hold_some_of_the_readers_and_never_all() -> None:
    begun, go_on = Semaphore(0), Event()

    class Silent:
        def read(self, _size: int) -> bytes:
            begun.release()
            go_on.wait(PATIENCE_SECONDS)
            return b""

    first = BodiesFirst(tell, readers=4, of_client=2)

    def send(address: str, stream: object) -> str:
        environ = {"REMOTE_ADDR": address, "wsgi.input": stream, "CONTENT_LENGTH": "4"}
        return Client(first).post("/", environ_overrides=environ).text

    with ThreadPoolExecutor() as threads:
        for number in (1, 2):  # one household
            threads.submit(send, f"2001:db8::{number}", Silent())
            assert begun.acquire(timeout=PATIENCE_SECONDS)
        try:
            assert send("2001:db8::3", io.BytesIO(b"mine")) == "busy"
            assert send("2001:db8:1::1", io.BytesIO(b"mine")) == "mine"
        finally:
            go_on.set()
    assert send("2001:db8::3", io.BytesIO(b"mine")) == "mine"
