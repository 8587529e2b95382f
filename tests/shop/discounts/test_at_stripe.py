"""Discounts at Stripe: made once whatever is lost or repeated, switched off, and repaired by the worker."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.owner.discounts.listing import UsesAtStripe, ask_uses
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from storefront.shop.discounts import at_stripe
from storefront.shop.discounts.change import NOT_AT_STRIPE_YET, create_discount, stop_discount
from storefront.shop.discounts.models import OFF_AT_STRIPE
from storefront.shop.discounts.repair import repair
from storefront.shop.discounts.typed import DiscountRefused
from storefront.shop.editor.prices import set_price
from tests.support.databases import BOTH
from tests.support.discounts import at_once, codes_at_stripe, discount, trouble_of, uses_of, work
from tests.support.rows import read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer


def test_is_a_coupon_and_a_code_with_all_its_terms(app: Flask, sandbox: SandboxClient) -> None:
    ends = f"{clock.now() + timedelta(days=9):%Y-%m-%d}"
    minimum = "20.00 USD, 18.00 EUR"
    assert discount(app, amounts="5.00 USD, 4.50 EUR", minimum=minimum, most_uses="5", ends=ends) == ""
    (code,) = codes_at_stripe(sandbox)
    coupon = code.promotion.coupon
    assert (coupon.amount_off, coupon.currency, coupon.name, coupon.duration) == (500, "usd", "SPRING", "once")
    assert (code.active, code.max_redemptions, code.restrictions.minimum_amount) == (True, 5, 2000)
    assert code.expires_at > clock.now().timestamp()
    more: Any = {"expand": ["restrictions.currency_options", "promotion.coupon.currency_options"]}
    full = sandbox.stripe.v1.promotion_codes.retrieve(code.id, more).to_dict()
    assert full["promotion"]["coupon"]["currency_options"]["eur"]["amount_off"] == 450
    assert full["restrictions"]["currency_options"]["eur"]["minimum_amount"] == 1800


def test_asks_stripe_nothing_where_all_is_well(app: Flask, sandbox: SandboxClient) -> None:
    discount(app, products=("twinspot",))
    sandbox.forget_calls()
    work(app)
    assert sandbox.calls() == []


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_is_made_once_by_two_at_the_same_moment(app: Flask, sandbox: SandboxClient) -> None:
    sandbox.control("faults", method="POST", path="/v1/promotion_codes", status=500, times=3)
    assert NOT_AT_STRIPE_YET in discount(app)
    sandbox.control("faults/clear")

    at_once(app, repair, repair)
    work(app)
    assert [code.active for code in codes_at_stripe(sandbox)] == [True]
    assert trouble_of(app) == ""


@pytest.mark.parametrize("path", ["/v1/coupons", "/v1/promotion_codes"])
def test_finds_what_was_made_when_the_answer_was_lost(app: Flask, sandbox: SandboxClient, path: str) -> None:
    sandbox.control("faults", method="POST", path=path, drop_after_execution=True, times=3)
    assert NOT_AT_STRIPE_YET in discount(app)
    sandbox.control("faults/clear")
    work(app)
    assert [code.active for code in codes_at_stripe(sandbox)] == [True]
    assert read_rows(app, "SELECT is_active FROM discount_mirrors") == [{"is_active": 1}]


def test_says_what_helps_where_stripe_may_not_take_so_many_products(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_stripe, "MANY", 1)
    sandbox.control("faults", method="POST", path="/v1/coupons", status=400, type="invalid_request_error")
    said = discount(app, products=("twinspot",))
    assert "SPRING is for 2 prices, each a product at Stripe." in said
    assert "tick none: then it is for all of them" in said


def test_takes_no_code_that_somebody_else_has_at_stripe(app: Flask, sandbox: SandboxClient) -> None:
    coupon = sandbox.stripe.v1.coupons.create({"percent_off": 50})
    params: Any = {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "spring"}
    by_hand = sandbox.stripe.v1.promotion_codes.create(params)
    assert "has this code already" in discount(app)
    assert "has this code already" in trouble_of(app)
    sandbox.stripe.v1.promotion_codes.update(by_hand.id, {"active": False})
    work(app)
    assert trouble_of(app) == ""
    assert [(code.active, code.promotion.coupon.percent_off) for code in codes_at_stripe(sandbox)] == [
        (True, 20),
        (False, 50),
    ]


def test_is_switched_off_when_it_is_stopped(app: Flask, sandbox: SandboxClient) -> None:
    discount(app)
    sandbox.control("faults", method="POST", path="/v1/promotion_codes/*", status=503, times=3)
    with app.app_context():
        assert NOT_AT_STRIPE_YET in stop_discount("spring")
        db.session.remove()
    sandbox.control("faults/clear")
    work(app)
    assert [code.active for code in codes_at_stripe(sandbox)] == [False]
    assert discount(app, percent="30") == ""  # the code is free again
    assert [code.active for code in codes_at_stripe(sandbox)] == [True, False]


def test_begins_and_ends_on_time(app: Flask, sandbox: SandboxClient) -> None:
    now = clock.now()
    starts, ends = (f"{now + timedelta(days=days):%Y-%m-%dT%H:%M}" for days in (1, 3))
    assert discount(app, starts=starts, ends=ends) == ""
    assert codes_at_stripe(sandbox) == []
    work(app)
    assert codes_at_stripe(sandbox) == []
    with time_machine.travel(now + timedelta(days=1, minutes=1)):
        work(app)
        assert [code.active for code in codes_at_stripe(sandbox)] == [True]
    with time_machine.travel(now + timedelta(days=3, minutes=1)):
        work(app)
        assert [code.active for code in codes_at_stripe(sandbox)] == [False]
        assert discount(app) == ""  # whoever has run out gives the code back


def test_follows_its_products_to_new_prices(app: Flask, sandbox: SandboxClient) -> None:
    discount(app, products=("twinspot",), most_uses="3")
    (first,) = codes_at_stripe(sandbox)
    assert first.promotion.coupon.applies_to.products
    sell(app, sandbox, ("twinspot", "Personal"), promotion_code="SPRING")
    with app.app_context():
        set_price("twinspot", "personal", "usd", 2500)
        db.session.remove()
    work(app)
    newest, old = codes_at_stripe(sandbox)
    assert (old.id, old.active, newest.active) == (first.id, False, True)
    assert set(newest.promotion.coupon.applies_to.products) > set(old.promotion.coupon.applies_to.products)
    assert newest.max_redemptions == 2  # what the first one left
    sell(app, sandbox, ("twinspot", "Team"), promotion_code="SPRING")
    assert uses_of(app) == 2


def test_counts_each_order_once(app: Flask, sandbox: SandboxClient) -> None:
    discount(app)
    sale = sell(app, sandbox, promotion_code="spring")
    sale.deliver("checkout.session.completed")
    sale.buyer.land(sale.session_id)
    assert uses_of(app) == 1
    order = read_rows(app, "SELECT discount_code, discount_minor, total_minor FROM orders")[0]
    assert order == {"discount_code": "SPRING", "discount_minor": 380, "total_minor": 1520}
    with app.app_context():
        assert ask_uses("SPRING") == UsesAtStripe(times=1)
        sandbox.control("faults", method="GET", path="/v1/promotion_codes/*", status=503, times=3)
        assert ask_uses("SPRING").times is None
        db.session.remove()


def test_tells_its_owner_that_it_was_switched_off_at_stripe(app: Flask, sandbox: SandboxClient) -> None:
    discount(app)
    (code,) = codes_at_stripe(sandbox)
    sandbox.stripe.v1.promotion_codes.update(code.id, {"active": False})
    with app.app_context():
        assert ask_uses("SPRING").words == f"Stripe counted 0. {OFF_AT_STRIPE}"
        db.session.remove()


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_makes_one_of_two_forms_and_counts_two_orders_at_the_same_moment(
    app: Flask, sandbox: SandboxClient
) -> None:
    refusals: list[str] = []

    def make() -> None:
        try:
            create_discount({"code": "SPRING", "percent": "20"})
        except DiscountRefused as refused:
            refusals.append(refused.message)

    at_once(app, make, make)
    assert len(refusals) == 1
    assert "is a discount already" in refusals[0]
    assert [code.active for code in codes_at_stripe(sandbox)] == [True]
    buyers = [Buyer(app, address=f"203.0.113.{number}") for number in range(2)]
    sessions = []
    for number, buyer in enumerate(buyers):
        buyer.add("twinspot", "Personal")
        sessions.append(buyer.check_out())
        sandbox.pay(sessions[-1], promotion_code="SPRING", email=f"buyer{number}@example.com")
    at_once(app, *(lambda one=one: fulfill_checkout(one, Look.SPARINGLY) for one in sessions * 2))
    assert uses_of(app) == 2


def test_fulfills_where_a_key_may_not_read_codes(app: Flask, sandbox: SandboxClient) -> None:
    coupon = sandbox.stripe.v1.coupons.create({"percent_off": 50, "name": "Friends"})
    params: Any = {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "HALF"}
    sandbox.stripe.v1.promotion_codes.create(params)
    sandbox.control("faults", method="GET", path="/v1/promotion_codes/*", status=403, times=9)
    sale = sell(app, sandbox, promotion_code="HALF")
    assert sale.keys
    assert read_rows(app, "SELECT discount_code, discount_minor FROM orders")[0] == {
        "discount_code": None,
        "discount_minor": 950,
    }
