"""What Stripe's own client sends through our session of requests, beside a plain one, and through a proxy."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
import stripe
from requests.adapters import HTTPAdapter

from storefront.stripe_api import quick_session
from storefront.stripe_api.quick_session import QuickSession

KEY = {
    "Authorization": "Bearer sk_test_x",
    "Idempotency-Key": "checkout:1",
    "Content-Type": "text/plain",
    "User-Agent": "Stripe/v1 PythonBindings",
    "Stripe-Version": "2026-10-28.endive",
}


class _Echo(BaseHTTPRequestHandler):
    """Keep what came; answer compressed, and with a redirect where the path says so."""

    seen: list[tuple[str, str, bytes, dict[str, str]]]
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name: value for name, value in self.headers.items() if name != "Host"}
        self.seen.append((self.command, self.path, body, headers))
        answer = gzip.compress(b'{"id": "cs_1"}')
        self.send_response(302 if "moved" in self.path else 200)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - names of http.server

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of a server that keeps what it was sent in `_Echo.seen`."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    quick_session._proxies_for.cache_clear()
    _Echo.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    quick_session._proxies_for.cache_clear()


def _client(session: requests.Session) -> stripe.RequestsClient:
    return stripe.RequestsClient(timeout=(2, 4), session=session)


def test_sends_what_a_plain_session_sends(echo: str) -> None:
    calls: list[tuple[str, str, str | bytes | None]] = [
        ("get", "/v1/checkout/sessions/cs_1?expand[0]=line_items", None),
        ("post", "/v1/prices", "currency=eur&nickname=%C3%A4"),
        ("post", "/v1/files", b"--x\r\n\xff\x00--"),
        ("post", "/v1/checkout/sessions/cs_1/expire", None),
        ("delete", "/v1/customers/cus_1", None),
        ("get", "/v1/prices", ""),
    ]
    seen = []
    for session in (QuickSession(), requests.Session()):
        client = _client(session)
        answers = [client.request(method, echo + path, KEY, data) for method, path, data in calls]
        assert [(content, status) for content, status, _headers in answers] == [(b'{"id": "cs_1"}', 200)] * 6
        seen.append(_Echo.seen.copy())
        _Echo.seen.clear()
        session.close()
    quick, plain = seen
    assert quick == plain


def test_checks_certificates_and_waits_as_the_client_says(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, object] = {}

    def send(_adapter: HTTPAdapter, _request: requests.PreparedRequest, **how: object) -> requests.Response:
        asked.update(how)
        answer = requests.Response()
        answer.status_code, answer._content = 200, b"{}"
        return answer

    monkeypatch.setattr(HTTPAdapter, "send", send)
    _client(QuickSession()).request("get", "https://api.stripe.example/v1/prices", KEY)
    assert asked["verify"] == stripe.ca_bundle_path
    assert asked["timeout"] == (2, 4)


def test_follows_no_redirect_and_says_what_is_wrong(echo: str) -> None:
    session = QuickSession()
    client = _client(session)
    assert client.request("get", f"{echo}/moved", KEY)[1] == 302
    assert len(_Echo.seen) == 1
    with pytest.raises(stripe.APIConnectionError) as refused:
        client.request("get", "http://127.0.0.1:1/v1/prices", KEY)
    assert refused.value.should_retry
    session.close()


def test_goes_through_the_proxy_of_the_environment(echo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", echo)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    session = QuickSession()
    client = _client(session)
    client.request("get", "http://stripe.example/v1/prices", KEY)
    client.request("get", f"{echo}/v1/prices", KEY)
    session.close()
    assert [path for _method, path, _body, _headers in _Echo.seen] == [
        "http://stripe.example/v1/prices",
        "/v1/prices",
    ]
