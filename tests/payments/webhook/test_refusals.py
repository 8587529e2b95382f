"""What `/webhook` refuses, and that a refusal changes nothing."""

import http.client
import json
import time
from typing import Any

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.measurements import flush
from storefront.core.runtime import runtime
from storefront.orders.models import Order
from storefront.owner.health.trouble import read_trouble
from storefront.payments.webhook.models import StripeEvent
from tests.support.rows import count_rows, read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Shop, make_event, post_event, sign
from tests.support.statements import counted

FUNDS_AVAILABLE = "cash_balance.funds_available"
NOTHING = {"stripe_events": 0, "orders": 0}


def rows(app: Flask) -> dict[str, int]:
    return count_rows(app, StripeEvent, Order)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "nonsense",
        "t=1,v1=00",
        "t=abc,v1=00",
        "v1=00",
        "t=1795400162, v1=00",
        "v0=00,t=1795400162",
        "t=1795400162,v1=é",
        "t=1795400162," + ",".join(["v1=00"] * 500),
    ],
)
def test_refuses_a_missing_or_bad_signature(app: Flask, header: str | None) -> None:
    body = json.dumps(make_event("checkout.session.completed", "cs_test_x")).encode()
    headers = {} if header is None else {"Stripe-Signature": header.encode("latin-1").decode("latin-1")}
    answer = app.test_client().post("/webhook", data=body, headers=headers)
    assert answer.status_code == 400
    assert answer.get_json()["error"]["code"] == "bad_signature"
    assert rows(app) == NOTHING


def test_asks_no_database_about_what_is_not_signed(app: Flask) -> None:
    with counted(app) as statements:
        for _ in range(3):
            assert app.test_client().post("/webhook", data=b"{}").status_code == 400
    assert statements == []


def test_tells_a_right_signature_that_is_old_from_a_wrong_secret(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    """Stripe shows this answer in its Dashboard: who reads it must not go and change a secret that is right."""
    event = make_event("checkout.session.completed", "cs_test_x")
    answer = post_event(app, event, at=int(time.time()) - 2 * 60 * 60)
    assert answer.status_code == 400
    error = answer.get_json()["error"]
    assert error["code"] == "stale_signature"
    assert "120 minutes old by the clock of this machine" in error["message"]
    wrong = post_event(app, event, at=int(time.time()) - 2 * 60 * 60, secret="whsec_other")
    assert wrong.get_json()["error"]["code"] == "bad_signature"
    assert "STRIPE_WEBHOOK_SECRET" in wrong.get_json()["error"]["message"]
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert said == ["webhook signature is right but old", "webhook signature matches no secret"]
    assert rows(app) == NOTHING
    with app.app_context():
        flush(only_when_due=False)
        trouble = read_trouble()
    assert trouble.stale_signature_at is not None
    assert trouble.bad_signature_at is not None


@pytest.mark.parametrize(("age_seconds", "status"), [(299, 200), (301, 400)])
def test_takes_a_signature_of_up_to_five_minutes(app: Flask, age_seconds: int, status: int) -> None:
    event = make_event("customer.created", "cus_x")
    with time_machine.travel(clock.now(), tick=False):
        assert post_event(app, event, at=int(time.time()) - age_seconds).status_code == status


def test_refuses_a_signature_with_another_secret(app: Flask) -> None:
    answer = post_event(app, make_event("checkout.session.completed", "cs_test_x"), secret="whsec_other")
    assert answer.status_code == 400
    assert rows(app) == NOTHING


def test_refuses_a_changed_body(app: Flask) -> None:
    settings = runtime(app).settings
    body = json.dumps(make_event("checkout.session.completed", "cs_test_x")).encode()
    headers = {"Stripe-Signature": sign(settings, body)}
    answer = app.test_client().post("/webhook", data=body + b" ", headers=headers)
    assert answer.status_code == 400
    assert rows(app) == NOTHING


EVENT = make_event("checkout.session.completed", "cs_test_x")
CHANGES: list[dict[str, object]] = [
    {"id": "evt_\ud800"},  # half of a pair: no UTF-8, no database
    {"id": "evt_\0"},
    {"id": "evt_" + "x" * 300},
    {"id": None},
    {"type": "a\ud800b"},
    {"data": {"object": {"id": "cs_\udfff"}}},
    {"data": {"object": {"id": "cs_\0"}}},
    {"data": []},
    {"created": 10**18},
    {"created": float("inf")},
]
BROKEN = [*(json.dumps(EVENT | change).encode() for change in CHANGES), b"[" * 200_000]


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"[]", b"1", b'"text"', b"{}", b'{"id": "evt_1"}', b"\xff\xfe", *BROKEN]
)
def test_refuses_what_is_signed_but_no_event(app: Flask, body: bytes) -> None:
    headers = {"Stripe-Signature": sign(runtime(app).settings, body)}
    answer = app.test_client().post("/webhook", data=body, headers=headers)
    assert answer.status_code == 400
    assert rows(app) == NOTHING


@pytest.mark.parametrize("kind", ["v1.checkout.session.completed", "v2.core.account.updated"])
def test_tells_a_thin_event_from_what_is_none(app: Flask, kind: str) -> None:
    """Stripe shows this answer where the payload style of the destination was chosen."""
    thin: dict[str, object] = {
        "id": "evt_test_65",
        "object": "v2.core.event",
        "type": kind,
        "created": "2026-11-30T00:00:00.000Z",
        "livemode": False,
        "related_object": {
            "id": "cs_test_x",
            "type": "checkout.session",
            "url": "/v1/checkout/sessions/cs_test_x",
        },
    }
    for _ in range(2):
        answer = post_event(app, thin)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "bad_payload")
        assert answer.get_json()["error"]["message"] == (
            "This is a thin event, and the shop reads snapshots. In Stripe's Workbench make a destination with "
            "the payload style Snapshot, and delete this one."
        )
    other = post_event(app, thin | {"object": "v2.core.account"}).get_json()["error"]["message"]
    assert other == "The body is not a Stripe event"
    assert rows(app) == NOTHING


@pytest.mark.parametrize("kind", ["coupon", "plan", "price", "product", "sku"])
def test_takes_an_event_about_what_its_owner_named_as_they_liked(app: Flask, kind: str) -> None:
    """Such as an endpoint for all events gets; refused, Stripe would try it for days."""
    name = "SUMMER 25% / Größe"
    event = make_event(f"{kind}.updated", name) | {"data": {"object": {"id": name, "object": kind}}}
    assert post_event(app, event).status_code == 200


@pytest.mark.parametrize("kind", ["customer", "tax_rate", "invoice", "tax_id", "cash_balance"])
def test_takes_an_event_about_a_customer_whose_id_another_program_chose(app: Flask, kind: str) -> None:
    """Stripe takes an address as the id of a Customer; what is kept of the event names nobody."""
    chosen = "ada@example.com"
    body = {"object": kind, "id": "in_1" if kind == "invoice" else chosen, "customer": chosen}
    types = {"invoice": "invoice.paid", "tax_id": "customer.tax_id.updated", "cash_balance": FUNDS_AVAILABLE}
    event = make_event(types.get(kind, f"{kind}.updated"), chosen) | {"data": {"object": body}}
    for _ in range(2):
        answer = post_event(app, event)
        assert (answer.status_code, "error" in answer.text) == (200, False)
    (kept,) = read_rows(app, "SELECT object_id FROM stripe_events")
    assert kept["object_id"] == ""


@pytest.mark.parametrize("kind", ["checkout.session", "charge", "customer"])
@pytest.mark.parametrize("name", ["", "ada@example.com", "\0", "\ud800"])
def test_asks_stripe_nothing_about_a_name_that_is_none_of_its_own(
    app: Flask, sandbox: SandboxClient, kind: str, name: str
) -> None:
    body = {"object": kind, "id": name}
    answer = post_event(app, make_event("checkout.session.completed", "cs_test_x") | {"data": {"object": body}})
    assert answer.status_code in (200, 400)
    assert not sandbox.calls("/v1/checkout")


def test_refuses_a_huge_body(app: Flask) -> None:
    body = b"x" * (256 * 1024 + 1)
    answer = app.test_client().post("/webhook", data=body, headers={"Stripe-Signature": "t=1,v1=0"})
    assert answer.status_code == 413
    assert rows(app) == NOTHING


def test_refuses_a_get(app: Flask) -> None:
    answer = app.test_client().get("/webhook")
    assert answer.status_code == 405
    assert answer.get_json()["error"]["code"] == "method_not_allowed"


class TestWithTwoSecrets:
    @pytest.fixture
    def environment(self, environment: dict[str, str]) -> dict[str, str]:
        return environment | {"STRIPE_WEBHOOK_SECRET": "whsec_new_one,whsec_old_one"}

    @pytest.mark.parametrize("secret", ["whsec_new_one", "whsec_old_one"])
    def test_takes_either_while_one_is_rotated(self, app: Flask, secret: str) -> None:
        answer = post_event(app, make_event("product.created", "prod_1"), secret=secret)
        assert answer.status_code == 200
        assert answer.get_json() == {"outcome": "ignored"}


def test_records_another_mode_and_leaves_it_alone(app: Flask) -> None:
    answer = post_event(app, make_event("checkout.session.completed", "cs_live_x", livemode=True))
    assert (answer.status_code, answer.get_json()) == (200, {"outcome": "other_mode"})
    assert rows(app) == {"stripe_events": 1, "orders": 0}


def test_takes_a_chunked_body_and_refuses_a_huge_one(shop: Shop) -> None:
    """Through a real server: chunked bodies carry no length."""
    body = json.dumps(make_event("product.created", "prod_1")).encode()
    settings = runtime(shop.app).settings
    assert post_chunked(shop.url, [body], sign(settings, body)) == 200
    assert post_chunked(shop.url, [b"x" * 65536] * 5, "t=1,v1=0") == 413
    assert rows(shop.app)["stripe_events"] == 1


def post_chunked(url: str, chunks: list[bytes], signature: str) -> int:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    headers: Any = {"Stripe-Signature": signature, "Transfer-Encoding": "chunked"}
    try:
        connection.request("POST", "/webhook", body=iter(chunks), headers=headers, encode_chunked=True)
        return connection.getresponse().status
    finally:
        connection.close()
