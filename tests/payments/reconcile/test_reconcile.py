"""Reconciliation: no event ever arrives, and one pass makes the shop agree with Stripe."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.errors import StripeUnavailable
from storefront.core.leases import give_back_lease, take_lease
from storefront.payments.reconcile.run import LEASE, AnotherPassRuns
from storefront.stripe_api.gateway import GATEWAY, Gateway
from storefront.stripe_api.seen import SeenCheckout
from storefront.worker import reconcile_if_due
from tests.payments.reconcile.sales import (
    add_price_in_euros,
    charge_of,
    days_ago,
    payment_of,
    refund,
    rows_of_the_shop,
    run,
    sell,
    start,
)
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Shop, keys_on, make_event, post_event

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@both
def test_repairs_everything_at_once_when_all_events_were_lost(app: Flask, sandbox: SandboxClient) -> None:
    with days_ago(40):
        refunded_buyer, refunded, _keys = sell(app, sandbox, email="refunded@example.com")
        disputed_buyer, disputed, _keys = sell(app, sandbox, email="disputed@example.com")
    add_price_in_euros(app)
    with days_ago(10):
        waiting_buyer, waiting = start(app, "Euro")
        sandbox.pay(waiting, email="sepa@example.com", payment_method="sepa_success")
        assert waiting_buyer.state(waiting) == "awaiting_payment"
    with days_ago(0.1):
        run(app)
    refund(sandbox, refunded)
    sandbox.control(f"charges/{charge_of(sandbox, disputed)}/dispute")
    sandbox.settle(payment_of(sandbox, waiting))
    _nobody, never_loaded = start(app)
    sandbox.pay(never_loaded, email="never@example.com")

    report = run(app)

    assert len(report.fixed) == 4, report.fixed
    assert keys_on(refunded_buyer.land(refunded).text) == []
    assert keys_on(disputed_buyer.land(disputed).text) == []
    assert len(keys_on(waiting_buyer.land(waiting).text)) == 1
    facts = read_rows(
        app,
        "SELECT checkout_session_id, refunded_minor, dispute_status, fulfilled_at IS NOT NULL done FROM orders",
    )
    by_session = {row["checkout_session_id"]: row for row in facts}
    assert all(bool(by_session[session_id]["done"]) for session_id in (refunded, disputed, waiting, never_loaded))
    assert by_session[refunded]["refunded_minor"] == 1900
    assert by_session[disputed]["dispute_status"] == "needs_response"
    assert len(read_rows(app, "SELECT id FROM licenses")) == 4


@both
def test_changes_nothing_when_all_agrees(app: Flask, sandbox: SandboxClient) -> None:
    _buyer, session_id, _keys = sell(app, sandbox, email="ada@example.com")
    refund(sandbox, session_id, amount=500)
    first = run(app)
    assert [line.text.partition(": ")[2] for line in first.fixed]
    before = rows_of_the_shop(app)
    for _ in range(2):
        again = run(app)
        assert again.fixed == ()
    assert rows_of_the_shop(app) == before


def lists(sandbox: SandboxClient) -> list[str]:
    """The lists that were asked for, in order."""
    names = ("checkout/sessions", "refunds", "disputes", "events", "balance_transactions", "payouts")
    return [path.rpartition("/")[2] for _method, path in sandbox.calls() if path.removeprefix("/v1/") in names]


def test_asks_six_lists_and_nothing_else_when_all_agrees(app: Flask, sandbox: SandboxClient) -> None:
    for number in range(3):
        sell(app, sandbox, email=f"buyer-{number}@example.com")
    run(app)
    sandbox.forget_calls()
    run(app)
    assert lists(sandbox) == ["sessions", "refunds", "disputes", "events", "balance_transactions", "payouts"]
    assert len(sandbox.calls()) == 6


@both
def test_says_what_it_would_fix_and_changes_nothing_in_a_dry_run(app: Flask, sandbox: SandboxClient) -> None:
    _buyer, session_id, _keys = sell(app, sandbox, email="ada@example.com")
    number = read_rows(app, "SELECT number FROM orders")[0]["number"]
    refund(sandbox, session_id, amount=500)
    _nobody, never_loaded = start(app)
    sandbox.pay(never_loaded, email="never@example.com")
    before = rows_of_the_shop(app)
    for _ in range(2):
        report = run(app, is_dry=True)
        unknown, refunded = [line.text for line in report.fixed]
        assert unknown == "A sale: not known here, $19.00, paid."
        assert refunded.startswith(f"Order {number}: $5.00 refunded at Stripe, $0.00 here; a refund of $5.00 is")
    assert rows_of_the_shop(app) == before
    assert read_rows(app, "SELECT id FROM reconcile_passes") == []
    assert len(run(app).fixed) == 2


@both
def test_goes_on_where_it_was_interrupted_and_moves_the_checkpoint_only_at_the_end(
    app: Flask, sandbox: SandboxClient
) -> None:
    _nobody, never_loaded = start(app)
    sandbox.pay(never_loaded)
    sandbox.control("faults", method="GET", path="/v1/events", times=5, status=500)
    with pytest.raises(StripeUnavailable):
        run(app)
    (row,) = read_rows(app, "SELECT step, checkpoint, finished_at, fixed FROM reconcile_passes")
    assert (row["step"], row["checkpoint"], row["finished_at"]) == ("events", None, None)
    assert len(read_rows(app, "SELECT id FROM licenses")) == 1, "what was repaired stays repaired"
    sandbox.control("faults/clear")
    sandbox.forget_calls()
    report = run(app)
    assert lists(sandbox) == ["events", *["balance_transactions"] * 2, "payouts"]
    assert [line.kind for line in report.fixed] == ["checkouts"], "the report tells of both halves"
    (row,) = read_rows(app, "SELECT checkpoint, started_at, finished_at FROM reconcile_passes")
    assert row["checkpoint"] == row["started_at"]
    assert row["finished_at"] is not None


def test_looks_from_an_hour_before_the_last_complete_pass(app: Flask, sandbox: SandboxClient) -> None:
    with days_ago(2):
        run(app)
        started = clock.now()
    report = run(app)
    assert abs(report.since - (started - timedelta(hours=1))) < timedelta(minutes=1)


def test_leaves_the_checkpoint_where_it_was_when_a_shorter_time_was_asked_for(
    app: Flask, sandbox: SandboxClient
) -> None:
    with days_ago(2):
        run(app)
    run(app, since=clock.now() - timedelta(hours=1))
    assert run(app).since < clock.now() - timedelta(days=2)


def test_lets_a_short_first_pass_leave_the_rest_to_the_next(app: Flask, sandbox: SandboxClient) -> None:
    run(app, since=clock.now() - timedelta(hours=1))
    assert read_rows(app, "SELECT checkpoint FROM reconcile_passes") == [{"checkpoint": None}]
    assert run(app).since < clock.now() - timedelta(days=29)


def test_begins_a_step_anew_when_stripe_has_forgotten_where_the_last_pass_stopped(
    app: Flask, sandbox: SandboxClient
) -> None:
    _nobody, session_id = start(app)
    sandbox.pay(session_id)
    sandbox.control("faults", method="GET", path="/v1/checkout/sessions", times=5, status=500)
    with pytest.raises(StripeUnavailable):
        run(app)
    sandbox.control("faults/clear")
    change_rows(app, "UPDATE reconcile_passes SET cursor = 'cs_test_gone'")
    assert len(run(app).fixed) == 1


def test_waits_when_stripe_asks_to_slow_down(app: Flask, sandbox: SandboxClient) -> None:
    _nobody, session_id = start(app)
    sandbox.pay(session_id)
    sandbox.control("faults", method="GET", path="/v1/events", times=1, status=429, type="invalid_request_error")
    sandbox.control("faults", method="GET", path="/v1/refunds", times=1, status=429, type="invalid_request_error")
    assert len(run(app).fixed) == 1
    assert lists(sandbox).count("events") == 2


def test_lets_one_pass_run_at_a_time(app: Flask, sandbox: SandboxClient) -> None:
    with app.app_context():
        assert take_lease(LEASE, seconds=60)
        with pytest.raises(AnotherPassRuns, match="try again in a minute"):
            run(app)
        give_back_lease(LEASE)
    run(app)
    run(app)


def test_is_the_workers_turn_every_fifteen_minutes(app: Flask, sandbox: SandboxClient) -> None:
    def passes() -> int:
        with app.app_context():
            reconcile_if_due()
        return sum(1 for path in lists(sandbox) if path == "events")

    assert [passes(), passes()] == [1, 1]
    with time_machine.travel(clock.now() + timedelta(minutes=15), tick=True):
        assert [passes(), passes()] == [2, 2]


def test_ends_the_workers_turn_quietly_when_stripe_does_not_answer(app: Flask, sandbox: SandboxClient) -> None:
    sandbox.control("faults", method="GET", path="/v1/checkout/sessions", times=9, status=500)
    with app.app_context():
        reconcile_if_due()
    assert read_rows(app, "SELECT finished_at FROM reconcile_passes") == [{"finished_at": None}]


@both
def test_counts_a_delivery_that_comes_after_all_as_a_duplicate(app: Flask, sandbox: SandboxClient) -> None:
    with days_ago(0.01):
        _nobody, session_id = start(app)
        sandbox.pay(session_id)
    run(app)
    event = next(
        entry for entry in sandbox.read("events")["data"] if entry["type"] == "checkout.session.completed"
    )
    assert post_event(app, event).get_json() == {"outcome": "duplicate"}


def test_tells_the_owner_once_that_events_do_not_arrive(app: Flask, sandbox: SandboxClient) -> None:
    with days_ago(0.1):
        _nobody, session_id = start(app)
        sandbox.pay(session_id)
    report = run(app)
    assert [line.kind for line in report.needs_you] == ["events_missing"]
    assert "one event that never arrived" in report.needs_you[0].text
    run(app)
    mails = read_rows(app, "SELECT kind, recipient, state FROM outbox WHERE kind = 'reconcile_report'")
    assert [mail["recipient"] for mail in mails] == ["owner@storefront.example"]


def test_mails_the_report_only_when_there_is_something_to_do(shop: Shop) -> None:
    _buyer, _session_id, _keys = sell(shop.app, shop.sandbox, email="ada@example.com")
    shop.wait_for_event("checkout.session.completed")
    run(shop.app)
    shop.work()
    assert shop.mails(to="owner@storefront.example") == []
    _again, second, _keys = sell(shop.app, shop.sandbox, email="ADA@example.com")
    shop.wait_for_event("checkout.session.completed", count=2)
    for _ in range(2):
        run(shop.app)
        shop.work()
    (mail,) = shop.mails(to="owner@storefront.example")
    assert mail["subject"] == "Test Shop needs you: 1 thing to look at"
    assert "same lines and address within 24 hours" in mail["text"]
    assert second


def test_leaves_sales_of_others_on_the_same_account_alone(app: Flask, sandbox: SandboxClient) -> None:
    product = sandbox.stripe.v1.products.create({"name": "Foreign"})
    price = sandbox.stripe.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 500})
    foreign = sandbox.create_session([{"price": price.id, "quantity": 1}])
    sandbox.pay(foreign)
    refund(sandbox, foreign)
    report = run(app)
    assert report.fixed == ()
    assert read_rows(app, "SELECT id FROM orders") == []


@both
def test_finds_a_refunded_sale_of_long_ago_that_was_never_known(app: Flask, sandbox: SandboxClient) -> None:
    """Older than the window of Sessions: the refund leads to it."""
    with days_ago(90):
        _nobody, session_id = start(app)
        sandbox.pay(session_id)
    refund(sandbox, session_id)
    report = run(app)
    assert [line.kind for line in report.fixed] == ["refunds"]
    assert read_rows(app, "SELECT refunded_minor FROM orders") == [{"refunded_minor": 1900}]


@both
def test_gives_access_back_when_a_refund_failed_unheard(app: Flask, sandbox: SandboxClient) -> None:
    buyer, session_id, keys = sell(app, sandbox, email="ada@example.com")
    refund_id = refund(sandbox, session_id)
    run(app)
    assert keys_on(buyer.land(session_id).text) == []
    sandbox.control(f"refunds/{refund_id}/settle", result="failed")
    report = run(app)
    assert "failed at Stripe" in report.fixed[0].text
    assert keys_on(buyer.land(session_id).text) == keys
    assert [line.kind for line in report.needs_you] == ["refund_failed"]


def test_lists_a_mail_that_could_not_be_delivered_until_it_is_sent(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox, email="ada@example.com")
    change_rows(app, "UPDATE outbox SET state = 'failed', last_error = 'recipient refused (550)'")
    for _ in range(2):
        (line,) = run(app).needs_you
        assert line.kind == "mail_failed"
        assert "recipient refused (550)" in line.text
    change_rows(app, "UPDATE outbox SET state = 'sent'")
    assert run(app).needs_you == ()


def test_lists_an_event_that_nobody_can_handle_for_an_hour(app: Flask, sandbox: SandboxClient) -> None:
    sandbox.control("faults", method="GET", path="/v1/checkout/sessions/", times=9, status=500)
    assert post_event(app, make_event("checkout.session.completed", "cs_test_1")).status_code == 503
    assert run(app).needs_you == ()
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=True):
        (line,) = run(app).needs_you
        assert line.kind == "event_stuck"
        assert "StripeFault" in line.text


@both
def test_goes_around_a_session_that_it_cannot_read_and_says_which(app: Flask, sandbox: SandboxClient) -> None:
    _nobody, unreadable = start(app)
    sandbox.pay(unreadable, email="unreadable@example.com")
    _nobody, readable = start(app)
    sandbox.pay(readable)
    path = f"/v1/checkout/sessions/{unreadable}"
    sandbox.control("faults", method="GET", path=path, times=None, status=403, type="invalid_request_error")
    for _ in range(2):
        (line,) = run(app).needs_you
        assert (line.kind, line.subject) == ("session_unreadable", unreadable)
    assert len(read_rows(app, "SELECT id FROM licenses")) == 1
    sandbox.control("faults/clear")
    assert run(app, since=clock.now() - timedelta(days=1)).needs_you == ()
    assert len(read_rows(app, "SELECT id FROM licenses")) == 2


def test_goes_around_a_session_that_a_bug_of_ours_cannot_bear(app: Flask, sandbox: SandboxClient) -> None:
    """A few passes end with the error in the log; then the others are repaired again."""
    _nobody, unbearable = start(app)
    sandbox.pay(unbearable)
    real = GATEWAY.get(app)

    class Clumsy(Gateway):
        def __init__(self) -> None:
            self.__dict__.update(real.__dict__)

        def get_checkout(self, session_id: str, *, thorough: bool = False) -> SeenCheckout:
            if session_id == unbearable:
                raise KeyError("a field that Stripe does not send any more")
            return super().get_checkout(session_id, thorough=thorough)

    GATEWAY.set(Clumsy(), app)
    for _ in range(3):
        with pytest.raises(KeyError):
            run(app)
    (line,) = run(app).needs_you
    assert (line.kind, line.subject) == ("session_unreadable", unbearable)
    with time_machine.travel(clock.now() + timedelta(days=2), tick=True):
        (line,) = run(app).needs_you
        assert (line.kind, line.subject) == ("session_unreadable", unbearable), "and the pass goes on"
    GATEWAY.set(real, app)
    assert run(app, since=clock.now() - timedelta(days=1)).needs_you == ()
    assert len(read_rows(app, "SELECT id FROM licenses")) == 1


def test_does_what_a_restricted_key_lets_it_do_and_says_what_is_missing(
    app: Flask, sandbox: SandboxClient
) -> None:
    _nobody, session_id = start(app)
    sandbox.pay(session_id)
    sandbox.control(
        "faults", method="GET", path="/v1/events", times=None, status=403, type="invalid_request_error"
    )
    report = run(app)
    assert len(report.fixed) == 1
    (line,) = report.needs_you
    assert (line.kind, line.subject) == ("list_unreadable", "events")
    assert "STRIPE_SECRET_KEY may not list events" in line.text
    sandbox.control("faults/clear")
    assert run(app).needs_you == ()
