"""Figures: every day once, in the shop's zone, the same from rows and from counted sums, in two currencies."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.days import bounds_of, find_zone
from storefront.core.db import db, transaction
from storefront.orders.day_sums import count_again
from storefront.owner.figures import count, live
from storefront.owner.figures.count import count_days
from storefront.owner.figures.read import Figures, read_figures
from storefront.owner.figures.spans import Named, Span, SpanRefused, read_span, span_of
from storefront.owner.figures.sums import Facet
from storefront.payments.money.take_in import take_in_newest
from storefront.shop.profile.change import ProfileRefused, change_profile
from storefront.shop.profile.read import read_profile_anew
from storefront.shop.profile.zone import UTC as UTC_ZONE
from tests.payments.reconcile.sales import run, start
from tests.support.databases import BOTH
from tests.support.goods import make_edition, set_price
from tests.support.many_orders import copy_order
from tests.support.plans import plan_as_sent
from tests.support.rows import change_rows, read_rows
from tests.support.sale import sell, take_free
from tests.support.sandbox_client import SandboxClient
from tests.support.statements import counted

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@contextmanager
def inside(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield
        db.session.remove()


def read(app: Flask, first: date, last: date) -> Figures:
    with inside(app):
        return read_figures(Span(first=first, last=last))


def count_all(app: Flask) -> int:
    """The rows of the days first, and what is in them a minute later."""
    with inside(app), time_machine.travel(clock.now(), tick=False) as now:
        first = count_days()
        now.shift(61)
        assert first == 0
        return count_days()


def noon_in(*, days: int) -> datetime:
    """Not the time of day of now: a day waits for an hour after its end until it is counted."""
    return (clock.now() + timedelta(days=days)).replace(hour=12)


def pay_at(app: Flask, moment: datetime, number: str | None = None) -> None:
    where = f" WHERE number = '{number}'" if number else ""
    text = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    change_rows(app, f"UPDATE orders SET paid_at = '{text}', placed_at = '{text}'{where}")


@both
def test_says_what_was_sold_given_back_and_kept_by_stripe(app: Flask, sandbox: SandboxClient) -> None:
    sales = [sell(app, sandbox) for _ in range(2)]
    make_edition(app, "twinspot", "Yen", 3000, "jpy")
    sell(app, sandbox, ("twinspot", "Yen"))
    take_free(app, sandbox)
    sales[0].refund(amount=500)
    sales[0].deliver("refund.")
    sales[1].at_charge("dispute", status="needs_response")
    today = clock.now().date()
    before = read(app, today, today).currencies[0].sums
    assert (before.unbooked, before.fee_minor, before.net_minor) == (2, 0, 0)  # not told yet, and not nothing
    run(app)
    dollars, yen = read(app, today - timedelta(days=2), today).currencies
    sums = dollars.sums
    assert (dollars.currency, sums.orders, sums.paid_minor, sums.gross_minor) == ("usd", 3, 3800, 3800)
    assert (sums.refunded_minor, sums.disputed_minor, sums.unbooked) == (500, 1900, 0)
    assert (sums.fee_minor, sums.net_minor) == (85 * 2 + 1500, 3800 - 500 - 1900 - 85 * 2 - 1500)
    assert (yen.currency, yen.sums.orders, yen.sums.paid_minor) == ("jpy", 1, 3000)
    assert [sums.orders for _day, sums in dollars.days] == [0, 0, 3]
    names = {part.name: (part.orders, part.paid_minor) for part in dollars.parts[Facet.PRODUCT]}
    assert names["Twinspot"] == (2, 3800)
    editions = {part.name: part.paid_minor for part in yen.parts[Facet.EDITION]}
    assert editions == {"Twinspot (Yen)": 3000}
    assert [part.name for part in dollars.parts[Facet.COUNTRY]] == ["US"]


@both
def test_counts_again_what_a_clock_that_was_ahead_took_for_over(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    today = clock.now().date()
    with time_machine.travel(clock.now() + timedelta(days=3), tick=True):
        assert count_all(app) > 0
    sell(app, sandbox)
    count_all(app)
    (dollars,) = read(app, today, today).currencies
    assert dollars.sums.orders == 2
    assert read_rows(app, f"SELECT day FROM counted_days WHERE day >= '{today}'") == []
    assert read_rows(app, f"SELECT day FROM day_sums WHERE day >= '{today}'") == []


@both
def test_counts_days_that_are_over_and_says_the_same_as_the_rows(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    copy_order(app, 30)
    start = datetime(2026, 3, 27, 12, tzinfo=UTC)
    for place, row in enumerate(read_rows(app, "SELECT number FROM orders ORDER BY id")):
        pay_at(app, start + timedelta(hours=5 * place), row["number"])
    first, last = date(2026, 3, 20), date(2026, 4, 10)
    with time_machine.travel(datetime(2026, 4, 12, 9, tzinfo=UTC), tick=False):
        from_rows = read(app, first, last)
        assert count_all(app) == 16
        assert count_all(app) == 0
        from_sums = read(app, first, last)
        change_rows(app, "UPDATE day_sums SET facet = 'of_tomorrow' WHERE facet = 'country'")
        (of_newer_code,) = read(app, first, last).currencies
    assert from_sums.currencies == from_rows.currencies
    assert (of_newer_code.sums, of_newer_code.parts[Facet.COUNTRY]) == (from_rows.currencies[0].sums, ())
    assert sum(sums.orders for _day, sums in from_rows.currencies[0].days) == 31
    assert len(read_rows(app, "SELECT day FROM day_sums WHERE facet = 'all'")) == 7


@both
def test_counts_a_day_again_when_something_of_it_comes_late(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    sale.refund(amount=500)
    today = clock.now().date()
    with time_machine.travel(noon_in(days=3), tick=False):
        assert count_all(app) == 3
        assert read(app, today, today).currencies[0].sums.unbooked == 1
        sale.deliver("charge.updated")
        sale.deliver("refund.created")
        late = read(app, today, today).currencies[0].sums
        assert (late.unbooked, late.fee_minor, late.refunded_minor) == (0, 85, 500)
        assert count_all(app) >= 1
        assert read(app, today, today).currencies[0].sums == late
        change_rows(app, "DELETE FROM refunds")  # from the sums now, and not from the rows
        assert read(app, today, today).currencies[0].sums == late


def test_counts_the_money_of_an_order_that_is_found_after_its_day(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    today = clock.now().date()
    buyer, session_id = start(app)
    sandbox.pay(session_id)
    with app.app_context():
        take_in_newest()
        db.session.remove()
    with time_machine.travel(noon_in(days=3), tick=False):
        count_all(app)
        assert read(app, today, today).currencies[0].sums.fee_minor == 85
        buyer.get(f"/checkout/return?session_id={session_id}")
        late = read(app, today, today).currencies[0].sums
        assert late.fee_minor == 85 * 2
        count_all(app)
        assert read(app, today, today).currencies[0].sums == late


@both
def test_stores_nothing_of_a_day_that_changes_while_it_is_counted(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(app, sandbox)
    real = live.read_live

    def meanwhile(days: Any) -> Any:
        found = real(days)
        with transaction() as session:
            count_again(session, [days[0].starts_at])
        return found

    with time_machine.travel(noon_in(days=2), tick=False):
        monkeypatch.setattr(count, "read_live", meanwhile)
        assert count_all(app) == 0
        assert read_rows(app, "SELECT day FROM day_sums") == []
        monkeypatch.setattr(count, "read_live", real)
        assert count_all(app) == 2


def test_begins_a_day_where_the_shop_is_and_again_when_it_moves(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    pay_at(app, datetime(2026, 10, 24, 22, 30, tzinfo=UTC))  # 25 Oct 00:30 in Berlin, where that day has 25 hours
    berlin = find_zone("Europe/Berlin")
    assert berlin is not None
    day = bounds_of(date(2026, 10, 25), berlin)
    assert day.ends_at - day.starts_at == timedelta(hours=25)
    with time_machine.travel(datetime(2026, 10, 28, 9, tzinfo=UTC), tick=False):
        assert read(app, date(2026, 10, 24), date(2026, 10, 24)).currencies[0].sums.orders == 1
        count_all(app)
        with inside(app):
            change_profile({"time_zone": " Europe/Berlin "})
            read_profile_anew()
        for is_counted in (False, True):
            assert bool(count_all(app) if is_counted else True)
            assert read(app, date(2026, 10, 24), date(2026, 10, 24)).currencies == ()
            assert read(app, date(2026, 10, 25), date(2026, 10, 25)).currencies[0].sums.orders == 1
        assert {row["zone"] for row in read_rows(app, "SELECT zone FROM counted_days")} == {"Europe/Berlin"}


def test_shows_the_main_currency_first(app: Flask, sandbox: SandboxClient) -> None:
    for _each in range(3):
        sell(app, sandbox)
    change_rows(app, "UPDATE orders SET currency = 'eur' WHERE id = (SELECT max(id) FROM orders)")
    set_price(app, "twinspot", "personal", "eur", 1800)
    today = clock.now().date()
    with inside(app):
        change_profile({"main_currency": "eur"})
        read_profile_anew()
    assert [(of.currency, of.sums.orders) for of in read(app, today, today).currencies] == [("eur", 1), ("usd", 2)]
    with inside(app):
        change_profile({"main_currency": ""})
        read_profile_anew()
    assert [of.currency for of in read(app, today, today).currencies] == ["usd", "eur"]


@pytest.mark.parametrize("name", ["Mars/Phobos", "../etc/passwd", "Europe", "x" * 61, "Europe/Berlin\0"])
def test_refuses_a_zone_that_is_none(app: Flask, name: str) -> None:
    with inside(app), pytest.raises(ProfileRefused):
        change_profile({"time_zone": name})


def test_reads_the_times_that_are_asked_for() -> None:
    today = date(2026, 11, 28)
    firsts = {named: span_of(named, today).first.isoformat() for named in Named}
    assert firsts == {
        Named.TODAY: "2026-11-28",
        Named.WEEK: "2026-11-22",
        Named.DAYS: "2026-10-30",
        Named.MONTH: "2026-11-01",
        Named.YEAR: "2026-01-01",
    }
    assert read_span("", "", "", today=today).named is Named.DAYS
    assert read_span("", "2026-02-03", "", today=today).days == 1


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("week", "", ""), "Choose one of today, 7"),
        (("", "yesterday", ""), "Write days like"),
        (("", "2026-02-30", ""), "Write days like"),
        (("", "2026-02-03", "2026-02-01"), "swap them"),
        (("", "2020-01-01", "2026-02-01"), "three years"),
        (("", "0001-01-01", "0001-01-02"), "three years"),
    ],
)
def test_says_which_times_it_cannot_count(asked: tuple[str, str, str], words: str) -> None:
    with pytest.raises(SpanRefused, match=words):
        read_span(*asked, today=date(2026, 11, 28))


@both
def test_asks_as_little_for_half_a_year_as_for_a_day(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    pay_at(app, datetime(2026, 1, 5, tzinfo=UTC))
    with inside(app), time_machine.travel(datetime(2026, 7, 20, 9, tzinfo=UTC), tick=False):
        with counted(app) as few:
            read_figures(span_of(Named.TODAY, date(2026, 7, 20)))
        with counted(app) as many:
            read_figures(Span(first=date(2026, 1, 2), last=date(2026, 7, 20)))
    assert len(few) <= 11
    assert len(many) <= 12


@both
@pytest.mark.parametrize("days", [1, 180])
def test_goes_to_the_rows_of_a_day_by_an_index(app: Flask, days: int) -> None:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    table = live.table_of([bounds_of(first.date() + timedelta(days=number), UTC_ZONE) for number in range(days)])
    leading = ("ix_orders_mode_paid_at", "ix_refunds_created_at", "ix_money_lines_mode_created_at_id")
    with inside(app):
        for _facet, statement in live.statements(table):
            plan = plan_as_sent(statement)
            assert any(index in plan for index in leading), plan
