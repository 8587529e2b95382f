"""What real clients send: fields in the address, odd labels, slashes, preflights; and every error in one shape."""

import logging
from typing import Any

import pytest
from flask import Flask, abort
from werkzeug.test import TestResponse

from storefront.cli.granian_command import server_command
from storefront.core.errors import StripeUnavailable
from storefront.core.runtime import runtime
from tests.support.shop import make_event, post_event, sign

KEY = "TWIN-CYHYP-R9JE7-F49K4-WK6GG"  # well formed and unknown: who is told NOT_FOUND was understood
VALIDATE = "/v1/licenses/validate"
JSON = f'{{"license_key": "{KEY}"}}'
FORM = f"license_key={KEY}"
UNLABELED = "-"
UNDERSTOOD = [
    ("fields in the address and no body", f"?{FORM}", "", UNLABELED),
    ("and a label of JSON all the same", f"?{FORM}", "", "application/json"),
    ("and a label of a form", f"?{FORM}", "", "application/x-www-form-urlencoded"),
    ("and an empty object", f"?{FORM}", "{}", "application/json"),
    ("and a null", f"?{FORM}", '{"license_key": null}', "application/json"),
    ("JSON as text", "", JSON, "text/plain;charset=UTF-8"),
    ("JSON without a label", "", JSON, UNLABELED),
    ("JSON as what curl says by itself", "", f" {JSON}", "application/x-www-form-urlencoded"),
    ("JSON as bytes", "", JSON, "application/octet-stream"),
    ("JSON by another name", "", JSON, "application/json; charset=utf-8"),
    ("JSON with a byte order mark", "", f"\ufeff{JSON}", "application/json"),
    ("a form as text", "", FORM, "text/plain"),
    ("a form without a label", "", f"{FORM}&instance_id=", UNLABELED),
]


def send(app: Flask, path: str, body: str | bytes = "", kind: str = UNLABELED, **headers: str) -> TestResponse:
    """`path` as it stands: a test client would take `//x` for the name of a host."""
    path, _, query = path.partition("?")
    return app.test_client().post(
        data=body,
        query_string=query,
        content_type=None if kind == UNLABELED else kind,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        environ_overrides={"PATH_INFO": path},
    )


def test_reads_fields_wherever_and_however_a_client_sends_them(app: Flask) -> None:
    for name, query, body, kind in UNDERSTOOD:
        answer = send(app, f"{VALIDATE}{query}", body.encode(), kind)
        assert (answer.status_code, answer.get_json()["code"]) == (404, "NOT_FOUND"), (name, answer.text)


@pytest.mark.parametrize("encoding", ["", "identity", "UTF-8"])
def test_reads_a_body_that_is_called_encoded_and_is_not(app: Flask, encoding: str) -> None:
    answer = send(app, VALIDATE, JSON, "application/json", Content_Encoding=encoding)
    assert (answer.status_code, answer.get_json()["code"]) == (404, "NOT_FOUND")


def test_reads_the_body_before_the_address(app: Flask) -> None:
    for body, kind in (
        (f"license_key={KEY[:-1]}", "application/x-www-form-urlencoded"),
        ('{"nonce": "b"}', "application/json"),
    ):
        answer = send(app, f"{VALIDATE}?{FORM}&nonce=a", body, kind).get_json()
        expected = ("MISTYPED", "a") if "license_key" in body else ("NOT_FOUND", "b")
        assert (answer["code"], answer["nonce"]) == expected


@pytest.mark.parametrize(
    ("body", "kind", "status", "words"),
    [
        ("<key>A</key>", "text/xml", 415, "labeled text/xml"),
        ("AAAA-1111", UNLABELED, 415, "not labeled"),
        (FORM, "application/json", 400, "send it as a form"),
        ("{license_key: 1}", "text/plain", 400, "not valid JSON"),
        ("[1]", "application/json", 422, "an object"),
        ("", UNLABELED, 422, "license_key field is required"),
    ],
)
def test_says_precisely_what_it_could_not_read(app: Flask, body: str, kind: str, status: int, words: str) -> None:
    answer = send(app, VALIDATE, body, kind)
    assert (answer.status_code, answer.get_json()["code"]) == (status, "INVALID_REQUEST")
    assert words in answer.get_json()["error"]
    assert send(app, VALIDATE, b"\x1f\x8b", "application/json", Content_Encoding="gzip").status_code == 415


@pytest.mark.parametrize("path", [f"{VALIDATE}/", f"/{VALIDATE}", f"/{VALIDATE}//", "/v1//licenses/validate"])
def test_changes_nothing_for_slashes_too_many(app: Flask, path: str) -> None:
    answer = send(app, path, JSON, "application/json")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "NOT_FOUND")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_answers_stripe_at_the_webhooks_address_with_a_slash(app: Flask) -> None:
    assert post_event(app, make_event("payout.paid", "po_1")).status_code == 200
    for path in ("/webhook/", "//webhook", "//webhook/"):
        answer = send(app, path, "{}", Stripe_Signature=sign(runtime(app).settings, b"{}"))
        assert (answer.status_code, answer.mimetype) == (400, "application/json"), path


def test_keeps_the_slashes_of_pages(app: Flask) -> None:
    assert app.test_client().get("/cart/").status_code == 404
    assert app.test_client().get("/v1").mimetype == "text/html"


ASKED = "authorization,cache-control, X-Requested-With,sentry-trace"


def test_answers_a_preflight_for_whatever_header_a_library_adds(app: Flask) -> None:
    headers = {
        "Origin": "app://program",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": f"{ASKED}, bad header,\u00e4",
    }
    for path in (VALIDATE, f"{VALIDATE}/", "/v1/licenses/check"):  # an address that is wrong says so to the POST
        answer = app.test_client().options(path, headers=headers)
        allowed = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
        assert answer.status_code == 200
        assert {name.strip().lower() for name in ASKED.split(",")} | {"content-type", "accept"} <= set(allowed)
        assert "bad header" not in allowed
        assert "POST" in answer.headers["Access-Control-Allow-Methods"]
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert int(answer.headers["Access-Control-Max-Age"]) > 60
        assert "Set-Cookie" not in answer.headers


def break_down(app: Flask) -> None:
    """Three addresses that fail in ways which no view of ours foresees."""
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.get("/v1/licenses/bug")
    def bug() -> str:
        return str(1 / 0)

    @app.get("/v1/licenses/lost")
    def lost() -> str:
        raise StripeUnavailable("Nothing answers.")

    @app.get("/v1/licenses/teapot")
    def teapot() -> str:
        abort(418)


def test_gives_every_error_the_shape_of_an_answer_that_another_origin_can_read(app: Flask) -> None:
    break_down(app)
    client = app.test_client()
    body: dict[str, Any] = {"license_key": KEY}
    answers = {
        "no such address": (client.post("/v1/licenses/check", json=body), 404, "INVALID_REQUEST"),
        "not a POST": (client.get(f"{VALIDATE}?{FORM}"), 405, "INVALID_REQUEST"),
        "another method": (client.put(VALIDATE, json=body), 405, "INVALID_REQUEST"),
        "too large": (client.post(VALIDATE, data=b"{" + b"x" * 20_000), 413, "INVALID_REQUEST"),
        "a label that is none": (client.post(VALIDATE, data=b"x", content_type="x"), 415, "INVALID_REQUEST"),
        "a bug": (client.get("/v1/licenses/bug"), 500, "UNAVAILABLE"),
        "nobody there": (client.get("/v1/licenses/lost"), 503, "UNAVAILABLE"),
        "a status of its own": (client.get("/v1/licenses/teapot"), 418, "INVALID_REQUEST"),
    }
    for name, (answer, status, code) in answers.items():
        assert answer.status_code == status, name
        fields = answer.get_json()
        assert fields | {"error": ""} == {
            "valid": False, "error": "", "license_key": None, "instance": None, "meta": None, "code": code,
        }  # fmt: skip
        assert fields["error"]
        assert answer.headers["Access-Control-Allow-Origin"] == "*", name
    assert "POST" in answers["not a POST"][0].headers["Allow"]
    assert answers["nobody there"][0].headers["Retry-After"]


def test_logs_no_key_that_came_in_an_address(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    break_down(app)
    caplog.set_level(logging.DEBUG)
    for path in (VALIDATE, f"{VALIDATE}/", "/v1/licenses/none", "/webhook"):
        send(app, f"{path}?{FORM}")
    assert app.test_client().get(f"/v1/licenses/bug?{FORM}").status_code == 500
    assert "request failed" in caplog.text
    written = caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    assert KEY not in written
    # Its access log has addresses with all that is in them.
    assert "--no-access-log" in server_command("x", host="127.0.0.1", port=1, workers=1, threads=1)
