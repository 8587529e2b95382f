"""A refund takes access away everywhere at once, whenever its event comes; a receipt not yet sent stays here."""

import re
from typing import Any

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.payments.webhook.dispatch import run_unhandled
from storefront.stripe_api.gateway import GATEWAY, Gateway
from storefront.stripe_api.seen import SeenCheckout
from tests.support.databases import BOTH
from tests.support.rows import read_rows
from tests.support.sale import pay_for_twinspot
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Shop, keys_on, post_event

pytestmark = pytest.mark.parametrize("engine", BOTH, indirect=True)


def refund(sandbox: SandboxClient, session_id: str, amount: int | None = None) -> None:
    payment = str(sandbox.stripe.v1.checkout.sessions.retrieve(session_id).payment_intent)
    params: Any = {"payment_intent": payment} | ({"amount": amount} if amount else {})
    sandbox.stripe.v1.refunds.create(params)


def deliver_refund(app: Flask, sandbox: SandboxClient) -> str:
    event = next(event for event in sandbox.read("events")["data"] if event["type"] == "charge.refunded")
    return str(post_event(app, event).get_json()["outcome"])


def test_takes_keys_and_links_away_at_once(app: Flask, sandbox: SandboxClient) -> None:
    buyer, session_id = pay_for_twinspot(app, sandbox)
    page = buyer.land(session_id).text
    link = re.search(r'href="([^"]*/downloads/[^"]+)"', page)
    order = re.search(r"/orders/[0-9a-f]{32}", page)
    assert link
    assert order
    refund(sandbox, session_id)
    assert deliver_refund(app, sandbox) == "already_fulfilled"
    denied = buyer.get(link[1])
    assert denied.status_code == 403
    assert "refunded" in denied.text
    for path in (order[0], f"/checkout/return?session_id={session_id}"):
        shown = buyer.get(path).text
        assert keys_on(shown) == []
        assert "/downloads/" not in shown
        assert "refunded" in shown


def test_says_at_the_first_landing_that_all_is_refunded(app: Flask, sandbox: SandboxClient) -> None:
    buyer, session_id = pay_for_twinspot(app, sandbox)
    refund(sandbox, session_id)
    page = buyer.land(session_id).text
    assert "Your order is complete" not in page
    assert "This order was refunded" in page


def test_keeps_access_after_a_partial_refund(app: Flask, sandbox: SandboxClient) -> None:
    buyer, session_id = pay_for_twinspot(app, sandbox)
    shown = keys_on(buyer.land(session_id).text)
    refund(sandbox, session_id, amount=500)
    deliver_refund(app, sandbox)
    assert keys_on(buyer.land(session_id).text) == shown
    assert read_rows(app, "SELECT refunded_minor FROM orders") == [{"refunded_minor": 500}]


def test_loses_nothing_when_the_refund_is_heard_of_before_the_sale(app: Flask, sandbox: SandboxClient) -> None:
    buyer, session_id = pay_for_twinspot(app, sandbox)
    refund(sandbox, session_id)
    assert deliver_refund(app, sandbox) == "no_order_yet"
    assert keys_on(buyer.land(session_id).text) == []
    assert read_rows(app, "SELECT refunded_minor FROM orders") == [{"refunded_minor": 1900}]


def test_looks_again_when_the_refund_came_while_the_sale_was_being_written(
    app: Flask, sandbox: SandboxClient
) -> None:
    """The sale has read "paid" and not yet committed: the refund's event finds no order, and must not be lost."""
    buyer, session_id = pay_for_twinspot(app, sandbox)

    class RefundMeanwhile(Gateway):
        def __init__(self, real: Gateway) -> None:
            self.__dict__.update(real.__dict__)

        def get_checkout(self, wanted: str, *, thorough: bool = False) -> SeenCheckout:
            seen = super().get_checkout(wanted, thorough=thorough)
            GATEWAY.set(self.__dict__["real"], app)
            refund(sandbox, session_id)
            assert deliver_refund(app, sandbox) == "no_order_yet"
            return seen

    meanwhile = RefundMeanwhile(GATEWAY.get(app))
    meanwhile.__dict__["real"] = GATEWAY.get(app)
    GATEWAY.set(meanwhile, app)
    assert len(keys_on(buyer.land(session_id).text)) == 1
    with time_machine.travel(clock.now().timestamp() + 301, tick=True), app.app_context():
        run_unhandled()
    assert keys_on(buyer.land(session_id).text) == []
    assert read_rows(app, "SELECT refunded_minor FROM orders") == [{"refunded_minor": 1900}]


def test_mails_no_key_that_was_refunded_before_the_mail_left(shop: Shop) -> None:
    shop.mailbox.go_down()
    _buyer, session_id = pay_for_twinspot(shop.app, shop.sandbox)
    shop.wait_for_event("checkout.session.completed")
    shop.work()
    refund(shop.sandbox, session_id)
    shop.wait_for_event("charge.refunded")
    shop.mailbox.go_up()
    with time_machine.travel(clock.now().timestamp() + 120, tick=True):
        shop.work()
    (mail,) = shop.mails()
    assert mail["subject"].startswith("Refunded: $19.00")
    assert keys_on(mail["text"]) == []
    (row,) = read_rows(shop.app, "SELECT state, last_error FROM outbox WHERE kind = 'receipt'")
    assert row["state"] == "paused"
    assert "refunded" in row["last_error"]
