"""Names: the shop answers under its own and this machine's; sandbox and mailbox under this machine's only."""

from pathlib import Path

import pytest
from werkzeug.test import create_environ, run_wsgi_app

from storefront.devtools.loopback import is_allowed
from storefront.devtools.mailbox.store import MailStore
from storefront.devtools.mailbox.web import create_web
from storefront.devtools.sandbox.app import create_sandbox
from storefront.devtools.sandbox.config import SandboxConfig
from tests.support.make_shop import MakeShop

JSON = {"Accept": "application/json"}
FOREIGN = (
    "evil.example",
    "shop.example.evil.example",
    "evil.example:443",
    "127.0.0.1.evil.example",
    "203.0.113.9",
    "a b",
)
OURS = ("shop.example", "SHOP.example:8443", "www.shop.example", "localhost:8000", "127.0.0.1", "[::1]:8000")


def test_refuses_a_name_that_is_not_the_shops(make_shop: MakeShop) -> None:
    client = make_shop(
        BASE_URL="https://shop.example", TRUSTED_HOSTS="www.shop.example, old.example"
    ).test_client()
    for host in FOREIGN:
        for path in ("/products//x", "/wrong/seen", "/nothing/here"):
            answer = client.get(path, headers={"Host": host} | JSON)
            assert (answer.status_code, answer.get_json()["error"]["code"]) == (421, "wrong_host"), (host, path)
            assert "https://shop.example " in answer.get_json()["error"]["message"]
            assert host not in answer.text
    assert "https://shop.example" in client.get("/wrong/seen", headers={"Host": "evil.example"}).text
    for host in OURS:
        assert client.get("/wrong/seen", headers={"Host": host}).status_code == 200, host


def test_redirects_to_a_path_and_never_to_a_host(make_shop: MakeShop) -> None:
    app = make_shop(BASE_URL="https://shop.example")
    for path, location in (("/wrong//seen", "/wrong/seen"), ("//wrong//seen?a=1&b=2", "/wrong/seen?a=1&b=2")):
        environ = create_environ("/", headers={"Host": "shop.example:9"})
        environ["PATH_INFO"], _, environ["QUERY_STRING"] = path.partition("?")
        _body, status, headers = run_wsgi_app(app, environ)
        assert (status, headers["Location"]) == ("308 PERMANENT REDIRECT", location)


def test_answers_probes_stripe_and_programs_under_any_name(make_shop: MakeShop) -> None:
    client = make_shop(BASE_URL="https://shop.example").test_client()
    for host in ("10.0.0.7:8000", "evil.example"):
        assert client.get("/healthz", headers={"Host": host}).status_code == 200
        assert client.post("/webhook", headers={"Host": host}).status_code == 400  # of its signature
        assert client.post("/v1/licenses/validate", headers={"Host": host}).status_code == 422


def test_believes_no_forwarded_name_either(make_shop: MakeShop) -> None:
    client = make_shop(BASE_URL="https://shop.example", TRUSTED_PROXIES="1").test_client()
    forwarded = {"Host": "127.0.0.1:8000", "X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
    for host, status in (("shop.example", 200), ("evil.example", 421)):
        answer = client.get("/wrong/seen", headers=forwarded | {"X-Forwarded-Host": host})
        assert answer.status_code == status


def test_takes_the_cart_of_a_cookie_from_before_its_name_was_safe(make_shop: MakeShop) -> None:
    app = make_shop(BASE_URL="https://shop.example")
    client, base_url = app.test_client(), "https://shop.example"
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    old = serializer.dumps({"cart": [[1, 2]], "sign_in": "somebody"})
    client.set_cookie("storefront_session", old, domain="shop.example")
    answer = client.get("/wrong/session", base_url=base_url)
    set_cookies = answer.headers.getlist("Set-Cookie")
    assert any(cookie.startswith("storefront_session=;") for cookie in set_cookies)
    kept = client.get_cookie("__Host-storefront_session", domain="shop.example")
    assert kept is not None
    assert serializer.loads(kept.value) == {"cart": [[1, 2]], "started": True}
    client.set_cookie("storefront_session", "nonsense", domain="shop.example")
    assert client.get("/wrong/session", base_url=base_url).status_code == 200


@pytest.mark.parametrize(
    ("host", "near", "anywhere"),
    [
        ("localhost:12111", True, True),
        ("shop.localhost", True, True),
        ("127.0.0.2", True, True),
        ("[::1]:80", True, True),
        ("192.168.1.7:8025", False, True),
        ("sandbox:12111", False, True),
        ("127.0.0.1.evil.example", False, False),
        ("evil.example", False, False),
        ("", False, False),
    ],
)
def test_opens_the_sandbox_under_names_that_nobody_else_can_give(host: str, near: bool, anywhere: bool) -> None:
    assert is_allowed(host, from_anywhere=False) is near
    assert is_allowed(host, from_anywhere=True) is anywhere


def test_shows_sandbox_and_mailbox_to_no_foreign_name(tmp_path: Path) -> None:
    store = MailStore(tmp_path / "mail.db")
    sandbox = create_sandbox(SandboxConfig(port=0))
    for app, paths in ((create_web(store), ("/", "/messages.json")), (sandbox, ("/_sandbox/", "/v1/events"))):
        for path in paths:
            assert app.test_client().get(path, headers={"Host": "evil.example"}).status_code == 403
            assert app.test_client().get(path).status_code != 403
    store.close()
    sandbox.extensions["sandbox_store"].close()
