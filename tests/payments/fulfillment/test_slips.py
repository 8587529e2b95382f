"""Whose a sale is, how many keys a line has, and events that say other things than Stripe does."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.orders.models import Order
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from storefront.payments.fulfillment.recognize import recognize_checkout
from storefront.payments.webhook.dispatch import run_unhandled
from storefront.shop.catalog import mirrors
from storefront.stripe_api.gateway import gateway
from tests.support.databases import BOTH
from tests.support.goods import change_product, unknown_line
from tests.support.rows import count_rows, read_rows
from tests.support.sale import FONT, TOOL, sell, take_free
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, keys_on, make_event, post_event

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
HANDLED = "SELECT outcome FROM stripe_events WHERE handled_at IS NOT NULL"


def test_grants_what_a_code_made_free_beside_a_free_thing_that_is_owned(
    app: Flask, sandbox: SandboxClient
) -> None:
    """The owner gave that code away: the tool comes, though it is owned, and the font does not come twice."""
    sell(app, sandbox, TOOL)
    take_free(app, sandbox)
    coupon = sandbox.stripe.v1.coupons.create({"percent_off": 100, "duration": "once"})
    code = {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "GIFT"}
    sandbox.stripe.v1.promotion_codes.create(code)  # type: ignore[arg-type] # the SDK's TypedDict
    sale = sell(app, sandbox, TOOL, FONT, promotion_code="GIFT", payment_method=None)
    assert len(keys_on(sale.order_page())) == 1
    assert "gridling-1.0.ttf" not in sale.order_page()
    assert "free once per email address" in sale.words()


@pytest.mark.parametrize("mark", ["shop_OTHERONE", "shop_"])
def test_takes_the_mark_of_another_shop_for_not_ours(app: Flask, sandbox: SandboxClient, mark: str) -> None:
    session_id = sandbox.create_session([unknown_line("Not ours")], metadata={"storefront": mark})
    sandbox.pay(session_id)
    assert Buyer(app).land(session_id).status_code == 404
    assert count_rows(app, Order) == {"orders": 0}


@pytest.mark.parametrize("mode", ["subscription", "setup"])
def test_takes_a_session_that_sells_no_goods_for_not_ours_whatever_it_is_marked_with(
    app: Flask, sandbox: SandboxClient, buyer: Buyer, mode: str
) -> None:
    buyer.add("twinspot", "Personal")
    session_id = buyer.check_out()
    with app.app_context():
        seen = gateway().get_checkout(session_id)
        assert seen.metadata["storefront"] == mirrors.shop_id()
        assert recognize_checkout(seen) is not None
        assert recognize_checkout(replace(seen, mode=mode)) is None
        db.session.remove()
    assert sandbox.url


@pytest.mark.parametrize(("is_one_key", "keys"), [(True, 1), (False, 3)])
def test_gives_one_key_or_three_for_a_line_of_three_as_the_product_says(
    app: Flask, sandbox: SandboxClient, buyer: Buyer, is_one_key: bool, keys: int
) -> None:
    change_product(app, "twinspot", one_key_per_order_item=is_one_key)
    buyer.add("twinspot", "Personal", 3)
    session_id = buyer.check_out()
    sandbox.pay(session_id)
    assert len(keys_on(buyer.land(session_id).text)) == keys


@both
def test_looks_again_at_an_event_that_says_more_than_stripe_does(
    app: Flask, sandbox: SandboxClient, buyer: Buyer
) -> None:
    """Stripe not agreeing with itself yet: completed, says the event, and open, says the Session."""
    buyer.add("twinspot", "Personal")
    session_id = buyer.check_out()
    assert post_event(app, make_event("checkout.session.completed", session_id)).status_code == 200
    assert post_event(app, make_event("checkout.session.async_payment_succeeded", session_id)).status_code == 200
    assert read_rows(app, HANDLED) == []
    sandbox.pay(session_id, payment_method="ach_success")
    with time_machine.travel(clock.now() + timedelta(minutes=6), tick=True), app.app_context():
        succeeded = make_event("checkout.session.async_payment_succeeded", session_id, event_id="evt_early")
        assert post_event(app, succeeded).get_json() == {"outcome": "awaiting_payment"}
        assert "evt_early" not in str(read_rows(app, f"{HANDLED} AND id = 'evt_early'"))
        assert read_rows(app, f"{HANDLED} AND id = 'evt_early'") == []
        run_unhandled()
        db.session.remove()
    assert [row["outcome"] for row in read_rows(app, HANDLED)] == ["awaiting_payment"] * 2


@both
def test_gives_access_back_after_a_failed_refund_that_only_its_own_event_tells_of(
    app: Flask, sandbox: SandboxClient
) -> None:
    sale = sell(app, sandbox)
    refund_id = sale.refund()
    with app.app_context():
        fulfill_checkout(sale.session_id, Look.NOW)
        db.session.remove()
    assert keys_on(sale.order_page()) == []
    sandbox.control(f"refunds/{refund_id}/settle", result="failed")
    sale.deliver("refund.failed", times=1)
    assert keys_on(sale.order_page()) == sale.keys
