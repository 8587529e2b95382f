"""What every answer has: a request id, security headers, and errors that people and programs can read."""

import re

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from storefront.core.runtime import runtime
from tests.support.make_shop import LIVE, TEST, MakeShop

JSON = {"Accept": "application/json"}
HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
def client(make_shop: MakeShop) -> FlaskClient:
    return make_shop().test_client()


def provoke(client: FlaskClient, status: int, headers: dict[str, str]) -> TestResponse:
    """Provoke an answer of this status, as it happens in life where that is possible."""
    if status == 400:
        return client.post("/cart/add", data={"price_id": "1"}, headers=headers)  # no CSRF token
    if status == 405:
        return client.post("/wrong/seen", headers=headers)
    if status == 413:
        return client.post("/wrong/form", data={"word": "x" * (64 * 1024 + 1)}, headers=headers)
    if status == 429:
        client.get("/wrong/limited")
        return client.get("/wrong/limited", headers=headers)
    paths = {403: "/wrong/denied", 404: "/nothing/here", 500: "/wrong/bug", 503: "/wrong/stripe"}
    return client.get(paths[status], headers=headers)


CODES = {
    400: "csrf",
    403: "access_denied",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    429: "too_many_requests",
    500: "internal_error",
    503: "stripe_unavailable",
}


@pytest.mark.parametrize("status", CODES)
def test_answers_people_with_a_page(client: FlaskClient, status: int) -> None:
    answer = provoke(client, status, HTML)
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    assert f">{status}</p>" in answer.text
    assert len(re.findall(r"<h1>[^<]+</h1>", answer.text)) == 1
    assert 'href="/"' in answer.text


@pytest.mark.parametrize("status", CODES)
def test_answers_programs_with_json(client: FlaskClient, status: int) -> None:
    answer = provoke(client, status, JSON | {"X-Request-Id": "req-7"})
    assert answer.status_code == status
    error = answer.get_json()["error"]
    assert error["code"] == CODES[status]
    assert error["message"]
    assert error["request_id"] == "req-7"


@pytest.mark.parametrize("status", CODES)
def test_gives_errors_the_headers_of_every_answer(client: FlaskClient, status: int) -> None:
    headers = provoke(client, status, HTML).headers
    assert "script-src" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "bad_request"), (403, "forbidden"), (410, "error"), (415, "error"), (501, "error")],
)
def test_has_words_for_a_bare_status(client: FlaskClient, status: int, code: str) -> None:
    answer = client.get(f"/wrong/status/{status}", headers=JSON)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (status, code)
    assert client.get(f"/wrong/status/{status}", headers=HTML).status_code == status


@pytest.mark.parametrize("headers", [HTML, JSON])
def test_tells_nobody_what_broke(client: FlaskClient, headers: dict[str, str]) -> None:
    text = provoke(client, 500, headers | {"X-Request-Id": "req-8"}).text
    assert "a detail for the log alone" not in text
    assert "LookupError" not in text
    assert "req-8" in text


def test_shows_a_refusal_as_text_not_as_markup(client: FlaskClient) -> None:
    assert "refunded" in provoke(client, 403, HTML).text
    assert "<b>refunded</b>" not in provoke(client, 403, HTML).text


@pytest.mark.parametrize("headers", [HTML, JSON])
def test_says_when_to_come_back(client: FlaskClient, headers: dict[str, str]) -> None:
    assert 0 < int(provoke(client, 429, headers).headers["Retry-After"]) <= 61
    assert provoke(client, 503, headers).headers["Retry-After"] == "5"


def test_names_the_methods_that_are_allowed(client: FlaskClient) -> None:
    assert {"GET", "HEAD", "OPTIONS"} == set(provoke(client, 405, HTML).headers["Allow"].split(", "))


@pytest.mark.parametrize("path", ["/webhook", "/v1/licenses/nothing"])
def test_answers_programs_with_json_whatever_they_accept(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers=HTML)
    assert answer.status_code in (404, 405)
    assert answer.get_json()["error"]


def test_takes_a_browser_that_accepts_everything_for_a_person(client: FlaskClient) -> None:
    assert client.get("/nothing", headers={"Accept": "*/*"}).mimetype == "text/html"
    assert client.get("/nothing").mimetype == "text/html"


def test_echoes_a_request_id(client: FlaskClient) -> None:
    sent_id = "0af7651916cd43dd-8448eb211c80319c"
    assert client.get("/healthz", headers={"X-Request-Id": sent_id}).headers["X-Request-Id"] == sent_id


@pytest.mark.parametrize("sent_id", ["", "-", "a b", "a=1", "<script>", "é", "x" * 65, "a\tb"])
def test_makes_a_request_id_where_none_is_usable(client: FlaskClient, sent_id: str) -> None:
    new_id = client.get("/healthz", headers={"X-Request-Id": sent_id}).headers["X-Request-Id"]
    assert re.fullmatch("[0-9a-f]{16}", new_id)


def test_makes_another_request_id_each_time(client: FlaskClient) -> None:
    assert len({client.get("/healthz").headers["X-Request-Id"] for _ in range(5)}) == 5


def policy(answer: TestResponse) -> dict[str, list[str]]:
    parts = [part.split() for part in answer.headers["Content-Security-Policy"].split(";")]
    return {name: sources for name, *sources in parts}


def test_trusts_the_sandbox_alone_in_the_sandbox(client: FlaskClient) -> None:
    sources_of = policy(client.get("/nothing"))
    assert "http://127.0.0.1:9" in sources_of["script-src"]
    assert sources_of["frame-src"] == sources_of["connect-src"][1:] == ["http://127.0.0.1:9"]
    assert "stripe.com" not in str(sources_of)


@pytest.mark.parametrize("mode", [TEST, LIVE], ids=["test", "live"])
def test_trusts_the_hosts_that_stripe_names(make_shop: MakeShop, mode: dict[str, str]) -> None:
    """https://docs.stripe.com/security/guide#content-security-policy"""
    sources_of = policy(make_shop(**mode).test_client().get("/nothing"))
    assert {"https://js.stripe.com", "https://*.js.stripe.com", "https://checkout.stripe.com"} <= set(
        sources_of["script-src"]
    )
    assert {"https://js.stripe.com", "https://*.js.stripe.com", "https://hooks.stripe.com"} <= set(
        sources_of["frame-src"]
    )
    assert {"https://api.stripe.com", "https://checkout.stripe.com"} <= set(sources_of["connect-src"])
    assert "https://*.stripe.com" in sources_of["img-src"]
    assert "127.0.0.1" not in str(sources_of)


@pytest.mark.parametrize("mode", [{}, TEST, LIVE], ids=["sandbox", "test", "live"])
def test_lets_nothing_run_that_is_not_named(make_shop: MakeShop, mode: dict[str, str]) -> None:
    sources_of = policy(make_shop(**mode).test_client().get("/nothing"))
    assert sources_of["default-src"] == sources_of["base-uri"] == sources_of["frame-ancestors"] == ["'none'"]
    told = {source for sources in sources_of.values() for source in sources}
    assert not told & {"'unsafe-inline'", "'unsafe-eval'", "*", "https:", "http:"}


def test_uses_a_nonce_once(client: FlaskClient) -> None:
    nonces = {policy(client.get("/nothing"))["script-src"][1] for _ in range(5)}
    assert len(nonces) == 5
    assert all(re.fullmatch(r"'nonce-[A-Za-z0-9_-]{22}'", nonce) for nonce in nonces)


def test_sends_the_usual_security_headers(client: FlaskClient) -> None:
    headers = client.get("/healthz").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
    assert "Cross-Origin-Embedder-Policy" not in headers
    assert "payment" not in headers["Permissions-Policy"]


@pytest.mark.parametrize(
    ("mode", "is_sent"), [({}, False), (TEST, False), (LIVE, True)], ids=["sandbox", "test", "live"]
)
def test_demands_https_for_good_only_in_live(make_shop: MakeShop, mode: dict[str, str], is_sent: bool) -> None:
    headers = make_shop(**mode).test_client().get("/healthz").headers
    assert ("Strict-Transport-Security" in headers) is is_sent


def test_says_what_it_sends_and_in_which_letters(client: FlaskClient) -> None:
    for path, kind in (
        ("/nothing", "text/html; charset=utf-8"),
        ("/static/shop.css", "text/css; charset=utf-8"),
        ("/static/cart.js", "text/javascript; charset=utf-8"),
        ("/healthz", "application/json"),
    ):
        answer = client.get(path)
        assert answer.content_type == kind, path
        answer.close()


def test_answers_no_trace(client: FlaskClient) -> None:
    """It would say back what a browser sent, cookies included."""
    for path in ("/", "/healthz", "/admin/sign-in", "/static/shop.css"):
        answer = client.open(path, method="TRACE", headers={"X-Mine": "said-back"})
        assert (answer.status_code, "said-back" in answer.text) == (405, False), path
        answer.close()


def test_lets_browsers_keep_static_files_only(client: FlaskClient) -> None:
    assert client.get("/healthz").headers["Cache-Control"] == "no-store"
    static = client.get("/static/shop.css")
    assert static.status_code == 200
    assert "no-store" not in static.headers.get("Cache-Control", "")
    static.close()


@pytest.mark.parametrize(
    "path",
    [
        "/shop.css?v=000000000000",
        "/shop.css?v=",
        "/of-the-next-version.js?v=abcdefabcdef",
        "/no.js",
        "/x/../shop.css?v=000000000000",
    ],
)
def test_lets_nobody_keep_a_static_file_of_another_version(client: FlaskClient, path: str) -> None:
    with client.get(f"/static{path}") as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.status_code in (200, 404)


def test_lets_browsers_keep_static_files_of_this_version_for_a_year(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context():
        address = url_for("static", filename="shop.css")
    with client.get(address) as answer:
        tag = answer.headers["ETag"]
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.status_code == 200
    with client.get(address, headers={"If-None-Match": tag}) as same:
        assert (same.status_code, same.headers["Cache-Control"]) == (304, answer.headers["Cache-Control"])
    for method in ("POST", "OPTIONS"):
        assert client.open(address, method=method).headers["Cache-Control"] == "no-store"


def test_explains_a_form_that_is_too_old(client: FlaskClient) -> None:
    client.set_cookie("storefront_session", "of a year ago")
    answer = client.post("/cart/add", data={"price_id": "1", "csrf_token": "old"})
    assert answer.status_code == 400
    assert "This form has expired" in answer.text
    assert "send the form again" in answer.text
    assert "Allow cookies" not in answer.text


def test_asks_for_cookies_where_a_browser_keeps_none(app: Flask) -> None:
    client = app.test_client(use_cookies=False)
    answer = client.post("/cart/add", data={"price_id": "1", "csrf_token": "of a page that was just loaded"})
    assert answer.status_code == 400
    assert "Allow cookies for this shop. Then go back, reload the page and send the form again." in answer.text


@pytest.mark.parametrize(
    ("referer", "status"),
    [
        ("https://shop.example/cart", 200),
        ("https://evil.example/cart", 400),
        ("https://[", 400),
        ("https://a:b/", 400),
    ],
)
def test_takes_a_form_over_https_from_its_own_pages_only(make_shop: MakeShop, referer: str, status: int) -> None:
    client = make_shop(**LIVE).test_client()
    base_url = "https://shop.example"
    token = client.get("/wrong/token", base_url=base_url).text
    form = {"word": "hello", "csrf_token": token}
    answer = client.post("/wrong/form", data=form, base_url=base_url, headers={"Referer": referer})
    assert answer.status_code == status


@pytest.mark.parametrize(("mode", "secure"), [({}, False), (LIVE, True)], ids=["http", "https"])
def test_keeps_its_cookie_to_itself(make_shop: MakeShop, mode: dict[str, str], secure: bool) -> None:
    shop = make_shop(**mode)
    answer = shop.test_client().get("/wrong/session", base_url=runtime(shop).settings.base_url)
    name, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert name.startswith("__Host-storefront_session=" if secure else "storefront_session=")
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(attributes)
    assert ("Secure" in attributes) is secure
    assert not any(attribute.startswith("Domain") for attribute in attributes)


@pytest.mark.parametrize("proxies", ["0", "1"])
def test_makes_links_under_its_own_address_whatever_host_was_asked(make_shop: MakeShop, proxies: str) -> None:
    client = make_shop(
        BASE_URL="https://shop.example", TRUSTED_PROXIES=proxies, TRUSTED_HOSTS="evil.example"
    ).test_client()
    answer = client.get(
        "/wrong/seen",
        headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"},
    )
    assert answer.get_json()["link"] == "https://shop.example/orders/t"


FORWARDED = {
    "X-Forwarded-For": "6.6.6.6, 203.0.113.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "shop.example",
}


def test_believes_no_forwarded_header_without_a_proxy(client: FlaskClient) -> None:
    seen = client.get("/wrong/seen", headers=FORWARDED).get_json()
    assert (seen["remote"], seen["scheme"], seen["host"]) == ("127.0.0.1", "http", "localhost")


@pytest.mark.parametrize(("proxies", "remote"), [("1", "203.0.113.7"), ("2", "6.6.6.6")])
def test_believes_as_many_proxies_as_are_set(make_shop: MakeShop, proxies: str, remote: str) -> None:
    client = make_shop(TRUSTED_PROXIES=proxies, TRUSTED_HOSTS="shop.example").test_client()
    twice = FORWARDED | {"X-Forwarded-Proto": "https, https", "X-Forwarded-Host": "shop.example, shop.example"}
    seen = client.get("/wrong/seen", headers=FORWARDED if proxies == "1" else twice).get_json()
    assert (seen["remote"], seen["scheme"], seen["host"]) == (remote, "https", "shop.example")


def test_limits_the_client_behind_the_proxy_not_the_proxy(make_shop: MakeShop) -> None:
    client = make_shop(TRUSTED_PROXIES="1").test_client()
    first, second = {"X-Forwarded-For": "203.0.113.1"}, {"X-Forwarded-For": "203.0.113.2"}
    assert client.get("/wrong/limited", headers=first).status_code == 200
    assert client.get("/wrong/limited", headers=second).status_code == 200
    assert client.get("/wrong/limited", headers=first).status_code == 429


def test_takes_no_other_address_for_a_client_who_invents_one(make_shop: MakeShop) -> None:
    client = make_shop().test_client()
    assert client.get("/wrong/limited", headers={"X-Forwarded-For": "203.0.113.1"}).status_code == 200
    assert client.get("/wrong/limited", headers={"X-Forwarded-For": "203.0.113.2"}).status_code == 429
