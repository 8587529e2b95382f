"""A dispute pauses access; won, the same keys are back; lost, they are gone; an inquiry changes nothing."""

import pytest
from flask import Flask

from tests.support.databases import BOTH
from tests.support.fulfill import look
from tests.support.rows import read_rows
from tests.support.sale import pay_for_twinspot, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import keys_on, post_event

pytestmark = pytest.mark.parametrize("engine", BOTH, indirect=True)


def deliver_newest(app: Flask, sandbox: SandboxClient, prefix: str = "charge.dispute.") -> None:
    events = [event for event in sandbox.read("events")["data"] if event["type"].startswith(prefix)]
    assert post_event(app, events[-1]).status_code == 200


def close(sandbox: SandboxClient, status: str) -> None:
    dispute = sandbox.stripe.v1.disputes.list().data[0]
    sandbox.control(f"disputes/{dispute.id}/move", status=status)


def test_gives_the_same_keys_back_when_it_is_won(app: Flask, sandbox: SandboxClient) -> None:
    buyer, session_id = pay_for_twinspot(app, sandbox, payment_method="pm_card_visa")
    shown = keys_on(buyer.land(session_id).text)
    payment = read_rows(app, "SELECT payment_intent_id FROM orders")[0]["payment_intent_id"]
    charge = str(sandbox.stripe.v1.payment_intents.retrieve(payment).latest_charge)
    sandbox.control(f"charges/{charge}/dispute")
    sandbox.forget_calls()
    deliver_newest(app, sandbox)
    assert len(sandbox.calls()) == 4, "the Session, its refunds, disputes and warnings"
    assert keys_on(buyer.land(session_id).text) == []
    close(sandbox, "won")
    deliver_newest(app, sandbox)
    assert keys_on(buyer.land(session_id).text) == shown


def test_keeps_keys_away_when_it_is_lost(app: Flask, sandbox: SandboxClient) -> None:
    buyer, session_id = pay_for_twinspot(app, sandbox, payment_method="pm_card_createDispute")
    assert keys_on(buyer.land(session_id).text) == [], "the dispute came before the page"
    close(sandbox, "lost")
    deliver_newest(app, sandbox)
    assert keys_on(buyer.land(session_id).text) == []
    assert read_rows(app, "SELECT dispute_status FROM orders") == [{"dispute_status": "lost"}]


def test_leaves_access_alone_for_an_inquiry(app: Flask, sandbox: SandboxClient) -> None:
    buyer, session_id = pay_for_twinspot(app, sandbox, payment_method="pm_card_createDisputeInquiry")
    deliver_newest(app, sandbox)
    assert len(keys_on(buyer.land(session_id).text)) == 1


def test_tells_the_owner_again_when_an_inquiry_becomes_a_dispute(app: Flask, sandbox: SandboxClient) -> None:
    buyer, session_id = pay_for_twinspot(app, sandbox, payment_method="pm_card_createDisputeInquiry")
    buyer.land(session_id)
    for _ in range(2):
        deliver_newest(app, sandbox)
    close(sandbox, "needs_response")
    for _ in range(2):
        deliver_newest(app, sandbox)
    keys = [row["dedupe_key"] for row in read_rows(app, "SELECT dedupe_key FROM outbox WHERE about IS NOT NULL")]
    assert sorted(key.rpartition(":")[2] for key in keys) == ["dispute", "inquiry"]
    notices = read_rows(app, "SELECT subject, closed_at IS NULL AS is_open FROM notices ORDER BY id")
    assert [(row["subject"].rpartition(":")[2], bool(row["is_open"])) for row in notices] == [
        ("inquiry", False),
        ("dispute", True),
    ]


OPEN_NOTICES = "SELECT kind, text FROM notices WHERE closed_at IS NULL"


def look_without_disputes(app: Flask, sandbox: SandboxClient, session_id: str) -> list[str]:
    """Look again with a key that may not read disputes any more; return the kinds of the notices that are open."""
    fault = {"method": "GET", "path": "/v1/disputes", "status": 403, "type": "invalid_request_error"}
    sandbox.control("faults", times=None, **fault)
    look(app, session_id)
    return sorted(row["kind"] for row in read_rows(app, OPEN_NOTICES))


def test_keeps_keys_away_when_the_lost_dispute_can_no_longer_be_read(app: Flask, sandbox: SandboxClient) -> None:
    buyer, session_id = pay_for_twinspot(app, sandbox, payment_method="pm_card_createDispute")
    buyer.land(session_id)
    close(sandbox, "lost")
    deliver_newest(app, sandbox)
    assert look_without_disputes(app, sandbox, session_id) == ["dispute_unknown"]
    assert "access stays as it is" in read_rows(app, OPEN_NOTICES)[0]["text"]
    assert read_rows(app, "SELECT dispute_status FROM orders") == [{"dispute_status": "lost"}]
    assert keys_on(buyer.land(session_id).text) == []
    sandbox.control("faults/clear")
    look(app, session_id)
    assert read_rows(app, OPEN_NOTICES) == []


def test_leaves_on_the_list_what_to_answer_when_it_can_no_longer_be_read(
    app: Flask, sandbox: SandboxClient
) -> None:
    buyer, session_id = pay_for_twinspot(app, sandbox, payment_method="pm_card_createDispute")
    buyer.land(session_id)
    assert look_without_disputes(app, sandbox, session_id) == ["dispute_open", "dispute_unknown"]
    sandbox.control("faults/clear")
    close(sandbox, "under_review")
    deliver_newest(app, sandbox)
    assert read_rows(app, OPEN_NOTICES) == []


def test_leaves_access_alone_when_a_new_one_cannot_be_read(app: Flask, sandbox: SandboxClient) -> None:
    buyer, session_id = pay_for_twinspot(app, sandbox, payment_method="pm_card_createDispute")
    assert look_without_disputes(app, sandbox, session_id) == ["dispute_unknown"]
    assert len(keys_on(buyer.land(session_id).text)) == 1


@pytest.mark.parametrize(
    ("path", "kind"), [("/v1/radar/early_fraud_warnings", "fraud_warning"), ("/v1/refunds", "refund_failed")]
)
def test_leaves_on_the_list_what_another_list_said_until_it_can_be_read(
    app: Flask, sandbox: SandboxClient, path: str, kind: str
) -> None:
    sale = sell(app, sandbox)
    if kind == "fraud_warning":
        sale.at_charge("fraud_warning")
    else:
        sandbox.control(f"refunds/{sale.refund()}/settle", result="failed")
    look(app, sale.session_id)
    sandbox.control("faults", method="GET", path=path, times=None, status=403, type="invalid_request_error")
    look(app, sale.session_id)
    assert [row["kind"] for row in read_rows(app, OPEN_NOTICES)] == [kind]


def test_asks_the_owner_about_a_prevented_dispute_that_may_have_given_the_money_back(
    app: Flask, sandbox: SandboxClient
) -> None:
    """A rule resolves a dispute by refunding it (https://docs.stripe.com/radar/rules/disputes)."""
    sale = sell(app, sandbox)
    sale.at_charge("dispute", status="prevented")
    look(app, sale.session_id)
    [notice] = read_rows(app, "SELECT kind, text FROM notices WHERE closed_at IS NULL")
    assert notice["kind"] == "dispute_paid_back"
    assert "was prevented by refunding it, as Stripe says, and the order is not closed." in notice["text"]
    assert keys_on(sale.order_page()) == sale.keys
    sandbox.control(
        "faults", method="GET", path="/v1/disputes", times=None, status=403, type="invalid_request_error"
    )
    look(app, sale.session_id)
    assert "dispute_paid_back" in sale.open_notices()
    sandbox.control("faults/clear")
    sale.refund()
    look(app, sale.session_id)
    assert sale.open_notices() == []


def test_asks_nothing_about_an_inquiry_that_was_prevented(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    made = sale.at_charge("dispute", status="warning_needs_response")
    sandbox.control(f"disputes/{made}/move", status="prevented")
    look(app, sale.session_id)
    assert sale.open_notices() == []
