"""What processes measure: summed over all of them, at no cost to a page, and never lost to a sick database."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import text

from storefront.app import create_app
from storefront.core import clock
from storefront.core.config.settings import Settings
from storefront.core.db import db, transaction
from storefront.core.measurements import MEASUREMENTS, SMTP_SECONDS, flush, measurements, read_measurements, timed
from storefront.core.queue import QUEUE, nudge
from storefront.owner.health.trouble import EVENTS_LOOKED_THROUGH, read_trouble
from storefront.payments.webhook.dispatch import run_unhandled
from storefront.payments.webhook.ledger import RECONCILED
from storefront.payments.webhook.models import StripeEvent
from tests.owner.health.metrics_page import read_metrics
from tests.payments.reconcile.sales import days_ago, refund, run
from tests.support.databases import BOTH
from tests.support.rows import read_rows
from tests.support.sale import COMPLETED, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, Shop, make_event, post_event
from tests.support.statements import counted

OF_SIGNATURES = {"signatures_bad", "signatures_stale", "deliveries_refused"}
both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def stored(app: Flask) -> dict[str, dict[str, float]]:
    with app.app_context():
        values = read_measurements()
        db.session.remove()
    return values


@both
def test_adds_up_what_several_processes_measure(app: Flask, settings: Settings) -> None:
    other = create_app(settings)
    for _ in range(2):
        for process, seconds in ((app, 0.2), (other, 4.0)):
            with process.app_context():
                measurements().time("stripe_seconds", "ok", seconds)
                measurements().add("access_denials", "refunded")
                flush(only_when_due=False)
                db.session.remove()
    with other.app_context():
        db.engine.dispose()
    values = stored(app)
    assert values["access_denials"] == {"refunded": 4}
    assert values["stripe_seconds_sum"] == {"ok": pytest.approx(8.4)}
    assert values["stripe_seconds"]["ok 0.25"] == 2
    assert values["stripe_seconds"]["ok 5"] == 4
    assert values["stripe_seconds"]["ok inf"] == 4


def test_shows_latencies_and_denials_to_prometheus(shop: Shop) -> None:
    buyer, session_id = Buyer(shop.app), ""
    buyer.add("twinspot", "Personal")
    session_id = buyer.check_out()
    shop.sandbox.pay(session_id)
    buyer.land(session_id)
    shop.wait_for_event("checkout.session.completed")  # which lets the receipt go
    shop.work()
    refund(shop.sandbox, session_id)
    run(shop.app)
    for _ in range(2):
        buyer.land(session_id)
    metrics = read_metrics(shop.app)
    assert metrics["access_denials_total", "refunded"] >= 2
    assert metrics["stripe_seconds_count", "ok"] > 5
    assert metrics["smtp_seconds_count", "ok"] == 1
    assert metrics["stripe_seconds_bucket", "+Infok"] == metrics["stripe_seconds_count", "ok"], metrics


def test_tells_failures_from_answers(app: Flask, sandbox: SandboxClient) -> None:
    sandbox.control("faults", method="GET", path="/v1/checkout/sessions", times=9, status=500)
    Buyer(app).land("cs_test_" + "a" * 40)
    assert read_metrics(app)["stripe_seconds_count", "StripeFault"] >= 1


def test_counts_how_a_call_ended_and_not_what_is_handled_around_it(app: Flask) -> None:
    with app.app_context():
        try:
            int("no number")
        except ValueError:
            with timed(SMTP_SECONDS):
                pass
            with pytest.raises(IndexError), timed(SMTP_SECONDS):
                list[int]().pop()
        flush(only_when_due=False)
        db.session.remove()
    assert stored(app)["smtp_seconds_sum"].keys() == {"ok", "IndexError"}


def test_counts_what_the_queue_did_not_take(app: Flask) -> None:
    QUEUE.get(app).url = "postgresql://nobody@127.0.0.1:9/none"
    with app.app_context():
        assert not nudge("outbox")
    assert read_metrics(app)["failed_nudges_total", "outbox"] == 1


def test_costs_a_page_that_measured_nothing_no_statement(app: Flask) -> None:
    MEASUREMENTS.get(app)._flushed_at -= 3600
    buyer = Buyer(app)
    with counted(app) as statements:
        buyer.get("/")
    assert len(statements) == 4  # the page's mark, products, their pictures, and what the shop is called


def test_stops_nobody_when_the_table_is_gone_and_keeps_what_was_measured(app: Flask) -> None:
    with app.app_context():
        with transaction() as session:
            session.execute(text("ALTER TABLE measurements RENAME TO elsewhere"))
        measurements().add("access_denials", "refunded")
        flush(only_when_due=False)
        with transaction() as session:
            session.execute(text("ALTER TABLE elsewhere RENAME TO measurements"))
        flush(only_when_due=False)
        db.session.remove()
    assert stored(app)["access_denials"] == {"refunded": 1}


def codes(app: Flask) -> set[str]:
    read_metrics(app)  # stores what this process has measured
    return {warning["code"] for warning in app.test_client().get("/readyz").get_json()["warnings"]}


def completed(sandbox: SandboxClient) -> dict[str, Any]:
    return next(entry for entry in sandbox.read("events")["data"] if entry["type"] == COMPLETED)


def test_warns_of_a_wrong_webhook_secret_until_a_good_delivery_comes(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    assert post_event(app, completed(sandbox), secret="whsec_of_another_endpoint").status_code == 400
    assert codes(app) & OF_SIGNATURES == {"signatures_bad"}
    sale.deliver(COMPLETED)
    assert codes(app) & OF_SIGNATURES == set()


def test_says_that_deliveries_are_refused_once_comparing_has_found_what_one_should_have_brought(
    app: Flask, sandbox: SandboxClient
) -> None:
    with days_ago(0.003):  # four minutes
        sell(app, sandbox)
    assert post_event(app, completed(sandbox), secret="whsec_of_another_endpoint").status_code == 400
    run(app)
    assert codes(app) & OF_SIGNATURES == {"deliveries_refused"}
    assert post_event(app, make_event("customer.created", "cus_x")).status_code == 200
    assert codes(app) & OF_SIGNATURES == set()


@both
def test_says_no_more_that_deliveries_are_refused_once_what_was_found_is_sent_again(
    app: Flask, sandbox: SandboxClient
) -> None:
    """It is a duplicate, of which the ledger keeps nothing."""
    with days_ago(0.003):
        sell(app, sandbox)
    event = completed(sandbox)
    assert post_event(app, event, secret="whsec_of_another_endpoint").status_code == 400
    run(app)
    assert codes(app) & OF_SIGNATURES == {"deliveries_refused"}
    assert post_event(app, event).get_json() == {"outcome": "duplicate"}
    assert codes(app) & OF_SIGNATURES == set()
    assert stored(app)["good_signature_at"].keys() == {"sandbox"}


def test_takes_no_stranger_for_stripe_while_good_deliveries_are_duplicates(
    app: Flask, sandbox: SandboxClient
) -> None:
    """Nothing listened while the shop was upgraded, and comparing was first."""
    with days_ago(0.003):
        sell(app, sandbox)
    run(app)
    assert post_event(app, completed(sandbox)).get_json() == {"outcome": "duplicate"}
    headers = {"Stripe-Signature": f"t=1795400162,v1={'0' * 64}"}
    assert app.test_client().post("/webhook", data=b"{}", headers=headers).status_code == 400
    assert codes(app) & OF_SIGNATURES == set()


@both
def test_takes_what_comparing_left_to_the_worker_for_no_delivery(app: Flask, sandbox: SandboxClient) -> None:
    with days_ago(0.003):
        sale = sell(app, sandbox)
    assert post_event(app, completed(sandbox), secret="whsec_of_another_endpoint").status_code == 400
    path = f"/v1/checkout/sessions/{sale.session_id}"
    sandbox.control("faults", method="GET", path=path, times=None, status=403, type="invalid_request_error")
    run(app)
    assert read_rows(app, "SELECT outcome FROM stripe_events") == [{"outcome": None}]
    assert codes(app) & OF_SIGNATURES == {"deliveries_refused"}
    sandbox.control("faults/clear")
    with time_machine.travel(clock.now() + timedelta(minutes=6), tick=True):
        with app.app_context():
            run_unhandled()
            db.session.remove()
        assert read_rows(app, "SELECT outcome FROM stripe_events") == [{"outcome": "already_fulfilled"}]
        assert codes(app) & OF_SIGNATURES == {"deliveries_refused"}


def test_tells_of_a_delivery_before_its_process_has_stored_when_it_came(app: Flask, settings: Settings) -> None:
    """A measurement of an older one stands in the table."""
    assert post_event(app, make_event("customer.created", "cus_x")).status_code == 200
    assert codes(app) & OF_SIGNATURES == set()
    with time_machine.travel(clock.now() + timedelta(hours=3), tick=True):
        assert (
            post_event(
                app, make_event("customer.created", "cus_x"), secret="whsec_of_another_endpoint"
            ).status_code
            == 400
        )
        assert codes(app) & OF_SIGNATURES == {"signatures_bad"}
        other = create_app(settings)
        assert post_event(other, make_event("customer.created", "cus_y")).status_code == 200
        assert codes(app) & OF_SIGNATURES == set()
    with other.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(
    "header", [None, "", "nonsense", f"v1={'0' * 64}", "t=1795400162,v1=00", f"t=soon,v1={'0' * 64}"]
)
def test_takes_no_strangers_request_for_a_wrong_secret(app: Flask, header: str | None) -> None:
    headers = {} if header is None else {"Stripe-Signature": header}
    assert app.test_client().post("/webhook", data=b"{}", headers=headers).status_code == 400
    assert codes(app) & OF_SIGNATURES == set()


def test_calls_a_forged_signature_no_more_than_a_warning(app: Flask) -> None:
    headers = {"Stripe-Signature": f"t=1795400162,v1={'0' * 64},v0={'0' * 64}"}
    assert app.test_client().post("/webhook", data=b"{}", headers=headers).status_code == 400
    assert codes(app) & OF_SIGNATURES == {"signatures_bad"}


def test_warns_of_a_proxy_that_is_not_told_of(app: Flask) -> None:
    app.test_client().get("/", headers={"X-Forwarded-For": "203.0.113.9"})
    assert ("warnings", "proxy_not_trusted") in read_metrics(app)
    rows = read_rows(app, "SELECT name FROM measurements WHERE name != 'answers'")
    assert rows == [{"name": "untrusted_proxy_at"}]


@both
def test_looks_for_a_delivery_among_the_newest_events_alone(app: Flask) -> None:
    """A shop whose webhook never worked has a million others, that comparing found."""
    assert post_event(app, make_event("customer.created", "cus_x")).status_code == 200
    now = clock.now()
    found = {"type": COMPLETED, "object_id": "cs_x", "livemode": False, "mode": "sandbox", "outcome": RECONCILED}
    found |= {"created_at": now, "received_at": now, "handled_at": now}

    def is_seen_behind(numbers: range) -> bool:
        with app.app_context(), transaction() as session:
            session.add_all(StripeEvent(id=f"evt_found_{number}", **found) for number in numbers)
        with app.app_context():
            last = read_trouble().last_event_at
            db.session.remove()
        return last is not None

    assert is_seen_behind(range(EVENTS_LOOKED_THROUGH - 1))
    assert not is_seen_behind(range(EVENTS_LOOKED_THROUGH - 1, EVENTS_LOOKED_THROUGH))
