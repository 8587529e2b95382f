"""Coupons for some products and in several currencies, and what Stripe refuses of them."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.devtools.sandbox.calls import Calls


def make_code(sandbox: Calls, coupon: dict[str, Any], **more: Any) -> Any:
    made = sandbox.v1.coupons.create(coupon)  # type: ignore[arg-type] # a TypedDict in the making
    params: Any = {"promotion": {"type": "coupon", "coupon": made.id}, "code": "SPRING", **more}
    return sandbox.v1.promotion_codes.create(params)


def refusal(call: Callable[[], object]) -> Any:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        call()
    return caught.value


def test_takes_off_the_products_it_is_for(sandbox: Calls) -> None:
    first, second = sandbox.make_price(), sandbox.make_price(1000)
    product = sandbox.v1.prices.retrieve(second).product
    code = make_code(sandbox, {"percent_off": 20, "applies_to": {"products": [product]}})
    lines: Any = [{"price": price, "quantity": 1} for price in (first, second)]
    body: Any = {"line_items": lines, "discounts": [{"promotion_code": code.id}]}
    session = sandbox.make_session(**body)
    items = sandbox.v1.checkout.sessions.line_items.list(session.id).data
    assert [(item.amount_subtotal, item.amount_discount) for item in items] == [(1900, 0), (1000, 200)]
    assert session.amount_total == 2700
    alone: Any = {"line_items": lines[:1], "discounts": [{"promotion_code": code.id}]}
    refused = refusal(lambda: sandbox.make_session(**alone))
    assert (refused.code, refused.param) == ("coupon_applies_to_nothing", "discounts[0][promotion_code]")


def test_knows_an_amount_and_a_minimum_in_each_currency(sandbox: Calls) -> None:
    amounts = {"amount_off": 500, "currency": "usd", "currency_options": {"eur": {"amount_off": 450}}}
    least = {"minimum_amount": 2000, "minimum_amount_currency": "usd"}
    options = {"currency_options": {"eur": {"minimum_amount": 1800}}}
    code = make_code(sandbox, amounts, restrictions=least | options)

    def total(currency: str, amount: int) -> int:
        price = sandbox.make_price(amount, currency)
        body: Any = {"line_items": [{"price": price, "quantity": 1}], "discounts": [{"promotion_code": code.id}]}
        return sandbox.make_session(**body).amount_total or 0

    assert (total("usd", 2000), total("eur", 1800)) == (1500, 1350)
    assert refusal(lambda: total("eur", 1799)).code == "promotion_code_minimum_not_met"
    assert refusal(lambda: total("gbp", 9000)).code == "promotion_code_minimum_not_met"


@pytest.mark.parametrize(
    ("coupon", "code", "param"),
    [
        ({"percent_off": 5, "applies_to": {"products": ["prod_none"]}}, {}, "applies_to[products][0]"),
        ({"percent_off": 5, "redeem_by": 1}, {}, "redeem_by"),
        ({"percent_off": 5, "name": "n" * 41}, {}, "name"),
        ({"percent_off": 5, "duration": "repeating"}, {}, "duration_in_months"),
        ({"percent_off": 5, "duration": "repeating", "duration_in_months": 0}, {}, "duration_in_months"),
        ({"percent_off": 5, "currency_options": {"eur": {"amount_off": 5}}}, {}, None),
        (
            {"amount_off": 5, "currency": "usd", "currency_options": {"xxx": {"amount_off": 5}}},
            {},
            "currency_options[xxx]",
        ),
        ({"percent_off": 5}, {"code": "SPRING 20"}, "code"),
        ({"percent_off": 5}, {"expires_at": 1}, "expires_at"),
        ({"percent_off": 5}, {"restrictions": {"minimum_amount": 5}}, "restrictions[minimum_amount_currency]"),
        ({"percent_off": 5, "max_redemptions": 2}, {"max_redemptions": 3}, "max_redemptions"),
    ],
)
def test_refuses_what_stripe_refuses(sandbox: Calls, coupon: Any, code: Any, param: str | None) -> None:
    refused = refusal(lambda: make_code(sandbox, coupon, **code))
    assert refused.http_status == 400
    assert param is None or refused.param == param


def test_switches_codes_off_with_their_coupon_and_gives_both_names_away_again(sandbox: Calls) -> None:
    coupon: Any = {"id": "TWENTY", "percent_off": 20}
    code = make_code(sandbox, coupon)
    assert refusal(lambda: sandbox.v1.coupons.create(coupon)).code == "resource_already_exists"
    sandbox.v1.coupons.delete("TWENTY")
    assert sandbox.v1.promotion_codes.retrieve(code.id).active is False
    newest = sandbox.v1.events.list({"type": "promotion_code.updated"}).data[0].to_dict()
    assert (newest["data"]["object"]["id"], newest["data"]["previous_attributes"]) == (code.id, {"active": True})
    again = make_code(sandbox, coupon | {"percent_off": 30})
    assert (again.active, sandbox.v1.coupons.retrieve("TWENTY").percent_off) == (True, 30)


def test_makes_no_code_active_again_that_another_took_the_place_of(sandbox: Calls) -> None:
    old = make_code(sandbox, {"percent_off": 5})
    sandbox.v1.promotion_codes.update(old.id, {"active": False})
    make_code(sandbox, {"percent_off": 9})
    refused = refusal(lambda: sandbox.v1.promotion_codes.update(old.id, {"active": True}))
    assert "already exists" in str(refused.user_message)
