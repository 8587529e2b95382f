"""Sessions that Stripe does not show, to a key that was rolled or narrowed: nothing about them is forgotten."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.core.errors import StripeMissing, StripeUnavailable
from storefront.devtools.sandbox.config import SandboxConfig
from storefront.devtools.sandbox.server import SandboxServer
from storefront.orders.notices import close_notices
from storefront.payments.fulfillment.look_again import look_again
from storefront.payments.reconcile import run as run_module
from storefront.payments.reconcile.report import Report
from storefront.payments.reconcile.sweep import open_unreadable
from storefront.payments.webhook import dispatch
from storefront.payments.webhook.dispatch import run_unhandled
from storefront.stripe_api.gateway import Gateway
from storefront.stripe_api.seen import SeenCheckout
from tests.payments.reconcile.sales import days_ago, payment_of, refund, run, sell, start
from tests.support.databases import BOTH
from tests.support.keys import use_other_account, use_secret_key
from tests.support.rows import change_rows, read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import keys_on, post_event
from tests.support.warned import warnings_of


def refuse(sandbox: SandboxClient, path: str = "/v1/checkout/sessions/cs_*") -> None:
    sandbox.control("faults", method="GET", path=path, times=None, status=403, type="invalid_request_error")


def run_after(app: Flask, **passed: float) -> Report:
    """A pass so much later, and before it what the worker tries again."""
    with time_machine.travel(clock.now() + timedelta(**passed), tick=True):
        with app.app_context():
            run_unhandled()
            db.session.remove()
        return run(app)


def kinds_of(report: Report) -> set[str]:
    return {line.kind for line in report.needs_you}


def test_hands_out_what_it_could_not_read_for_days(app: Flask, sandbox: SandboxClient) -> None:
    _nobody, unreadable = start(app)
    sandbox.pay(unreadable)
    refuse(sandbox)
    event = next(e for e in sandbox.read("events")["data"] if e["type"] == "checkout.session.completed")
    assert post_event(app, event).status_code == 502
    for hours in (2, 24, 48, 49):
        report = run_after(app, hours=hours)
        assert kinds_of(report) >= {"session_unreadable", "event_stuck"}
    unhandled = read_rows(app, "SELECT id FROM stripe_events WHERE handled_at IS NULL")
    assert event["id"] in [row["id"] for row in unhandled]
    sandbox.control("faults/clear")
    assert kinds_of(run_after(app, hours=50)).isdisjoint({"session_unreadable", "event_stuck"})
    assert len(read_rows(app, "SELECT id FROM licenses")) == 1
    assert read_rows(app, "SELECT id FROM stripe_events WHERE handled_at IS NULL") == []


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_hands_out_what_its_owner_called_done_while_it_could_not_be_read(
    app: Flask, sandbox: SandboxClient
) -> None:
    _nobody, unreadable = start(app)
    sandbox.pay(unreadable)
    refuse(sandbox)
    assert "session_unreadable" in kinds_of(run(app))
    lines = "SELECT id FROM notices WHERE kind = 'session_unreadable'"
    with app.app_context():
        close_notices([row["id"] for row in read_rows(app, lines)])
        db.session.remove()
    for days in (2, 3):
        assert "session_unreadable" not in kinds_of(run_after(app, days=days))
    assert read_rows(app, "SELECT id FROM licenses") == []
    sandbox.control("faults/clear")
    for _twice in range(2):
        run_after(app, days=4)
        assert len(read_rows(app, "SELECT id FROM licenses")) == 1
    refuse(sandbox)
    with app.app_context():
        open_unreadable({unreadable: "Stripe refused"})
        db.session.remove()
    assert "session_unreadable" in kinds_of(run_after(app, days=5)), "what could be read in between is news"


def test_takes_in_a_refund_whose_session_it_could_not_read(app: Flask, sandbox: SandboxClient) -> None:
    with days_ago(3):
        buyer, sold, _keys = sell(app, sandbox, email="ada@example.com")
    run(app)
    refund(sandbox, sold)
    refuse(sandbox)
    for minutes in (10, 90):
        assert "session_unreadable" in kinds_of(run_after(app, minutes=minutes))
    news = "SELECT outcome FROM stripe_events WHERE type = 'charge.refunded'"
    assert read_rows(app, news) == [{"outcome": None}], "it never came, and is kept"
    assert len(keys_on(buyer.land(sold).text)) == 1
    sandbox.control("faults/clear")
    assert "session_unreadable" not in kinds_of(run_after(app, minutes=100))
    assert read_rows(app, "SELECT refunded_minor FROM orders") == [{"refunded_minor": 1900}]
    assert keys_on(buyer.land(sold).text) == []


def test_finds_without_any_event_what_it_could_not_read_once_it_can(app: Flask, sandbox: SandboxClient) -> None:
    _nobody, unreadable = start(app)
    sandbox.pay(unreadable)
    refuse(sandbox, "/v1/events")
    refuse(sandbox)
    assert "session_unreadable" in kinds_of(run(app))
    assert "session_unreadable" in kinds_of(run_after(app, days=2))
    sandbox.control("faults/clear")
    refuse(sandbox, "/v1/events")
    assert "session_unreadable" not in kinds_of(run_after(app, days=3))
    assert len(read_rows(app, "SELECT id FROM licenses")) == 1


def test_is_not_held_up_by_one_that_stripe_fails_on_later(app: Flask, sandbox: SandboxClient) -> None:
    _nobody, unreadable = start(app)
    sandbox.pay(unreadable)
    refuse(sandbox)
    assert "session_unreadable" in kinds_of(run(app))
    assert "session_unreadable" in kinds_of(run_after(app, days=2))
    sandbox.control("faults/clear")
    sandbox.control("faults", method="GET", path=f"/v1/checkout/sessions/{unreadable}", times=None, status=500)
    assert "session_unreadable" in kinds_of(run_after(app, days=3))


def test_forgets_an_unreadable_session_that_stripe_does_not_know_any_more(
    app: Flask, sandbox: SandboxClient
) -> None:
    _nobody, unreadable = start(app)
    sandbox.pay(unreadable)
    refuse(sandbox)
    assert "session_unreadable" in kinds_of(run(app))
    change_rows(app, "UPDATE notices SET subject = 'cs_test_gone00000000'")
    sandbox.control("faults/clear")
    assert run(app, since=clock.now()).needs_you == ()


def test_looks_at_fifty_of_them_again_in_a_pass(app: Flask, sandbox: SandboxClient) -> None:
    told = "INSERT INTO notices (kind, mode, subject, text, is_closed_by_owner, created_at) VALUES "
    row = "('session_unreadable', 'sandbox', 'cs_test_gone{:08}', 'unreadable', false, :at)"
    change_rows(app, told + ", ".join(row.format(number) for number in range(60)), at=str(clock.now()))
    assert [len(run(app).needs_you) for _ in range(3)] == [10, 0, 0]


def test_remembers_a_session_when_the_pass_is_cut_off_behind_it(app: Flask, sandbox: SandboxClient) -> None:
    with days_ago(4):
        run(app)
    with days_ago(3):
        _nobody, unreadable = start(app)
        sandbox.pay(unreadable)
    refuse(sandbox, "/v1/events")
    refuse(sandbox)
    sandbox.control("faults", method="GET", path="/v1/disputes", status=500, times=None)
    with pytest.raises(StripeUnavailable):
        run(app)
    sandbox.control("faults/clear")
    refuse(sandbox, "/v1/events")
    refuse(sandbox)
    assert "session_unreadable" in kinds_of(run(app))
    sandbox.control("faults/clear")
    refuse(sandbox, "/v1/events")
    run_after(app, minutes=15)
    assert len(read_rows(app, "SELECT id FROM licenses")) == 1


def test_tells_of_a_list_once_while_passes_are_cut_off(app: Flask, sandbox: SandboxClient) -> None:
    """Closed and opened again, it would be mailed again."""
    refuse(sandbox, "/v1/refunds")
    assert kinds_of(run(app)) == {"list_unreadable"}
    sandbox.control("faults", method="GET", path="/v1/disputes", status=500, times=None)
    with pytest.raises(StripeUnavailable):
        run(app)
    sandbox.control("faults/clear")
    refuse(sandbox, "/v1/refunds")
    assert kinds_of(run(app)) == {"list_unreadable"}


def test_says_nothing_of_a_list_that_the_key_may_read_again(app: Flask, sandbox: SandboxClient) -> None:
    """A pass that goes on asks once more for what was refused before it was cut off."""
    run(app)
    refuse(sandbox, "/v1/refunds")
    sandbox.control("faults", method="GET", path="/v1/disputes", status=500, times=None)
    with pytest.raises(StripeUnavailable):
        run(app)
    sandbox.control("faults/clear")
    assert kinds_of(run(app)) == set()


@pytest.mark.parametrize("path", ["/v1/payouts", "/v1/balance_transactions"])
def test_tells_of_events_that_do_not_arrive_though_the_pass_is_cut_off(
    app: Flask, sandbox: SandboxClient, path: str
) -> None:
    with days_ago(0.1):
        _nobody, session_id = start(app)
        sandbox.pay(session_id)
    sandbox.control("faults", method="GET", path=path, status=500, times=None)
    with pytest.raises(StripeUnavailable):
        run(app)
    sandbox.control("faults/clear")
    assert kinds_of(run(app)) == {"events_missing"}


def test_tells_why_an_event_is_stuck(app: Flask, sandbox: SandboxClient) -> None:
    """A pass that leaves it as well keeps the error of who tried it."""
    _nobody, session_id = start(app)
    sandbox.pay(session_id)
    refuse(sandbox, "/v1/checkout/sessions/cs_*")
    (event,) = [event for event in sandbox.read("events")["data"] if event["type"] == "checkout.session.completed"]
    assert post_event(app, event).status_code == 502
    with time_machine.travel(clock.now() + timedelta(hours=2), tick=True):
        report = run(app)
    (stuck,) = [line.text for line in report.needs_you if line.kind == "event_stuck" and event["id"] in line.text]
    assert "StripeRefused" in stuck


def test_takes_no_delivery_that_was_cut_off_for_a_webhook_that_does_not_work(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who dies over one keeps nothing of it; another of its kind has come since."""
    run(app)
    for email in ("ada@example.com", "bo@example.com"):
        _nobody, session_id = start(app)
        sandbox.pay(session_id, email=email)
    events = [event for event in sandbox.read("events")["data"] if event["type"] == "checkout.session.completed"]
    with monkeypatch.context() as dying:
        dying.setattr(Gateway, "get_checkout", die)
        dying.setattr(dispatch, "_note_error", die)
        with pytest.raises(Died):
            post_event(app, events[0])
    assert post_event(app, events[1]).get_json() == {"outcome": "fulfilled"}
    with time_machine.travel(clock.now() + timedelta(minutes=12), tick=True):
        assert kinds_of(run(app)) == set()
        assert post_event(app, events[0]).get_json() == {"outcome": "duplicate"}


class Died(BaseException):
    """As by SIGKILL: nobody catches it, and nothing is noted."""


def die(*_arguments: object, **_options: object) -> None:
    raise Died


def test_lets_no_event_that_the_shop_fails_on_stop_the_worker(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(app)
    _nobody, broken = start(app)
    sandbox.pay(broken)
    get_checkout = Gateway.get_checkout

    def fail(self: Gateway, session_id: str, **how: Any) -> SeenCheckout:
        if session_id == broken:
            raise KeyError("a bug")
        return get_checkout(self, session_id, **how)

    monkeypatch.setattr(Gateway, "get_checkout", fail)
    for turn in range(1, 6):
        with time_machine.travel(clock.now() + timedelta(minutes=20 * turn), tick=True), app.app_context():
            run_unhandled()
            db.session.remove()
            with suppress(KeyError):  # of the first three passes: it ends them, until they go around it
                run(app)
    assert read_rows(app, "SELECT type FROM stripe_events WHERE handled_at IS NULL") != []


def test_walks_through_all_money_once_while_payouts_fail(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[bool] = []
    monkeypatch.setattr(run_module, "begin_anew", lambda: begun.append(True))
    sell(app, sandbox, email="ada@example.com")
    run(app)
    refuse(sandbox, "/v1/balance_transactions")
    with time_machine.travel(clock.now() + timedelta(days=2), tick=True):
        run(app)
    sandbox.control("faults/clear")
    sandbox.control("faults", method="GET", path="/v1/payouts", status=500, times=None)
    with time_machine.travel(clock.now() + timedelta(days=40), tick=True):
        for _ in range(3):
            with pytest.raises(StripeUnavailable):
                run(app)
    assert begun == [True]


def refuse_key(sandbox: SandboxClient) -> None:
    for method in ("GET", "POST"):
        sandbox.control(
            "faults", method=method, path="/v1/*", times=None, status=401, type="invalid_request_error"
        )


def test_tells_once_that_stripe_does_not_accept_the_key(app: Flask, sandbox: SandboxClient) -> None:
    """Whatever waits: not a line for each list and order, and an end of the pass, which no checkpoint covers."""
    for number in range(2):
        buyer, waiting = start(app)
        sandbox.pay(waiting, payment_method="ach_success", email=f"a{number}@example.com")
        buyer.land(waiting)
    _nobody, paid = start(app)
    sandbox.pay(paid)
    refuse_key(sandbox)
    for minutes in (120, 135):
        with time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=True):
            with pytest.raises(StripeUnavailable, match="put the new key into the settings"):
                run(app)
            assert warnings_of(app) >= {"key_refused"}
    (notice,) = read_rows(app, "SELECT kind, text FROM notices")
    assert notice["kind"] == "key_refused"
    assert "Stripe does not accept STRIPE_SECRET_KEY any more" in notice["text"]
    assert len(read_rows(app, "SELECT id FROM outbox WHERE kind = 'reconcile_report'")) == 1
    sandbox.control("faults/clear")
    report = run_after(app, minutes=150)
    assert "key_refused" not in kinds_of(report)
    assert "key_refused" not in warnings_of(app)
    assert any("not known here" in line.text for line in report.fixed)


def test_tells_of_another_key_that_is_not_accepted_although_the_first_was_done(
    app: Flask, sandbox: SandboxClient
) -> None:
    for _ in range(2):
        refuse_key(sandbox)
        with pytest.raises(StripeUnavailable):
            run(app)
        assert len(read_rows(app, "SELECT id FROM notices WHERE closed_at IS NULL")) == 1
        change_rows(app, "UPDATE notices SET is_closed_by_owner = true, closed_at = :now", now=str(clock.now()))
        with pytest.raises(StripeUnavailable):
            run(app)
        assert read_rows(app, "SELECT id FROM notices WHERE closed_at IS NULL") == []
        assert warnings_of(app) >= {"key_refused"}, "done or not, nothing can be sold"
        sandbox.control("faults/clear")
        run(app)
        assert "key_refused" not in warnings_of(app)


def test_changes_nothing_in_a_dry_run_with_a_key_that_is_not_accepted(app: Flask, sandbox: SandboxClient) -> None:
    refuse_key(sandbox)
    with pytest.raises(StripeUnavailable):
        run(app, is_dry=True)
    assert read_rows(app, "SELECT id FROM notices") == []


def test_tells_of_an_order_that_waits_in_an_account_that_was_left(app: Flask, sandbox: SandboxClient) -> None:
    """Of that order alone: what was handed out, or has failed, waits for nothing."""
    buyer, waiting = start(app)
    sandbox.pay(waiting, payment_method="ach_success")
    buyer.land(waiting)
    sell(app, sandbox, email="ada@example.com")
    (number,) = [row["number"] for row in read_rows(app, "SELECT number FROM orders WHERE fulfilled_at IS NULL")]
    with SandboxServer(SandboxConfig(port=0)) as server:
        use_other_account(app, SandboxClient(server), is_restricted=False)
        for minutes in (10, 20):
            (line,) = run_after(app, minutes=minutes).needs_you
        assert (line.kind, line.subject) == ("session_unreadable", waiting)
        assert "Stripe does not know it under this STRIPE_SECRET_KEY" in line.text
        assert f"order {number} waits for it" in line.text
    use_secret_key(app, sandbox)
    sandbox.settle(payment_of(sandbox, waiting), "succeeded")
    assert "session_unreadable" not in kinds_of(run_after(app, minutes=30))
    assert len(keys_on(buyer.land(waiting).text)) == 1


@pytest.mark.parametrize("end", ["decision = 'withdraw'", "erased_at = placed_at"])
def test_says_no_more_of_an_order_in_an_account_that_was_left_once_it_is_over(
    app: Flask, sandbox: SandboxClient, end: str
) -> None:
    buyer, waiting = start(app)
    sandbox.pay(waiting, payment_method="ach_success")
    buyer.land(waiting)
    with SandboxServer(SandboxConfig(port=0)) as server:
        use_other_account(app, SandboxClient(server), is_restricted=False)
        (line,) = run_after(app, minutes=10).needs_you
        assert "go back to a key of its account, or withdraw that order" in line.text
        with app.app_context(), pytest.raises(StripeMissing, match="waits for it"):  # as the line promises
            look_again(waiting)
        change_rows(app, f"UPDATE orders SET {end}")
        assert kinds_of(run_after(app, minutes=20)) == set()
        with app.app_context():
            assert look_again(waiting).outcome == "not_ours"
