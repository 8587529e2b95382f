"""Errors, headers, lists, expansion and versions, as the SDK meets them."""

import re
from typing import Any

import pytest
import stripe

from tests.devtools.sandbox.calls import Calls


def test_answers_pretty_json_with_stripes_headers(sandbox: Calls) -> None:
    answer = sandbox.http.get(
        f"{sandbox.url}/v1/account", headers={"Authorization": f"Bearer {sandbox.key}"}, timeout=60
    )
    assert answer.headers["Content-Type"] == "application/json"
    assert re.fullmatch(r"req_[A-Za-z0-9]{14}", answer.headers["Request-Id"])
    lines = answer.text.splitlines()
    assert lines[0] == "{"
    assert lines[1].startswith('  "id": "acct_')
    assert lines[2] == '  "object": "account",'
    assert list(answer.json())[2:] == sorted(list(answer.json())[2:])


def test_says_404_for_unknown_objects_and_urls(sandbox: Calls) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sandbox.v1.checkout.sessions.retrieve("cs_test_nope")
    assert (caught.value.http_status, caught.value.code, caught.value.param) == (
        404,
        "resource_missing",
        "session",
    )
    assert caught.value.user_message == "No such checkout.session: 'cs_test_nope'"
    for method, path in (
        ("GET", "/v1/xyz"),
        ("PUT", "/v1/products"),
        ("GET", "/v1/checkout/sessions/"),
        ("GET", "/v1/"),
    ):
        answer = sandbox.call(method, path)
        assert answer.status == 404
        assert answer.json["error"]["message"].startswith(f"Unrecognized request URL ({method}: {path})")


def test_says_400_for_unknown_objects_in_parameters(sandbox: Calls) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sandbox.make_session("price_nope")
    assert (caught.value.http_status, caught.value.code) == (400, "resource_missing")
    assert caught.value.param == "line_items[0][price]"
    assert caught.value.user_message == "No such price: 'price_nope'"


def test_pages_forwards_and_backwards(sandbox: Calls) -> None:
    product_ids = [sandbox.v1.products.create({"name": f"p{number}"}).id for number in range(7)]
    newest_first = product_ids[::-1]
    first = sandbox.v1.products.list({"limit": 3})
    assert [entry.id for entry in first.data] == newest_first[:3]
    assert first.has_more
    assert [entry.id for entry in sandbox.v1.products.list({"limit": 2}).auto_paging_iter()] == newest_first
    before = sandbox.v1.products.list({"limit": 2, "ending_before": newest_first[4]})
    assert [entry.id for entry in before.data] == newest_first[2:4]
    assert before.has_more
    backwards = sandbox.v1.products.list({"limit": 2, "ending_before": newest_first[6]}).auto_paging_iter()
    assert [entry.id for entry in backwards] == product_ids[1:]
    assert not sandbox.v1.products.list({"starting_after": newest_first[5]}).has_more


def test_filters_lists(sandbox: Calls) -> None:
    sandbox.v1.products.create({"name": "a", "active": False})
    active = sandbox.v1.products.create({"name": "b"})
    assert [entry.id for entry in sandbox.v1.products.list({"active": True}).data] == [active.id]
    assert [entry.id for entry in sandbox.v1.products.list({"ids": [active.id]}).data] == [active.id]
    assert sandbox.v1.products.list({"created": {"gt": active.created + 5}}).data == []
    assert len(sandbox.v1.products.list({"created": {"gte": active.created - 5}}).data) == 2
    assert [entry.id for entry in sandbox.v1.products.list({"created": active.created, "active": True}).data] == [
        active.id
    ]
    price = sandbox.make_price(lookup_key="solo")
    assert [entry.id for entry in sandbox.v1.prices.list({"lookup_keys": ["solo", "team"]}).data] == [price]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "ten"])
def test_refuses_wrong_limits(sandbox: Calls, limit: str) -> None:
    answer = sandbox.call("GET", "/v1/products", f"limit={limit}")
    assert (answer.status, answer.json["error"]["code"]) == (400, "parameter_invalid_integer")


def test_refuses_unknown_cursors(sandbox: Calls) -> None:
    answer = sandbox.call("GET", "/v1/products", "starting_after=prod_nope")
    assert (answer.status, answer.json["error"]["param"]) == (400, "starting_after")


def test_expands_four_levels(sandbox: Calls) -> None:
    session = sandbox.make_session(expand=["line_items.data.price.product"])
    assert session.line_items is not None
    product: Any = session.line_items.data[0].price.product  # type: ignore[union-attr]
    assert product.object == "product"
    sandbox.pay(session.id)
    path = "payment_intent.latest_charge.balance_transaction"
    paid: Any = sandbox.v1.checkout.sessions.retrieve(session.id, {"expand": [path]})
    assert paid.payment_intent.latest_charge.balance_transaction.net > 0
    listed: Any = sandbox.v1.checkout.sessions.list({"expand": ["data.line_items"]})
    assert listed.data[0].line_items.data[0].quantity == 1


@pytest.mark.parametrize("path", ["nothing", "status", "payment_intent.nothing", "line_items.price", "a.b.c.d.e"])
def test_refuses_what_cannot_be_expanded(sandbox: Calls, path: str) -> None:
    session = sandbox.make_session()
    sandbox.pay(session.id)
    answer = sandbox.call("GET", f"/v1/checkout/sessions/{session.id}", f"expand[]={path}")
    assert (answer.status, answer.json["error"]["param"]) == (400, "expand")


def test_embeds_ten_lines_and_lists_a_hundred(sandbox: Calls) -> None:
    price = sandbox.make_price()
    lines: Any = [{"price": price, "quantity": number + 1} for number in range(100)]
    session = sandbox.make_session(line_items=lines, expand=["line_items"])
    assert session.line_items is not None
    assert len(session.line_items.data) == 10
    assert session.line_items.has_more
    embedded = [entry.quantity for entry in session.line_items.auto_paging_iter()]
    listed = sandbox.v1.checkout.sessions.line_items.list(session.id, {"limit": 100})
    assert embedded == [entry.quantity for entry in listed.data] == list(range(1, 101))
    with pytest.raises(stripe.InvalidRequestError, match="at most 100"):
        sandbox.make_session(line_items=[*lines, lines[0]])


def test_is_strict_with_a_version_and_lenient_without(sandbox: Calls) -> None:
    text = (
        f"mode=payment&success_url=http://x.test/&line_items[0][price]={sandbox.make_price()}"
        "&line_items[0][quantity]=1&payment_method_types[]=card"
    )
    lenient = sandbox.call("POST", "/v1/checkout/sessions", text)
    assert (lenient.status, lenient.json["payment_method_types"]) == (200, ["card"])
    strict = sandbox.call("POST", "/v1/checkout/sessions", text, Stripe_Version="2026-10-28.endive")
    assert strict.status == 400
    assert strict.json["error"]["param"] == "payment_method_types"
    assert strict.json["error"]["code"] == "payment_method_types_no_longer_supported"
    coupon = sandbox.v1.coupons.create({"percent_off": 5})
    assert sandbox.call("POST", "/v1/promotion_codes", f"coupon={coupon.id}").status == 200
    old = sandbox.call("POST", "/v1/promotion_codes", f"coupon={coupon.id}", Stripe_Version="2026-10-28.endive")
    assert old.json["error"]["code"] == "parameter_unknown"


def test_refuses_a_malformed_version(sandbox: Calls) -> None:
    answer = sandbox.call("GET", "/v1/account", Stripe_Version="latest")
    assert answer.json["error"]["message"] == "Invalid Stripe API version: latest"
