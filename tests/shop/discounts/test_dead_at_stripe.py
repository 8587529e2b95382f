"""Discounts that were lost, switched off or used up at Stripe while they run here."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.core.errors import StripeFault
from storefront.owner.discounts.listing import UsesAtStripe, ask_uses
from storefront.shop.discounts import at_stripe
from storefront.shop.discounts.at_stripe import LOST
from storefront.shop.discounts.mirror_rows import read_rows as read_mirrors
from storefront.shop.discounts.models import OFF_AT_STRIPE, USED_UP
from storefront.shop.discounts.products import read_products
from storefront.shop.discounts.queries import find_terms
from storefront.shop.discounts.repair import look_at_all, repair
from storefront.shop.editor.prices import set_price
from storefront.worker import look_at_discounts
from tests.support.databases import BOTH
from tests.support.discounts import at_once, codes_at_stripe, discount, trouble_of, uses_of, work
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

MIRRORS = "SELECT is_active FROM discount_mirrors ORDER BY id"
KINDS = pytest.mark.parametrize("kind", ["code", "promotion"])


def make(app: Flask, kind: str, **more: Any) -> None:
    ends = f"{clock.now() + timedelta(days=9):%Y-%m-%d}"
    more |= {"automatic": "yes", "ends": ends} if kind == "promotion" else {}
    assert discount(app, **more) == ""


def look(app: Flask) -> None:
    """Do what the worker does each hour."""
    work(app, look_at_discounts)


def filled(app: Flask, kind: str, edition: str = "Personal") -> Buyer:
    buyer = Buyer(app)
    buyer.add("twinspot", edition)
    if kind == "code":
        buyer.post("/cart/code", code="SPRING")
    return buyer


def total(app: Flask, sandbox: SandboxClient, buyer: Buyer) -> int:
    """Press the button; return what Stripe's form shows."""
    session = sandbox.stripe.v1.checkout.sessions.retrieve(buyer.check_out())
    return int(session.amount_total or 0)


def delete_coupons(sandbox: SandboxClient) -> None:
    for coupon in sandbox.stripe.v1.coupons.list().data:
        sandbox.stripe.v1.coupons.delete(coupon.id)


@KINDS
def test_comes_back_to_the_products_of_before(app: Flask, sandbox: SandboxClient, kind: str) -> None:
    make(app, kind, products=("twinspot",))
    with app.app_context():
        set_price("twinspot", "personal", "usd", 2500)
        db.session.remove()
    work(app)
    change_rows(app, "DELETE FROM stripe_mirrors WHERE id = (SELECT MAX(id) FROM stripe_mirrors)")
    assert total(app, sandbox, filled(app, kind, "Team")) == 6320
    work(app)
    assert total(app, sandbox, filled(app, kind, "Team")) == 6320
    if kind == "code":
        assert [code.active for code in codes_at_stripe(sandbox)] == [True, False, False, False]


@KINDS
def test_is_made_anew_for_the_next_buyer_after_it_was_deleted_at_stripe(
    app: Flask, sandbox: SandboxClient, kind: str
) -> None:
    make(app, kind)
    first = filled(app, kind)
    delete_coupons(sandbox)
    assert first.post("/checkout", nonce=first.nonce()).location == "/cart"
    assert trouble_of(app) == LOST
    sandbox.control("faults", method="POST", path="/v1/coupons", status=500, times=3)
    work(app)
    assert trouble_of(app) == LOST  # as long as it lasts
    sandbox.control("faults/clear")
    assert total(app, sandbox, filled(app, kind)) == 1520
    assert trouble_of(app) == ""
    with app.app_context():
        assert ask_uses("SPRING") == UsesAtStripe(times=0)
        db.session.remove()


def test_counts_what_is_paid_with_the_lost_one_and_leaves_the_rest_to_the_next(
    app: Flask, sandbox: SandboxClient
) -> None:
    make(app, "code", most_uses="4")
    fulfilled, unseen, late = (filled(app, "code") for _ in range(3))
    sessions = [buyer.check_out() for buyer in (fulfilled, unseen, late)]
    sandbox.pay(sessions[0])
    fulfilled.land(sessions[0])
    sandbox.pay(sessions[1])  # and no page was seen, no event came
    delete_coupons(sandbox)
    look(app)
    work(app)
    newest, _ = codes_at_stripe(sandbox)
    assert newest.max_redemptions == 2
    unseen.land(sessions[1])
    sandbox.pay(sessions[2])
    late.land(sessions[2])
    assert uses_of(app) == 3


@KINDS
def test_is_found_and_shown_in_the_list_until_it_is_back(app: Flask, sandbox: SandboxClient, kind: str) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    make(app, kind)
    delete_coupons(sandbox)
    look(app)
    assert LOST in owner.get("/admin/discounts").text
    work(app)
    assert LOST not in owner.get("/admin/discounts").text
    assert total(app, sandbox, filled(app, kind)) == 1520


def test_stays_off_where_its_code_was_switched_off_at_stripe(app: Flask, sandbox: SandboxClient) -> None:
    """Somebody wanted that. No page promises it any more, and whoever switches it on has it run again."""
    owner = sign_in_at_admin(app, make_person(app))
    make(app, "code")
    (code,) = codes_at_stripe(sandbox)
    before = filled(app, "code")
    sandbox.stripe.v1.promotion_codes.update(code.id, {"active": False})
    assert before.post("/checkout", nonce=before.nonce()).location == "/cart"
    for job in (work, look, work):
        job(app)
        assert trouble_of(app) == OFF_AT_STRIPE
        assert [code.active for code in codes_at_stripe(sandbox)] == [False]
    assert OFF_AT_STRIPE in owner.get("/admin/discounts").text
    buyer = Buyer(app)
    buyer.add("twinspot", "Personal")
    buyer.post("/cart/code", code="SPRING")
    assert "SPRING has expired." in unescape(buyer.get("/cart").text)
    assert total(app, sandbox, buyer) == 1900
    sandbox.stripe.v1.promotion_codes.update(code.id, {"active": True})
    look(app)
    assert trouble_of(app) == ""
    assert total(app, sandbox, filled(app, "code")) == 1520


@pytest.mark.parametrize("engine", BOTH, indirect=True)
@KINDS
def test_is_made_anew_once_by_three_at_the_same_moment(app: Flask, sandbox: SandboxClient, kind: str) -> None:
    make(app, kind)
    delete_coupons(sandbox)

    def mend() -> None:
        look_at_all()
        repair()

    at_once(app, mend, mend, mend)
    work(app)
    assert [row["is_active"] for row in read_rows(app, MIRRORS)] == [False, True]
    assert len(sandbox.stripe.v1.coupons.list().data) == 1
    assert sum(code.active for code in codes_at_stripe(sandbox)) == (kind == "code")
    assert trouble_of(app) == ""


def test_is_not_made_anew_where_it_was_used_up_elsewhere(app: Flask, sandbox: SandboxClient) -> None:
    make(app, "code", most_uses="1", products=("twinspot",))
    (code,) = codes_at_stripe(sandbox)
    price = read_rows(app, "SELECT stripe_price_id FROM stripe_mirrors")[0]["stripe_price_id"]
    params: Any = {
        "mode": "payment",
        "line_items": [{"price": price, "quantity": 1}],
        "discounts": [{"promotion_code": code.id}],
        "success_url": "https://elsewhere.example/thanks",
    }
    sandbox.pay(sandbox.stripe.v1.checkout.sessions.create(params).id)
    look(app)
    work(app)
    assert trouble_of(app) == USED_UP
    assert "SPRING has been used up." in unescape(filled(app, "code").get("/cart").text)  # and promised to nobody
    with app.app_context():
        assert ask_uses("SPRING") == UsesAtStripe(times=1, problem=USED_UP)
        set_price("twinspot", "personal", "usd", 2500)
        db.session.remove()
    work(app)
    assert trouble_of(app) == USED_UP
    assert [code.active for code in codes_at_stripe(sandbox)] == [False]


def test_takes_another_id_where_stripe_gives_that_of_a_deleted_coupon_to_nobody(
    app: Flask, sandbox: SandboxClient
) -> None:
    exists = {"status": 400, "type": "invalid_request_error", "code": "resource_already_exists"}
    sandbox.control("faults", method="POST", path="/v1/coupons", times=1, **exists)
    make(app, "code")
    (coupon,) = sandbox.stripe.v1.coupons.list().data
    assert coupon.id.endswith("-2")
    sandbox.stripe.v1.coupons.delete(coupon.id)
    sandbox.control("faults", method="POST", path="/v1/coupons", times=9, **exists)
    look(app)
    work(app)
    assert trouble_of(app) == LOST
    sandbox.control("faults/clear")
    work(app)
    assert total(app, sandbox, filled(app, "code")) == 1520


def test_is_looked_at_once_an_hour_and_waits_for_stripe(app: Flask, sandbox: SandboxClient) -> None:
    make(app, "code")
    sandbox.control("faults", method="GET", path="/v1/promotion_codes/*", status=503, times=3)
    look(app)
    sandbox.control("faults/clear")
    assert trouble_of(app) == ""
    sandbox.forget_calls()
    with app.app_context():
        look_at_discounts()
        db.session.remove()
    assert sandbox.calls() == []


@pytest.mark.parametrize("is_known", [True, False])
def test_stays_off_at_stripe_when_a_price_changes(app: Flask, sandbox: SandboxClient, is_known: bool) -> None:
    """Other products are another coupon and code, which nobody makes for a discount that somebody ended there."""
    make(app, "code", products=("twinspot",))
    (code,) = codes_at_stripe(sandbox)
    sandbox.stripe.v1.promotion_codes.update(code.id, {"active": False})
    if is_known:
        look(app)
    raise_price(app)
    work(app)
    assert [code.active for code in codes_at_stripe(sandbox)] == [False]
    assert trouble_of(app) == OFF_AT_STRIPE
    sandbox.stripe.v1.promotion_codes.update(code.id, {"active": True})
    look(app)
    work(app)
    assert [code.active for code in codes_at_stripe(sandbox)] == [True, False]
    assert trouble_of(app) == ""


def test_is_made_anew_where_the_shop_itself_was_cut_off_while_it_switched_it_off(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody at Stripe did that: the code is off there, and its row was not retired."""
    make(app, "code", products=("twinspot",))
    raise_price(app)

    def die(*_arguments: object) -> None:
        raise StripeFault("The answer was lost.")

    with monkeypatch.context() as cut_off:
        cut_off.setattr(at_stripe, "retire", die)
        work(app)
    assert [code.active for code in codes_at_stripe(sandbox)] == [False]
    work(app)
    assert [code.active for code in codes_at_stripe(sandbox)] == [True, False]
    assert trouble_of(app) == ""


def test_asks_nothing_each_minute_of_what_is_off_or_used_up(app: Flask, sandbox: SandboxClient) -> None:
    make(app, "code", products=("twinspot",))
    (code,) = codes_at_stripe(sandbox)
    sandbox.stripe.v1.promotion_codes.update(code.id, {"active": False})
    look(app)
    raise_price(app)
    work(app)
    sandbox.forget_calls()
    work(app)
    assert [call for call in sandbox.calls() if "promotion_codes" in str(call) or "coupons" in str(call)] == []


def test_leaves_what_another_made_for_newer_products(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who read the rows and the products of before, and is slow, switches no code off that runs."""
    make(app, "code", products=("twinspot",))
    delete_coupons(sandbox)
    look(app)
    with app.app_context():
        terms = find_terms("SPRING")
        assert terms is not None
        before, rows = read_products(terms), read_mirrors(terms.id)
        db.session.remove()
    raise_price(app)
    work(app)
    made = [code.active for code in codes_at_stripe(sandbox)]
    stale = iter([rows])
    with app.app_context(), monkeypatch.context() as slow:
        slow.setattr(at_stripe, "read_products", lambda _terms: before)
        slow.setattr(at_stripe, "read_rows", lambda number: next(stale, None) or read_mirrors(number))
        assert at_stripe.ensure_at_stripe(terms) is None
        db.session.remove()
    for job in (work, look, work):
        job(app)
    assert [code.active for code in codes_at_stripe(sandbox)] == made
    assert trouble_of(app) == ""


def test_takes_up_no_code_that_an_older_version_switched_off(app: Flask, sandbox: SandboxClient) -> None:
    """It left the row as it was, and Stripe answers its key with that code for a day."""
    make(app, "code")
    (code,) = codes_at_stripe(sandbox)
    sandbox.stripe.v1.promotion_codes.update(code.id, {"active": False})
    change_rows(app, "UPDATE discount_mirrors SET is_active = false")
    work(app)
    assert [code.active for code in codes_at_stripe(sandbox)] == [True, False]
    assert total(app, sandbox, filled(app, "code")) == 1520


def test_looks_at_the_others_where_stripe_refuses_one(app: Flask, sandbox: SandboxClient) -> None:
    make(app, "code")
    make(app, "code", code="SUMMER")
    (spring,) = codes_at_stripe(sandbox)
    (summer,) = codes_at_stripe(sandbox, "SUMMER")
    sandbox.stripe.v1.coupons.delete(summer.promotion.coupon.id)
    path = f"/v1/promotion_codes/{spring.id}"
    sandbox.control("faults", method="GET", path=path, status=400, type="invalid_request_error", times=3)
    look(app)
    assert trouble_of(app, "SUMMER") == LOST


def raise_price(app: Flask) -> None:
    with app.app_context():
        set_price("twinspot", "personal", "usd", 2500)
        db.session.remove()
