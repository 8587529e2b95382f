"""Bodies: bounded before anything is parsed, at every address, with a length or without one."""

from io import BytesIO
from typing import Any

import pytest
from flask import Flask, Request
from flask.testing import FlaskClient

from storefront.web.bodies import MOST_BYTES, STREAM_MARK, most_bytes
from tests.support.make_shop import MakeShop

KB = 1024
LARGER = {
    "webhook.deliver": 256 * KB,
    "admin.change_release_notes": 256 * KB,
    "admin.save_texts": 640 * KB,
    "admin.preview_product": 640 * KB,
    "admin.save_shop": 192 * KB,
    "admin.save_page": 768 * KB,
    "admin.save_email": 256 * KB,
    "admin.make_broadcast": 1024 * KB,
    "admin.save_broadcast_here": 1024 * KB,
    "admin.preview_email_here": 256 * KB,
    "admin.save_answer": 256 * KB,
    "admin.preview_answer_here": 256 * KB,
    "admin.send_order_answer": 256 * KB,
    "admin.preview_order_answer": 256 * KB,
    "admin.save_dispute_draft": 1408 * KB,
    "admin.preview_page": 768 * KB,
    "admin.save_translations": 768 * KB,
}
# Not read into memory, and only after the sender was asked for.
STREAMED = {
    "admin.send_piece": 16 * KB * KB,
    "admin.send_by_post": 16 * KB * KB,
    "admin.send_files": 100_000_000,
    "admin.add_pictures": 210_000_000,
    "admin.add_samples": 210_000_000,
    "admin.set_looks_file": 21_000_000,
    "admin.attach_dispute_file": 5_000_000,
}
FORM = "application/x-www-form-urlencoded"
JSON = {"Accept": "application/json"}


@pytest.fixture
def client(make_shop: MakeShop) -> FlaskClient:
    return make_shop().test_client()


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the addresses whose bodies were parsed as forms."""
    seen: list[str] = []
    parse = Request._load_form_data

    def note(self: Request) -> None:
        seen.append(self.path)
        parse(self)

    monkeypatch.setattr(Request, "_load_form_data", note)
    return seen


def fields(count: int) -> bytes:
    return b"&".join(b"f%d=" % number for number in range(count))


BODIES = (
    (fields(56_678), 413),  # half a megabyte: the form that cost a second
    (fields(5_000), 413),  # small enough, and still too many
    (b"&" * 300, 413),
    (b"word=" + b"x" * (MOST_BYTES - 5), 400),
    (b"word=" + b"x" * (MOST_BYTES - 4), 413),
    (fields(200), 400),
    (fields(201), 413),
)


@pytest.mark.parametrize("is_chunked", [False, True], ids=["told", "chunked"])
def test_refuses_a_form_before_it_is_parsed(client: FlaskClient, parsed: list[str], is_chunked: bool) -> None:
    for body, status in BODIES:
        for path in ("/sign-out", "/sign-in", "/cart/add", "/checkout"):
            parsed.clear()
            answer = client.post(path, **sent(body, is_chunked=is_chunked), content_type=FORM, headers=JSON)
            assert answer.status_code == status
            assert answer.get_json()["error"]["code"] == ("too_large" if status == 413 else "csrf")
            assert bool(parsed) == (status == 400)


def sent(body: bytes, *, is_chunked: bool) -> dict[str, Any]:
    """Hand it on as a server does: a chunked one is dechunked, ends by itself and tells no length."""
    if not is_chunked:
        return {"data": body}
    environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    return {"input_stream": BytesIO(body), "environ_overrides": environ}


def test_bounds_the_parts_of_a_multipart_form(client: FlaskClient) -> None:
    part = '--b\r\nContent-Disposition: form-data; name="f{}"\r\n\r\n\r\n'
    body = "".join(part.format(number) for number in range(300)) + "--b--\r\n"
    answer = client.post("/cart/add", data=body, content_type="multipart/form-data; boundary=b")
    assert answer.status_code == 413


def test_takes_more_only_where_a_route_says_so(app: Flask) -> None:
    most = {
        rule.endpoint: most_bytes(app, rule.endpoint)
        for rule in app.url_map.iter_rules()
        if {"POST", "PUT", "PATCH", "DELETE"} & (rule.methods or set())
    }
    assert len(most) > 20
    assert {endpoint: bytes_ for endpoint, bytes_ in most.items() if bytes_ > 64 * KB} == LARGER
    streamed = {endpoint: getattr(app.view_functions[endpoint], STREAM_MARK, None) for endpoint in most}
    assert {endpoint: mark.most for endpoint, mark in streamed.items() if mark} == STREAMED


def test_tells_a_program_that_its_body_is_too_large(client: FlaskClient) -> None:
    for path, most in (("/webhook", 256 * KB), ("/v1/licenses/validate", 16 * KB)):
        for is_chunked in (False, True):
            body = b'{"license_key": "' + b"x" * most + b'"}'
            answer = client.post(path, **sent(body, is_chunked=is_chunked), content_type="application/json")
            assert answer.status_code == 413
            assert str(most) in answer.text
            assert answer.mimetype == "application/json"


def test_answers_the_license_api_in_its_own_words(client: FlaskClient) -> None:
    for answer in (
        client.post("/v1/licenses/validate", data=fields(300), content_type=FORM),
        client.post("/v1/licenses/validate?" + "&" * 300),
    ):
        assert answer.status_code in (413, 414)
        assert answer.get_json()["valid"] is False
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_bounds_what_an_address_carries(client: FlaskClient) -> None:
    for query in ("q=" + "x" * 9000, "&" * 300):
        for path in ("/", "/cart", "/nothing/here", "/healthz"):
            answer = client.get(f"{path}?{query}", headers=JSON)
            assert (answer.status_code, answer.get_json()["error"]["code"]) == (414, "address_too_long")


def test_refuses_a_body_that_ends_early(client: FlaskClient) -> None:
    answer = client.post(
        "/cart/add", input_stream=BytesIO(b"price_id=1"), environ_overrides={"CONTENT_LENGTH": "11"}, headers=JSON
    )
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "bad_request")


def test_refuses_what_no_database_keeps(client: FlaskClient) -> None:
    for path in ("/?q=a%00b", "/sign-in?email=%00", "/products/a%00b", "/orders/%00", "/news/%00"):
        assert client.get(path, headers=JSON).status_code == 400
    for body in (b"email=a%00b%40example.com", b"email=a\0b", b"%00=1"):
        answer = client.post("/sign-in", data=body, content_type=FORM, headers=JSON)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "bad_request")
    for path in ("/v1/licenses/validate?license_key=%00", "/v1/licenses/validate"):
        answer = client.post(path, data=b"license_key=%00", content_type=FORM)
        assert answer.get_json()["valid"] is False
