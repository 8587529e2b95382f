"""What was sold across the EU in a quarter: by country and rate, corrected by what was refunded later."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.core import clock
from storefront.owner.accounting.oss import OssLine
from storefront.owner.accounting.periods import Quarter, QuarterRefused, quarter_of, read_days, read_quarter
from tests.cli.commands import done, read_json, refused
from tests.owner.accounting.reading import parse, read_quarter_of
from tests.payments.reconcile.sales import run
from tests.support.databases import BOTH
from tests.support.goods import change_product
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
Said = list[tuple[str, str, int, int]]


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return environment | {"STRIPE_TAX": "true"}


def now() -> Quarter:
    return quarter_of(clock.now().date())


def before(quarter: Quarter) -> Quarter:
    return read_quarter("", today=quarter.span.first)


def said(lines: tuple[OssLine, ...]) -> Said:
    return [(str(line.of), line.country, line.taxable.minor, line.tax.minor) for line in lines]


def sell_to(app: Flask, sandbox: SandboxClient, country: str, **how: Any) -> Sale:
    change_product(app, "twinspot", tax_code="txcd_10202003", tax_behavior="exclusive")
    return sell(app, sandbox, country=country, **how)


def make_old(app: Flask, sale: Sale) -> None:
    """As if it had been paid, and booked, a quarter ago."""
    moment = datetime.combine(before(now()).span.first, datetime.min.time())
    at = f"'{moment:%Y-%m-%d} 12:00:00.000000'"
    intent = f"payment_intent_id = '{sale.payment().id}'"
    change_rows(
        app,
        f"UPDATE orders SET paid_at = {at}, placed_at = {at} WHERE {intent}",
        f"UPDATE money_lines SET created_at = {at} WHERE kind = 'charge' AND {intent}",
    )


@both
def test_sums_by_country_and_corrects_an_earlier_quarter(app: Flask, sandbox: SandboxClient) -> None:
    french, german = (sell_to(app, sandbox, country) for country in ("FR", "DE"))
    sell_to(app, sandbox, "DE").refund(amount=1000)
    sell_to(app, sandbox, "CH")
    sell_to(app, sandbox, "FR", tax_id={"type": "eu_vat", "value": "FR000000000"})
    run(app)
    make_old(app, french)
    french.refund()
    german.deliver("refund.")
    french.deliver("refund.")
    run(app)
    oss = read_quarter_of(app, now())
    this, last = str(now()), str(before(now()))
    assert said(oss.supplies) == [(this, "DE", 1900 * 2 - 840, 361 * 2 - 160)]
    assert [line.rate for line in oss.supplies] == [Decimal(19)]
    assert said(oss.corrections) == [(last, "FR", -1900, -380)]
    assert said(oss.reverse_charge) == [(this, "FR", 1900, 0)]
    assert (oss.untaxed, oss.unbooked) == ((), 0)
    assert said(read_quarter_of(app, before(now())).supplies) == [(last, "FR", 1900, 380)]


def test_counts_in_the_currency_of_the_account_what_it_has_booked(app: Flask, sandbox: SandboxClient) -> None:
    sandbox.control("config", settles_in="eur")
    sell_to(app, sandbox, "DE")
    waiting = read_quarter_of(app, now())
    assert (waiting.unbooked, waiting.supplies) == (1, ())
    run(app)
    (line,) = read_quarter_of(app, now()).supplies
    assert (line.taxable.currency, line.taxable.minor, line.tax.minor) == ("eur", 1759, 334)


def test_says_what_was_sold_without_tax(app: Flask, sandbox: SandboxClient) -> None:
    sell_to(app, sandbox, "HU")  # not in the sandbox's table
    run(app)
    oss = read_quarter_of(app, now())
    assert [line[1:] for line in said(oss.untaxed)] == [("HU", 1900, 0)]
    assert oss.supplies == ()


def test_keeps_what_bears_no_tax_out_of_what_does(app: Flask, sandbox: SandboxClient) -> None:
    """An order of two things, of which Stripe Tax takes tax for the cheaper one alone; half of it was refunded."""
    sale = sell_to(app, sandbox, "FR")
    sale.refund(amount=1040)
    sale.deliver("refund.")
    run(app)
    assert read_rows(app, "SELECT total_minor, tax_minor FROM orders") == [{"total_minor": 2280, "tax_minor": 380}]
    change_rows(
        app,
        "UPDATE orders SET total_minor = 2080, tax_minor = 180,"
        """ taxes = replace(replace(taxes, ': 1900', ': 900'), ': 380', ': 180')""",
    )
    oss = read_quarter_of(app, now())
    assert [line[1:] for line in said(oss.supplies)] == [("FR", 450, 90)]
    assert [line[1:] for line in said(oss.untaxed)] == [("FR", 500, 0)]


def test_leaves_an_entry_for_each_file_that_is_taken_out(app: Flask) -> None:
    browser = sign_in_at_admin(app, make_person(app))
    for _twice in range(2):
        assert browser.get("/admin/accounting/oss.csv?quarter=2026-Q3").status_code == 200
    for wrong in ("quarter=spring", "quarter=2026-Q3&separator=dot"):
        assert browser.get(f"/admin/accounting/oss.csv?{wrong}").status_code == 400
    browser.get("/admin/accounting?quarter=2026-Q3")  # shown, and not taken out
    entries = read_rows(
        app, "SELECT subject_kind, subject, after FROM audit_entries WHERE verb = 'accounting.exported'"
    )
    assert [(entry["subject_kind"], entry["subject"]) for entry in entries] == [("quarter", "2026-Q3")] * 2
    assert all("oss" in str(entry["after"]) for entry in entries)


def test_shows_and_prints_the_same(app: Flask, sandbox: SandboxClient, command: CliRunner) -> None:
    sell_to(app, sandbox, "FR")
    run(app)
    quarter = str(now())
    browser = sign_in_at_admin(app, make_person(app))
    page = browser.get(f"/admin/accounting?quarter={quarter}").text
    assert f"Sold in {quarter}" in page
    assert "$3.80" in page
    assert "no tax advice" in page
    (row,) = parse(browser.get(f"/admin/accounting/oss.csv?quarter={quarter}&separator=tab").text, "\t")
    assert (row["kind"], row["country"], row["rate"], row["tax"]) == ("supplies", "FR", "20", "3.80")
    (line,) = read_json(command, "accounting", "oss", quarter)["supplies"]
    assert (line["country"], line["taxable_minor"], line["tax_minor"]) == ("FR", 1900, 380)
    assert "taxable $19.00, tax $3.80" in done(command, "accounting", "oss", quarter)
    assert "Write a quarter like" in refused(command, "accounting", "oss", "spring")
    answer = browser.get("/admin/accounting?quarter=spring")
    assert answer.status_code == 400
    assert "Write a quarter like" in answer.text
    assert 'value="spring"' in answer.text


def test_reads_quarters_and_months() -> None:
    today = date(2027, 1, 15)
    assert str(read_quarter("", today=today)) == "2026-Q4"
    assert read_quarter("2026q2", today=today) == Quarter(year=2026, number=2)
    spans = [Quarter(year=2026, number=number).span for number in range(1, 5)]
    assert [(span.first.month, span.last.isoformat()) for span in spans] == [
        (1, "2026-03-31"),
        (4, "2026-06-30"),
        (7, "2026-09-30"),
        (10, "2026-12-31"),
    ]
    assert read_days("", "", today=today).first == date(2026, 12, 1)
    for typed in ("2026-Q5", "26-Q1", "Q4"):
        with pytest.raises(QuarterRefused):
            read_quarter(typed, today=today)


def test_ends_a_quarter_where_the_shop_is(app: Flask, sandbox: SandboxClient) -> None:
    sell_to(app, sandbox, "DE")
    run(app)
    change_rows(app, "UPDATE money_lines SET created_at = '2026-06-30 22:30:00.000000'")
    summer, spring = Quarter(year=2026, number=3), Quarter(year=2026, number=2)
    berlin = ZoneInfo("Europe/Berlin")
    assert len(read_quarter_of(app, summer, berlin).supplies) == 1
    assert read_quarter_of(app, spring, berlin).supplies == ()
    assert len(read_quarter_of(app, spring).supplies) == 1
