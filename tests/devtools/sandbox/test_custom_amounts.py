"""Prices whose amount the buyer chooses: made, refused, chosen on the page, and what the lines say afterwards."""

from typing import Any

import pytest
import stripe

from tests.devtools.sandbox.calls import Calls


def test_shows_the_limits_at_the_price(sandbox: Calls) -> None:
    price = sandbox.get(f"/v1/prices/{sandbox.make_custom_price(minimum=500, preset=1000)}")
    assert price["custom_unit_amount"] == {"maximum": None, "minimum": 500, "preset": 1000}
    assert (price["unit_amount"], price["unit_amount_decimal"]) == (None, None)


@pytest.mark.parametrize(
    ("currency", "limits", "param"),
    [
        ("usd", "custom_unit_amount[minimum]=49", "custom_unit_amount[minimum]"),
        ("usd", "custom_unit_amount[minimum]=500&custom_unit_amount[maximum]=499", "custom_unit_amount[maximum]"),
        ("usd", "custom_unit_amount[minimum]=500&custom_unit_amount[preset]=100", "custom_unit_amount[preset]"),
        ("kwd", "custom_unit_amount[preset]=1005", "custom_unit_amount[preset]"),
        ("jpy", "custom_unit_amount[minimum]=49", "custom_unit_amount[minimum]"),
    ],
)
def test_refuses_limits_that_cannot_be(sandbox: Calls, currency: str, limits: str, param: str) -> None:
    body = f"currency={currency}&product_data[name]=Tip&custom_unit_amount[enabled]=true&{limits}"
    answer = sandbox.call("POST", "/v1/prices", body)
    assert (answer.status, answer.json["error"]["param"]) == (400, param)


def test_takes_exactly_one_kind_of_amount(sandbox: Calls) -> None:
    both = "currency=usd&product_data[name]=Tip&custom_unit_amount[enabled]=true&unit_amount=100"
    answer = sandbox.call("POST", "/v1/prices", both)
    assert answer.status == 400
    assert "custom_unit_amount" in answer.json["error"]["message"]
    assert sandbox.call("POST", "/v1/prices", "currency=usd&product_data[name]=Tip").status == 400


@pytest.mark.parametrize(
    "more",
    [
        {"quantity": 2},
        {"allow_promotion_codes": True},
        {"adaptive_pricing": {"enabled": True}},
        {"line": {"adjustable_quantity": {"enabled": True}}},
        {"also": True},
    ],
)
def test_sells_it_alone_once_and_at_its_whole_price(sandbox: Calls, more: dict[str, Any]) -> None:
    line = {"price": sandbox.make_custom_price(), "quantity": more.pop("quantity", 1), **more.pop("line", {})}
    also = [{"price": sandbox.make_price(), "quantity": 1}] if more.pop("also", False) else []
    params: Any = {"mode": "payment", "success_url": "http://a.example", "line_items": [line, *also], **more}
    with pytest.raises(stripe.InvalidRequestError, match=r"custom_unit_amount|Adaptive"):
        sandbox.v1.checkout.sessions.create(params)


@pytest.mark.parametrize(
    ("currency", "wrong", "chosen"),
    [("usd", (499, 5001), 700), ("jpy", (499, 5001), 777), ("kwd", (490, 5010, 1235), 1230)],
)
def test_counts_the_preset_and_then_what_was_chosen(
    sandbox: Calls, currency: str, wrong: tuple[int, ...], chosen: int
) -> None:
    session = sandbox.make_session(sandbox.make_custom_price(currency, minimum=500, maximum=5000, preset=1000))
    assert session.amount_total == 1000
    for amount in wrong:
        refused = sandbox.page(session.id, "", custom_unit_amount=amount)
        assert (refused.status, refused.json["error"]["param"]) == (400, "custom_unit_amount")
    page = sandbox.page(session.id, "", custom_unit_amount=chosen).json
    assert page["custom_unit_amount"]["chosen"] == page["line_item_group"]["due"] == chosen
    assert sandbox.pay(session.id).status == 200
    line = sandbox.get(f"/v1/checkout/sessions/{session.id}/line_items")["data"][0]
    assert (line["quantity"], line["amount_total"], line["price"]["unit_amount"]) == (1, chosen, None)
    assert sandbox.get("/v1/charges")["data"][0]["amount"] == chosen


def test_asks_for_an_amount_where_there_is_no_preset_and_lets_nothing_be_paid(sandbox: Calls) -> None:
    session = sandbox.make_session(sandbox.make_custom_price())
    assert session.amount_total == 0
    empty = sandbox.page(session.id, "/confirm", expected_amount=0, email="ada@example.com")
    assert (empty.status, empty.json["error"]["param"]) == (400, "custom_unit_amount")
    assert sandbox.page(session.id, "", custom_unit_amount=49).status == 400
    assert sandbox.pay(session.id, custom_unit_amount=0).status == 200
    assert sandbox.session(session.id)["payment_status"] == "no_payment_required"
