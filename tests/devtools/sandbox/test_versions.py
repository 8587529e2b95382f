"""Each API version is answered in its own shape, and events go out in that of their endpoint."""

import json
from typing import Any

import pytest

from storefront.devtools.sandbox.api.versions import API_VERSION, read_version
from tests.devtools.sandbox.calls import RETURN_URL, Calls
from tests.devtools.sandbox.receiver import Receiver

NEWEST = {"Stripe_Version": API_VERSION}
BASIL = {"Stripe_Version": "2025-08-27.basil"}
CLOVER = {"Stripe_Version": "2026-02-25.clover"}
DAHLIA = {"Stripe_Version": "2026-03-25.dahlia"}


def body_of(sandbox: Calls, mode: str, **more: str) -> str:
    lines = f"line_items[0][price]={sandbox.make_price()}&line_items[0][quantity]=1"
    address = "success_url" if mode.startswith("hosted") else "return_url"
    given = "".join(f"&{name}={value}" for name, value in more.items())
    return f"mode=payment&ui_mode={mode}&{address}={RETURN_URL}&{lines}{given}"


@pytest.mark.parametrize(
    ("mode", "newest"), [("hosted", "hosted_page"), ("embedded", "embedded_page"), ("custom", "elements")]
)
def test_names_a_ui_mode_as_the_version_does(sandbox: Calls, mode: str, newest: str) -> None:
    session = sandbox.call("POST", "/v1/checkout/sessions", body_of(sandbox, mode), **BASIL).json
    assert session["ui_mode"] == mode
    path = f"/v1/checkout/sessions/{session['id']}"
    modes = [sandbox.call("GET", path, **version).json["ui_mode"] for version in (CLOVER, DAHLIA, NEWEST)]
    assert modes == [mode, newest, newest]
    listed = sandbox.call("GET", "/v1/checkout/sessions", **CLOVER).json["data"]
    assert [row["ui_mode"] for row in listed] == [mode]


def test_refuses_the_other_name_of_a_ui_mode(sandbox: Calls) -> None:
    older = sandbox.call("POST", "/v1/checkout/sessions", body_of(sandbox, "hosted"), **DAHLIA)
    newer = sandbox.call("POST", "/v1/checkout/sessions", body_of(sandbox, "hosted_page"), **CLOVER)
    assert [older.status, newer.status] == [400, 400]
    assert older.json["error"]["param"] == newer.json["error"]["param"] == "ui_mode"
    assert newer.json["error"]["message"] == "Invalid ui_mode: must be one of custom, embedded, or hosted"
    assert sandbox.call("POST", "/v1/checkout/sessions", body_of(sandbox, "hosted")).status == 200


def test_takes_a_removed_parameter_until_its_version(sandbox: Calls) -> None:
    text = body_of(sandbox, "hosted_page", **{"payment_method_types[]": "card"})
    assert sandbox.call("POST", "/v1/checkout/sessions", text, **DAHLIA).json["payment_method_types"] == ["card"]
    refused = sandbox.call("POST", "/v1/checkout/sessions", text, Stripe_Version="2026-09-30.endive")
    assert refused.json["error"]["code"] == "payment_method_types_no_longer_supported"


def test_shows_the_coupon_itself_before_clover(sandbox: Calls) -> None:
    coupon = sandbox.v1.coupons.create({"percent_off": 25, "duration": "once"})
    old = sandbox.call("POST", "/v1/promotion_codes", f"coupon={coupon.id}&code=AUTUMN", **BASIL).json
    assert (old["coupon"]["percent_off"], "promotion" in old) == (25, False)
    new = sandbox.call("GET", f"/v1/promotion_codes/{old['id']}", **CLOVER).json
    assert (new["promotion"]["coupon"], "coupon" in new) == (coupon.id, False)

    expand = "&expand[]=total_details.breakdown"
    text = body_of(sandbox, "custom") + f"&discounts[0][coupon]={coupon.id}{expand}"
    session = sandbox.call("POST", "/v1/checkout/sessions", text, **BASIL).json
    discount = session["total_details"]["breakdown"]["discounts"][0]["discount"]
    assert (discount["coupon"]["id"], "source" in discount) == (coupon.id, False)
    newest = sandbox.call("GET", f"/v1/checkout/sessions/{session['id']}", expand[1:], **NEWEST).json
    discount = newest["total_details"]["breakdown"]["discounts"][0]["discount"]
    assert discount["source"] == {"coupon": coupon.id, "type": "coupon"}


@pytest.mark.parametrize(
    ("version", "mode"),
    [("2025-03-31.basil", "custom"), ("2026-02-25.clover", "custom"), (API_VERSION, "elements")],
)
def test_sends_events_in_the_version_of_their_endpoint(sandbox: Calls, version: str, mode: str) -> None:
    with Receiver() as receiver:
        params: Any = {"url": receiver.url, "enabled_events": ["checkout.session.expired"], "api_version": version}
        receiver.secret = str(sandbox.v1.webhook_endpoints.create(params).secret)
        session = sandbox.make_session(ui_mode="elements")
        sandbox.v1.checkout.sessions.expire(session.id)
        event = json.loads(receiver.next().body)
    assert (event["api_version"], event["data"]["object"]["ui_mode"]) == (version, mode)
    # Whoever asks for it, an event stays in the version of the account that made it.
    asked = sandbox.call("GET", f"/v1/events/{event['id']}", **BASIL).json
    assert (asked["api_version"], asked["data"]["object"]["ui_mode"]) == (API_VERSION, "elements")


def test_refuses_what_is_no_version(sandbox: Calls) -> None:
    for text in ("latest", "2026-10-28", "2026-10-28.dahlia", "2025-3-31.basil", "2020-08-27.basil", ""):
        answer = sandbox.call("GET", "/v1/account", Stripe_Version=text)
        assert answer.json["error"]["message"] == f"Invalid Stripe API version: {text}"
    future = sandbox.call("GET", "/v1/account", Stripe_Version="2027-03-31.endive").json["error"]["message"]
    assert future.endswith(f"knows none after {API_VERSION}.")


def test_answers_what_is_older_in_the_shape_of_basil(sandbox: Calls) -> None:
    for text in ("2020-08-27", "2024-06-20", "2024-12-18.acacia"):
        assert read_version(text) == read_version("2025-03-31.basil")
    text = body_of(sandbox, "hosted", **{"payment_method_types[]": "card"})
    answer = sandbox.call("POST", "/v1/checkout/sessions", text, Stripe_Version="2020-08-27")
    assert (answer.json["ui_mode"], answer.headers["Stripe-Version"]) == ("hosted", "2020-08-27")
