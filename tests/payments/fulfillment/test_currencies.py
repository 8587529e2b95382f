"""Amounts in currencies without decimals and with three: never off by a factor of 10 or 100."""

from dataclasses import dataclass

import pytest
from flask import Flask

from tests.support.prices import price_in
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, keys_on


@dataclass(frozen=True, slots=True)
class Case:
    currency: str
    amount_minor: int
    shown: str
    total_minor: int
    total_shown: str


CASES = [
    Case("jpy", 1900, "¥1,900", 4560, "¥4,560"),
    Case("kwd", 5990, "KWD\u00a05.990", 14380, "KWD\u00a014.380"),  # three decimals, the last one always 0
    Case("isk", 190000, "ISK\u00a01,900", 456000, "ISK\u00a04,560"),
    Case("eur", 1999, "€19.99", 4798, "€47.98"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.currency)
def test_keeps_and_shows_the_amount_stripe_charged(
    case: Case, app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    """Three of them less twenty percent."""
    price_in(app, case.currency, case.amount_minor)
    coupon = sandbox.stripe.v1.coupons.create({"percent_off": 20, "duration": "once"})
    sandbox.stripe.v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "LESS"}
    )
    assert case.shown in buyer.get("/products/twinspot").text
    buyer.add("twinspot", "Personal", 3)
    session_id = buyer.check_out()
    sandbox.pay(session_id, promotion_code="LESS")
    page = buyer.land(session_id).text
    order = read_rows(app, "SELECT currency, subtotal_minor, total_minor FROM orders")[0]
    assert (order["currency"], order["subtotal_minor"]) == (case.currency, 3 * case.amount_minor)
    assert order["total_minor"] == case.total_minor
    assert case.total_shown in page
    assert len(keys_on(page)) == 3
