"""What Stripe booked, as rows: fees that come later, refunds, disputes, payouts, another currency, old sales."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from storefront.cli.order_text import history_to_text
from storefront.core import clock
from storefront.core.db import db
from storefront.orders.queries import find_order
from storefront.owner.history.order import read_history
from storefront.payments.money import take_in
from storefront.payments.reconcile.report import Report
from tests.payments.reconcile.sales import run
from tests.support.databases import BOTH
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale, number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import post_event

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
WEEK = 7 * 86_400


def lines(app: Flask) -> list[Any]:
    return read_rows(app, "SELECT * FROM money_lines ORDER BY created_at, id")


def history_of(sale: Sale) -> Any:
    with sale.app.app_context():
        order = find_order(sale.session_id)
        assert order is not None
        history = read_history(order)
        db.session.remove()
    return history


def at_stripe(sandbox: SandboxClient) -> list[tuple[str, int, int, int]]:
    rows = sandbox.stripe.v1.balance_transactions.list({"limit": 100}).data
    return sorted((row.id, row.amount, row.fee, row.net) for row in rows)


def here(app: Flask) -> list[tuple[str, int, int, int]]:
    return sorted((row["id"], row["amount_minor"], row["fee_minor"], row["net_minor"]) for row in lines(app))


@both
def test_learns_a_fee_when_stripe_knows_it_and_until_then_says_so(app: Flask, sandbox: SandboxClient) -> None:
    sandbox.control("config", fees_after_seconds=3600)
    sale = sell(app, sandbox)
    run(app)
    before = history_of(sale)
    assert (before.fee_is_unknown, before.booked) == (True, ())
    sandbox.advance(3600)
    sale.deliver("charge.updated")
    after = history_of(sale)
    (line,) = after.booked
    assert (after.fee_is_unknown, line.kind, line.amount_minor, line.currency) == (False, "charge", 1900, "usd")
    assert (line.fee_minor, line.net_minor, line.payout_id) == (85, 1815, None)


def test_asks_once_for_an_event_that_comes_again(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    sandbox.forget_calls()
    sale.deliver("charge.updated", times=3)
    asked = sandbox.calls("/v1/balance_transactions")
    assert (len(asked), len(lines(app))) == (1, 1)


def test_asks_nothing_about_a_payment_of_another_program(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    params: Any = {"amount": 500, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    params |= {"return_url": "https://example.com/back"}
    sandbox.stripe.v1.payment_intents.create(params)
    foreign = [event for event in sandbox.read("events")["data"] if event["type"] == "charge.updated"][-1]
    sandbox.forget_calls()
    assert post_event(app, foreign).status_code == 200
    assert sandbox.calls() == []
    run(app)  # its money is on the account all the same
    assert sorted(row["amount_minor"] for row in lines(app)) == [500, 1900]


def test_tries_an_event_again_when_stripe_was_away(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    event = [event for event in sandbox.read("events")["data"] if event["type"] == "charge.updated"][-1]
    sandbox.control("faults", method="GET", path="/v1/balance_transactions", status=500, times=9)
    assert post_event(app, event).status_code >= 500
    assert lines(app) == []
    sandbox.control("faults/clear")
    assert post_event(app, event).status_code == 200
    assert len(lines(app)) == 1


@both
def test_keeps_refunds_disputes_and_payouts_to_the_cent(app: Flask, sandbox: SandboxClient) -> None:
    sandbox.control("config", settles_in="usd")
    sales = [sell(app, sandbox) for _ in range(3)]
    sales[0].refund(amount=500)
    sales[1].at_charge("dispute", status="won")
    sandbox.control(f"refunds/{sales[2].refund()}/settle", result="failed")
    run(app)
    assert here(app) == at_stripe(sandbox)
    kinds = {row["kind"] for row in lines(app)}
    assert kinds == {"charge", "refund", "dispute", "dispute_reversal", "refund_failure"}
    assert [line.kind for line in history_of(sales[1]).booked].count("dispute") == 1
    sandbox.advance(WEEK)
    (payout,) = sandbox.control("payouts")["data"]
    run(app)
    run(app)  # and again: nothing twice
    assert here(app) == at_stripe(sandbox)
    paid = [row for row in lines(app) if row["payout_id"] == payout["id"]]
    assert sum(row["net_minor"] for row in paid if row["kind"] != "payout") == payout["amount"]
    assert history_of(sales[0]).booked[0].payout_id == payout["id"]
    sandbox.advance(2 * 86_400)
    run(app)
    (row,) = read_rows(app, "SELECT status, is_read FROM payouts")
    assert (row["status"], bool(row["is_read"])) == ("paid", True)


def test_keeps_the_rate_where_the_account_settles_in_another_currency(app: Flask, sandbox: SandboxClient) -> None:
    sandbox.control("config", settles_in="eur")
    sale = sell(app, sandbox)
    run(app)
    (line,) = history_of(sale).booked
    assert (line.currency, line.amount_minor, line.exchange_rate) == ("eur", 1759, "0.925926")
    (row,) = lines(app)
    assert (row["source_currency"], row["net_minor"]) == ("usd", row["amount_minor"] - row["fee_minor"])


def test_writes_a_small_rate_out(app: Flask, sandbox: SandboxClient) -> None:
    """As of rupiah: Stripe's number has an exponent."""
    sandbox.control("config", settles_in="eur")
    sale = sell(app, sandbox)
    run(app)
    change_rows(app, "UPDATE money_lines SET exchange_rate = '6.1e-05'")
    assert history_of(sale).booked[0].exchange_rate == "0.000061"
    page = sign_in_at_admin(app, make_person(app)).get(f"/admin/orders/{number_of(sale)}").text
    assert "at a rate of 0.000061" in page


def test_fills_in_old_sales_bit_by_bit(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        sell(app, sandbox)
    sandbox.advance(90 * 86_400)
    monkeypatch.setattr("storefront.stripe_api.seen_money.PAGE", 2)
    monkeypatch.setattr(take_in, "OLD_PAGES", 1)
    with app.app_context():
        lately = clock.now() + timedelta(days=80)
        new = [take_in.take_in_booked(lately) for _ in range(4)]
        db.session.remove()
    assert new == [2, 2, 1, 0]
    assert read_rows(app, "SELECT is_whole FROM money_reads")[0]["is_whole"]


def pay_out_each_week(app: Flask, sandbox: SandboxClient, weeks: int) -> list[Sale]:
    sales = []
    for week in range(weeks):
        sales.append(sell(app, sandbox, email=f"buyer{week}@example.com"))
        sandbox.advance(WEEK)
        assert len(sandbox.control("payouts")["data"]) == 1
    return sales


def in_payouts(app: Flask) -> int:
    (row,) = read_rows(
        app, "SELECT count(*) AS n FROM money_lines WHERE kind = 'charge' AND payout_id IS NOT NULL"
    )
    return int(row["n"])


def make_pages_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storefront.stripe_api.seen_money.PAGE", 2)
    monkeypatch.setattr(take_in, "OLD_PAGES", 1)
    monkeypatch.setattr(take_in, "OLD_PAYOUTS", 1)


def one_pass(app: Flask) -> None:
    with app.app_context():
        take_in.take_in_booked(clock.now() + timedelta(days=365))
        take_in.take_in_payouts()
        db.session.remove()


def test_names_older_payouts_when_their_lines_have_come(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More payouts than a page has: they were seen before their lines, and the first page has nothing new."""
    sales = pay_out_each_week(app, sandbox, 6)
    make_pages_small(monkeypatch)
    one_pass(app)
    assert in_payouts(app) == 1
    for _ in range(10):
        one_pass(app)
    assert in_payouts(app) == 6
    assert history_of(sales[0]).booked[0].payout_id is not None
    sandbox.forget_calls()
    one_pass(app)
    assert sandbox.calls("/v1/payouts") == [("GET", "/v1/payouts")]


def test_asks_no_more_for_an_older_payout_that_stripe_has_forgotten(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    pay_out_each_week(app, sandbox, 4)
    make_pages_small(monkeypatch)
    for _ in range(8):
        one_pass(app)
    assert in_payouts(app) == 4
    columns = "mode, amount_minor, currency, status, is_automatic, is_read, created_at, arrives_at"
    oldest = (
        "SELECT 'po_gone', " + columns.replace("is_read", "false") + " FROM payouts ORDER BY created_at LIMIT 1"
    )
    change_rows(app, f"INSERT INTO payouts (id, {columns}) {oldest}")
    assert in_payouts(app) == 4
    one_pass(app)
    sandbox.forget_calls()
    one_pass(app)
    assert sandbox.calls("/v1/payouts") == [("GET", "/v1/payouts")]


def test_tells_the_owner_of_a_key_that_may_not_read_them(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    sandbox.control("faults", method="GET", path="/v1/balance_transactions", status=403, times=9)
    sale.deliver("charge.updated")
    (line,) = run(app).needs_you
    assert (line.kind, line.subject) == ("list_unreadable", "balance transactions and payouts")
    assert history_of(sale).fee_is_unknown
    sandbox.control("faults/clear")
    assert run(app).needs_you == ()
    assert not history_of(sale).fee_is_unknown


def is_told(report: Report) -> bool:
    return "list_unreadable" in [line.kind for line in report.needs_you]


@pytest.mark.parametrize(("days", "walks"), [(4, False), (40, True)])
def test_takes_in_what_was_booked_while_the_key_could_not_read_it(
    app: Flask, sandbox: SandboxClient, days: int, walks: bool
) -> None:
    """All lines are walked through once more only after a time that was longer than one pass may go back."""
    sell(app, sandbox)
    run(app)
    sandbox.control("faults", method="GET", path="/v1/balance_transactions", status=403, times=None)
    lost = sell(app, sandbox)
    for later in (days - 2, days):
        with time_machine.travel(clock.now() + timedelta(days=later), tick=True):
            assert is_told(run(app))
    sandbox.control("faults/clear")
    with time_machine.travel(clock.now() + timedelta(days=days), tick=True):
        assert not is_told(run(app))
        assert bool(read_rows(app, "SELECT is_whole FROM money_reads")[0]["is_whole"]) is not walks
        run(app)
        assert read_rows(app, "SELECT is_whole FROM money_reads")[0]["is_whole"]
    assert here(app) == at_stripe(sandbox)
    assert not history_of(lost).fee_is_unknown


def test_reads_no_days_again_for_a_key_that_may_not_list_payouts(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    sandbox.control("faults", method="GET", path="/v1/payouts", status=403, times=None)
    assert is_told(run(app))
    assert [row["unread"] for row in read_rows(app, "SELECT unread FROM reconcile_passes")] == ["{}"]


def test_shows_the_owner_the_fee_or_that_it_is_not_known_yet(app: Flask, sandbox: SandboxClient) -> None:
    sandbox.control("config", fees_after_seconds=3600)
    sale = sell(app, sandbox)
    assert "Fee       not known yet" in list(history_to_text(history_of(sale)))
    sandbox.advance(3600)
    sale.deliver("charge.updated")
    text = list(history_to_text(history_of(sale)))
    assert "Booked    charge $19.00, fee $0.85, net $18.15, not paid out yet" in text
