"""The webhook and the page together: order, repetition, failure and second chances."""

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.data_keys import DataKeySealed
from storefront.core.db import db
from storefront.core.queue import QUEUE
from storefront.orders.models import Grant, Order
from storefront.payments.webhook import dispatch, ledger
from storefront.payments.webhook.dispatch import converge, run_unhandled
from storefront.payments.webhook.ledger import Entry
from tests.support.databases import BOTH
from tests.support.rows import count_rows, read_rows
from tests.support.sale import pay_for_twinspot, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, Shop, keys_on, make_event, post_event, run_worker_once, wait_for
from tests.support.statements import counted

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
COMPLETED = "checkout.session.completed"


@both
def test_lets_the_receipt_go_on_the_webhook_when_the_page_was_first(shop: Shop) -> None:
    shop.sandbox.control("deliveries/hold")
    buyer, session_id = pay_for_twinspot(shop.app, shop.sandbox)
    shown = keys_on(buyer.land(session_id).text)
    shop.work()
    assert shop.mails() == []
    shop.sandbox.control("deliveries/release")
    shop.wait_for_event(COMPLETED)
    shop.work()
    mails = shop.mails(to="ada@example.com")
    assert [keys_on(mail["text"]) for mail in mails] == [shown]
    assert keys_on(mails[0]["html"]) == shown


@both
def test_shows_the_mailed_key_when_the_webhook_was_first(shop: Shop) -> None:
    buyer, session_id = pay_for_twinspot(shop.app, shop.sandbox)
    shop.wait_for_event(COMPLETED)
    shop.work()
    mailed = keys_on(shop.mails(to="ada@example.com")[0]["text"])
    assert keys_on(buyer.land(session_id).text) == mailed


def test_mails_the_receipt_within_three_minutes_when_no_webhook_ever_comes(
    app: Flask, sandbox: SandboxClient, mailbox: Any
) -> None:
    """Held for two minutes; the worker looks at least once a minute."""
    buyer, session_id = pay_for_twinspot(app, sandbox)
    start = clock.now().timestamp()
    buyer.land(session_id)
    for seconds, mails in ((60, 0), (115, 0), (121, 1), (180, 1)):
        with time_machine.travel(start + seconds, tick=True):
            run_worker_once(app)
        assert len(mailbox.messages()) == mails, f"after {seconds} s"


def test_fails_once_then_is_fulfilled_when_stripe_tries_again(shop: Shop) -> None:
    shop.sandbox.control("config", retry_delays=[0.1, 0.2, 0.2])
    shop.sandbox.control("deliveries/hold")
    buyer, session_id = pay_for_twinspot(shop.app, shop.sandbox)
    # Both tries that one delivery makes fail; the next delivery finds Stripe well again.
    shop.sandbox.control("faults", method="GET", path="/v1/checkout/sessions", status=500, times=2)
    shop.sandbox.control("deliveries/release")
    rows = shop.wait_for_event(COMPLETED)
    assert rows[0]["outcome"] == "fulfilled"
    assert rows[0]["attempts"] == 2
    assert len(keys_on(buyer.land(session_id).text)) == 1


def test_answers_5xx_and_notes_why_when_stripe_does_not_answer(app: Flask, sandbox: SandboxClient) -> None:
    _buyer, session_id = pay_for_twinspot(app, sandbox)
    sandbox.control("faults", method="GET", path="/v1/checkout/sessions", status=503, times=4)
    event = make_event(COMPLETED, session_id)
    assert post_event(app, event).status_code == 503
    row = read_rows(app, "SELECT handled_at, last_error, attempts FROM stripe_events")[0]
    assert (row["handled_at"], row["attempts"]) == (None, 1)
    assert "stripe" in row["last_error"]
    assert count_rows(app, Order)["orders"] == 0


def test_runs_an_unhandled_event_again_after_five_minutes(app: Flask, sandbox: SandboxClient) -> None:
    _buyer, session_id = pay_for_twinspot(app, sandbox)
    sandbox.control("faults", method="GET", path="/v1/checkout/sessions", status=503, times=2)
    post_event(app, make_event(COMPLETED, session_id))
    for seconds, orders in ((200, 0), (301, 1)):
        with time_machine.travel(clock.now().timestamp() + seconds, tick=True), app.app_context():
            run_unhandled()
        assert count_rows(app, Order)["orders"] == orders
    assert read_rows(app, "SELECT outcome FROM stripe_events") == [{"outcome": "fulfilled"}]


@both
def test_treats_a_handled_delivery_as_a_duplicate_for_one_statement(app: Flask, sandbox: SandboxClient) -> None:
    _buyer, session_id = pay_for_twinspot(app, sandbox)
    event = make_event(COMPLETED, session_id)
    assert post_event(app, event).get_json() == {"outcome": "fulfilled"}
    sandbox.forget_calls()
    with counted(app) as statements:
        assert post_event(app, event).get_json() == {"outcome": "duplicate"}
    assert len(statements) <= 1, "\n".join(statements)
    assert sandbox.calls() == []
    assert read_rows(app, "SELECT attempts FROM stripe_events") == [{"attempts": 1}]


@both
def test_costs_a_new_order_nine_statements(app: Flask, sandbox: SandboxClient) -> None:
    """The second of a shop: the first one also finds out what everything is."""
    for email in ("first@example.com", "second@example.com"):
        _buyer, session_id = pay_for_twinspot(app, sandbox, email=email)
        sandbox.forget_calls()
        with counted(app) as statements:
            post_event(app, make_event(COMPLETED, session_id))
        assert len(sandbox.calls()) == 1
    assert len(statements) <= 9, "\n".join(statements)
    mails = read_rows(app, "SELECT due_at <= created_at AS is_due FROM outbox WHERE kind = 'receipt'")
    assert [bool(mail["is_due"]) for mail in mails] == [True, True]


@pytest.mark.parametrize("how", ["card", "debit"])
def test_ends_the_same_whatever_is_repeated_and_reordered(app: Flask, sandbox: SandboxClient, how: str) -> None:
    """Every event five times in random order, page loads between: an equal dump and an equal order page."""
    if how == "card":
        buyer, session_id = pay_for_twinspot(app, sandbox)
    else:
        buyer, session_id = pay_for_twinspot(app, sandbox, payment_method="ach_success")
        sandbox.settle(str(sandbox.stripe.v1.checkout.sessions.retrieve(session_id).payment_intent))
    events = [event for event in sandbox.read("events")["data"] if event["type"] != "product.created"]
    assert any(event["type"] == COMPLETED for event in events)
    post_event(app, events[0])
    buyer.land(session_id)
    before = dump(app)
    deliveries = events * 5
    random.Random(20261028).shuffle(deliveries)
    for number, event in enumerate(deliveries):
        assert post_event(app, event).status_code == 200
        if number % 4 == 0:
            buyer.land(session_id)
    assert dump(app) == before


def dump(app: Flask) -> list[Any]:
    """Orders, items, grants, keys, outbox, and what the order page shows: without the times of looking."""
    tables = [
        "SELECT number, is_paid, has_failed, refunded_minor, is_disputed, fulfilled_at, email FROM orders",
        "SELECT stripe_line_item_id, quantity, total_minor FROM order_items ORDER BY id",
        "SELECT order_item_id, product_id, kind, ordinal FROM grants ORDER BY id",
        "SELECT grant_id, key_hash FROM licenses ORDER BY id",
        "SELECT dedupe_key, kind, recipient, message_id, state FROM outbox ORDER BY id",
    ]
    token = read_rows(app, "SELECT id FROM orders")
    assert token
    return [read_rows(app, sql) for sql in tables] + [order_page(app)]


def order_page(app: Flask) -> str:
    from storefront.orders.links import order_token

    with app.app_context():
        from storefront.core.db import db

        token = order_token(db.session.query(Order).one())
        db.session.remove()
    text = app.test_client().get(f"/orders/{token}").text
    return "\n".join(line for line in text.splitlines() if "csrf" not in line)


def test_shows_the_keys_while_the_queue_is_down_and_mails_later(
    app: Flask, sandbox: SandboxClient, mailbox: Any, environment: dict[str, str]
) -> None:
    buyer, session_id = pay_for_twinspot(app, sandbox)
    QUEUE.get(app).url = "sqlite:////nowhere/at/all/queue.db"
    assert post_event(app, make_event(COMPLETED, session_id)).status_code == 200
    shown = keys_on(buyer.land(session_id).text)
    assert len(shown) == 1
    run_worker_once(app)
    assert [keys_on(mail["text"]) for mail in mailbox.messages()] == [shown]


def test_records_what_is_not_ours_and_does_nothing_else(app: Flask, sandbox: SandboxClient) -> None:
    line = {"price_data": {"currency": "usd", "unit_amount": 500, "product_data": {"name": "Else"}}, "quantity": 1}
    session_id = sandbox.create_session([line])
    sandbox.pay(session_id)
    assert post_event(app, make_event(COMPLETED, session_id)).get_json() == {"outcome": "not_ours"}
    assert count_rows(app, Order, Grant) == {"orders": 0, "grants": 0}
    assert read_rows(app, "SELECT COUNT(*) AS n FROM customers") == [{"n": 0}]
    assert read_rows(app, "SELECT COUNT(*) AS n FROM outbox") == [{"n": 0}]


def test_stamps_an_expired_session(app: Flask, sandbox: SandboxClient) -> None:
    buyer = Buyer(app)
    buyer.add()
    session_id = buyer.check_out()
    sandbox.control(f"sessions/{session_id}/expire")
    assert post_event(app, make_event("checkout.session.expired", session_id)).get_json() == {"outcome": "expired"}
    assert count_rows(app, Order)["orders"] == 0
    assert buyer.state(session_id) == "expired"
    assert keys_on(buyer.land(session_id).text) == []


def test_answers_the_sandbox_over_http(shop: Shop) -> None:
    _buyer, _session_id = pay_for_twinspot(shop.app, shop.sandbox)
    shop.wait_for_event(COMPLETED)
    wait_for(lambda: {row["state"] for row in shop.sandbox.read("deliveries")["data"]} == {"succeeded"})
    deliveries = shop.sandbox.read("deliveries")["data"]
    assert {row["attempts"][-1]["status"] for row in deliveries} == {200}
    assert requests.get(f"{shop.url}/healthz", timeout=60).json() == {"status": "ok"}


def test_notes_no_error_of_what_is_handled_around_it(app: Flask, sandbox: SandboxClient) -> None:
    _buyer, session_id = pay_for_twinspot(app, sandbox)
    sandbox.control("faults", method="GET", path="/v1/checkout/sessions", times=9, status=500)
    event = make_event(COMPLETED, session_id)
    assert post_event(app, event).status_code >= 500
    sandbox.control("faults/clear")
    with app.app_context():
        try:
            int("no number")
        except ValueError:
            again = Entry(event_id=event["id"], type=COMPLETED, object_id=session_id)
            assert converge(again) == "fulfilled"
        db.session.remove()
    assert read_rows(app, "SELECT last_error FROM stripe_events") == [{"last_error": None}]


def test_keeps_an_event_of_a_fee_that_the_shop_fails_on(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(app, sandbox)
    event = [event for event in sandbox.read("events")["data"] if event["type"] == "charge.updated"][-1]

    def fail() -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(dispatch, "take_in_newest", fail)
    assert post_event(app, event).status_code == 500
    kept = "SELECT handled_at, last_error FROM stripe_events WHERE type = 'charge.updated'"
    assert read_rows(app, kept) == [{"handled_at": None, "last_error": "KeyError: bug"}]


@both
def test_takes_one_event_eight_times_at_once(app: Flask, sandbox: SandboxClient) -> None:
    _buyer, session_id = pay_for_twinspot(app, sandbox)
    event = make_event(COMPLETED, session_id)
    with ThreadPoolExecutor(4) as senders:
        answers = list(senders.map(lambda _number: post_event(app, event), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert read_rows(app, "SELECT outcome, last_error FROM stripe_events") == [
        {"outcome": "fulfilled", "last_error": None}
    ]
    for table in ("orders", "licenses", "outbox"):
        assert read_rows(app, f"SELECT COUNT(*) AS n FROM {table}") == [{"n": 1}], table


def test_goes_on_to_the_next_event_when_one_needs_a_key_that_is_sealed(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []

    def sealed(entry: Entry) -> str:
        looked_at.append(entry.event_id)
        raise DataKeySealed("SECRET_KEY was changed.")

    waiting = [Entry(event_id=f"evt_{number}", type=COMPLETED, object_id=f"cs_{number}") for number in range(2)]
    monkeypatch.setattr(ledger, "find_unhandled", lambda: waiting)
    monkeypatch.setattr(dispatch, "converge", sealed)
    with app.app_context():
        run_unhandled()
        db.session.remove()
    assert looked_at == ["evt_0", "evt_1"]
