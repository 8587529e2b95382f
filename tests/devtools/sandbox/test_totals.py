"""Money: subtotals, discounts and how they fall on lines, in every kind of currency."""

from typing import Any

import pytest
import stripe

from storefront.devtools.sandbox.checkout.totals import discount_for, spread
from tests.devtools.sandbox.calls import Calls


@pytest.mark.parametrize(
    ("discount", "subtotals", "shares"),
    [
        (100, [100, 100, 100], [33, 34, 33]),
        (1, [1, 1, 1], [0, 1, 0]),
        (10, [0, 10], [0, 10]),
        (0, [5, 5], [0, 0]),
        (0, [0], [0]),
        (999, [333, 333, 333], [333, 333, 333]),
    ],
)
def test_spreads_a_discount_exactly(discount: int, subtotals: list[int], shares: list[int]) -> None:
    assert spread(discount, subtotals, "usd") == shares


@pytest.mark.parametrize("discount", range(0, 1000, 37))
def test_does_not_take_more_than_a_line_costs(discount: int) -> None:
    subtotals = [1, 499, 0, 250, 249]
    shares = spread(discount, subtotals, "usd")
    assert sum(shares) == discount
    assert all(0 <= share <= subtotal for share, subtotal in zip(shares, subtotals, strict=True))


@pytest.mark.parametrize(
    ("percent", "subtotal", "currency", "discount"),
    [
        (20, 1900, "usd", 380),
        (33.3, 999, "usd", 333),
        (50, 5, "jpy", 3),  # half up
        (15, 1230, "kwd", 180),  # 184.5 becomes a multiple of 10
        (10, 1500, "isk", 200),  # 150 becomes a multiple of 100
        (100, 1234, "usd", 1234),
    ],
)
def test_rounds_a_percentage_half_up(percent: float, subtotal: int, currency: str, discount: int) -> None:
    coupon = {"amount_off": None, "percent_off": percent}
    assert discount_for(coupon, subtotal, currency) == discount


@pytest.mark.parametrize(("currency", "amount"), [("jpy", 1900), ("kwd", 1900), ("huf", 190000), ("isk", 190000)])
def test_sells_in_other_currencies(sandbox: Calls, currency: str, amount: int) -> None:
    price = sandbox.make_price(amount, currency)
    coupon = sandbox.v1.coupons.create({"percent_off": 25})
    session = sandbox.make_session(price, quantity=3, discounts=[{"coupon": coupon.id}])
    assert session.amount_subtotal == 3 * amount
    assert session.amount_total is not None
    assert sandbox.pay(session.id).status == 200
    lines = sandbox.get(f"/v1/checkout/sessions/{session.id}/line_items")["data"]
    assert sum(line["amount_total"] for line in lines) == session.amount_total
    assert sandbox.get("/v1/charges")["data"][0]["amount"] == session.amount_total


@pytest.mark.parametrize(("currency", "amount"), [("kwd", 1905), ("isk", 1950), ("ugx", 550)])
def test_refuses_amounts_nobody_can_pay(sandbox: Calls, currency: str, amount: int) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="divisible"):
        sandbox.make_price(amount, currency)


@pytest.mark.parametrize(
    ("currency", "least", "text"),
    [("usd", 50, r"\$0.50 usd"), ("gbp", 30, "0.30 gbp"), ("jpy", 50, "50 jpy"), ("huf", 17500, "175.00 huf")],
)
def test_asks_for_the_minimum(sandbox: Calls, currency: str, least: int, text: str) -> None:
    assert sandbox.make_session(sandbox.make_price(least, currency)).amount_total == least
    with pytest.raises(stripe.InvalidRequestError, match=text) as caught:
        sandbox.make_session(sandbox.make_price(least - 1, currency))
    assert caught.value.code == "amount_too_small"


@pytest.mark.parametrize(
    ("currency", "most", "text"),
    [("usd", 99_999_998, r"no more than \$999999.99 usd"), ("idr", 999_999_999_998, "9999999999.99 idr")],
)
def test_takes_no_more_than_one_payment_can_be(sandbox: Calls, currency: str, most: int, text: str) -> None:
    half = sandbox.make_price(most // 2, currency)
    assert sandbox.make_session(half, quantity=2).amount_total == most
    with pytest.raises(stripe.InvalidRequestError, match=text) as caught:
        sandbox.make_session(half, quantity=3)
    assert (caught.value.http_status, caught.value.code) == (400, "amount_too_large")
    sandbox.make_promotion_code("HALF", percent_off=50)
    (code,) = sandbox.v1.promotion_codes.list({"code": "HALF"}).data
    assert sandbox.make_session(half, quantity=4, discounts=[{"promotion_code": code.id}]).amount_total == most


def test_counts_fractions_of_a_cent(sandbox: Calls) -> None:
    params: Any = {"currency": "usd", "product_data": {"name": "x"}, "unit_amount_decimal": "0.5"}
    price = sandbox.v1.prices.create(params)
    assert price.unit_amount is None
    assert sandbox.make_session(price.id, quantity=151).amount_total == 76


def test_shows_the_breakdown(sandbox: Calls) -> None:
    code = sandbox.make_promotion_code("SAVE", amount_off=300, currency="usd")
    session = sandbox.make_session(discounts=[{"promotion_code": code}], expand=["total_details.breakdown"])
    assert session.total_details is not None
    assert session.total_details.amount_discount == 300
    assert session.total_details.breakdown is not None
    breakdown_discount: Any = session.total_details.breakdown.discounts[0]
    assert (breakdown_discount.amount, breakdown_discount.discount.promotion_code) == (300, code)
    assert session.discounts is not None
    assert (session.discounts[0].promotion_code, session.discounts[0].coupon) == (code, None)
