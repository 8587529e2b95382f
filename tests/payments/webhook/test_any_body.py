"""Deliveries with a right signature and any body: each is refused or kept, none is a failure."""

import json
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from storefront.core.runtime import runtime
from storefront.payments.webhook.models import StripeEvent
from tests.support.any_input import JSON, TEXTS, examples
from tests.support.rows import count_rows
from tests.support.shop import make_event, sign

KINDS = st.sampled_from([
    "checkout.session.completed", "checkout.session.expired", "checkout.session.async_payment_failed",
    "charge.refunded", "refund.updated", "charge.dispute.created", "charge.dispute.closed",
    "payment_intent.succeeded",
])  # fmt: skip
FIELDS = st.sampled_from(sorted(make_event("checkout.session.completed", "cs_test_x")))
EVENTS = st.builds(
    lambda kind, fields: make_event(kind, "cs_test_x") | fields, KINDS, st.dictionaries(FIELDS, JSON, max_size=3)
)


def deliver(app: Flask, body: bytes) -> TestResponse:
    return app.test_client().post(
        "/webhook", data=body, headers={"Stripe-Signature": sign(runtime(app).settings, body)}
    )


def test_fails_on_no_signed_bytes(app: Flask) -> None:
    @examples(25)
    @given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()) | TEXTS.map(str.encode))
    def send(body: bytes) -> None:
        assert deliver(app, body).status_code == 400

    send()
    assert count_rows(app, StripeEvent) == {"stripe_events": 0}


def test_fails_on_no_signed_event(app: Flask) -> None:
    statuses: set[int] = set()

    @examples(30)
    @given(EVENTS)
    def send(event: dict[str, Any]) -> None:
        statuses.add(answer := deliver(app, json.dumps(event).encode()).status_code)
        assert answer in (200, 400, 503)  # 503: Stripe, asked about the object, is not there

    send()
    assert 400 in statuses
    assert len(statuses) > 1


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b'{"id": NaN}', b"[" * 5_000])
def test_refuses_what_is_no_event(app: Flask, body: bytes) -> None:
    assert deliver(app, body).status_code == 400
