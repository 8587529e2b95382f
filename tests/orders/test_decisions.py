"""The owner's word stands above refunds and disputes at every front door, and can be undone."""

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.core.errors import NotFound
from storefront.orders.decide import Decided, NotPaid, decide
from storefront.orders.models import Decision
from tests.payments.reconcile.sales import add_price_in_euros, start
from tests.support.databases import BOTH
from tests.support.rows import read_rows
from tests.support.sale import COMPLETED, Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import keys_on, post_event

pytestmark = pytest.mark.parametrize("engine", BOTH, indirect=True)

WITHDRAWN = "The shop has withdrawn this order. Please contact the shop if this is a mistake."
ALLOWED = "The shop keeps this order open for you. Everything works."


def decide_on(app: Flask, reference: str, decision: Decision, *, because: str = "") -> Decided:
    with app.app_context():
        try:
            return decide(reference, decision, because=because)
        finally:
            db.session.remove()


def assert_open(sale: Sale, sentence: str) -> None:
    """With the keys and links that the buyer saw at first."""
    page = sale.order_page()
    assert keys_on(page) == sale.keys
    assert all(link in page for link in sale.downloads)
    assert sentence in sale.words()
    with sale.buyer.get(sale.downloads[0]) as answer:
        assert answer.status_code == 200


def assert_closed(sale: Sale, sentence: str) -> None:
    landed = sale.buyer.land(sale.session_id).text
    for page in (sale.order_page(), landed):
        assert keys_on(page) == []
        assert "/downloads/" not in page
    assert sentence in sale.words()
    denied = sale.buyer.get(sale.downloads[0])
    assert denied.status_code == 403
    assert sentence in denied.text


def test_closes_page_download_and_receipt_at_once_when_withdrawn(
    app: Flask, sandbox: SandboxClient, mailbox: object
) -> None:
    sale = sell(app, sandbox)
    for _twice in range(2):
        decided = decide_on(app, sale.session_id, Decision.WITHDRAW)
        assert decided.now.sentence == WITHDRAWN
        assert_closed(sale, WITHDRAWN)
        sale.deliver(COMPLETED)
        sale.work()
    (receipt,) = read_rows(app, "SELECT state, last_error FROM outbox")
    assert receipt == {"state": "paused", "last_error": WITHDRAWN}


def test_gives_the_same_keys_and_links_when_it_follows_the_payment_again(
    app: Flask, sandbox: SandboxClient
) -> None:
    sale = sell(app, sandbox)
    for _twice in range(2):
        decide_on(app, sale.session_id, Decision.WITHDRAW)
        assert_closed(sale, WITHDRAWN)
        for _again in range(2):
            decide_on(app, sale.session_id, Decision.FOLLOW_PAYMENT)
            assert_open(sale, "Paid.")


def test_opens_a_refunded_order_when_allowed_and_keeps_it_open(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    sale.refund()
    sale.deliver("refund.", "charge.refunded")
    refunded = "This order was refunded, so its keys and downloads no longer work."
    assert_closed(sale, refunded)
    for _twice in range(2):
        decide_on(app, sale.session_id, Decision.ALLOW)
        sale.deliver("refund.", "charge.refunded")
        assert_open(sale, ALLOWED)
    decide_on(app, sale.session_id, Decision.FOLLOW_PAYMENT)
    assert_closed(sale, refunded)


@pytest.mark.parametrize("status", ["needs_response", "lost"])
def test_keeps_an_allowed_order_open_above_a_dispute(app: Flask, sandbox: SandboxClient, status: str) -> None:
    sale = sell(app, sandbox)
    decide_on(app, sale.session_id, Decision.ALLOW)
    sale.at_charge("dispute", status=status)
    sale.deliver("charge.dispute.")
    assert_open(sale, ALLOWED)


def test_keeps_a_withdrawn_order_closed_above_a_dispute_that_is_won(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    dispute = sale.at_charge("dispute")
    sale.deliver("charge.dispute.")
    decide_on(app, sale.session_id, Decision.WITHDRAW)
    sandbox.control(f"disputes/{dispute}/move", status="won")
    sale.deliver("charge.dispute.")
    assert_closed(sale, WITHDRAWN)


def test_refuses_to_keep_an_unpaid_order_open(app: Flask, sandbox: SandboxClient) -> None:
    add_price_in_euros(app)
    buyer, session_id = start(app, "Euro")
    sandbox.pay(session_id, payment_method="sepa_success")
    buyer.land(session_id)
    for _twice in range(2):
        with pytest.raises(NotPaid, match="is not paid, so nothing was handed out that could stay open"):
            decide_on(app, session_id, Decision.ALLOW)
    assert read_rows(app, "SELECT decision FROM orders") == [{"decision": "follow_payment"}]


def test_hands_nothing_out_of_a_withdrawn_order_when_the_money_arrives(app: Flask, sandbox: SandboxClient) -> None:
    add_price_in_euros(app)
    buyer, session_id = start(app, "Euro")
    sandbox.pay(session_id, payment_method="sepa_success")
    buyer.land(session_id)
    decide_on(app, session_id, Decision.WITHDRAW)
    (order,) = read_rows(app, "SELECT payment_intent_id FROM orders")
    sandbox.settle(order["payment_intent_id"])
    for event in sandbox.read("events")["data"]:
        assert post_event(app, event).status_code == 200
    assert WITHDRAWN in buyer.land(session_id).text
    assert keys_on(buyer.land(session_id).text) == []
    decide_on(app, session_id, Decision.FOLLOW_PAYMENT)
    assert len(keys_on(buyer.land(session_id).text)) == 1


def test_is_written_into_the_timeline_once(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    for _twice in range(2):
        decide_on(app, sale.session_id, Decision.WITHDRAW, because="a stolen card")
    changes = read_rows(app, "SELECT detail FROM order_changes WHERE what = 'decision'")
    assert changes == [{"detail": "withdraw: a stolen card"}]


@pytest.mark.parametrize("reference", ["NEVER123", "cs_test_never", "pi_never", "a b", "\0", ""])
def test_refuses_an_order_it_does_not_know(app: Flask, sandbox: SandboxClient, reference: str) -> None:
    for _twice in range(2):
        with pytest.raises(NotFound, match="There is no order"):
            decide_on(app, reference, Decision.WITHDRAW)
