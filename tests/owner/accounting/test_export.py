"""The accountant's file: a row for each line, refund, dispute and payout, to the cent what Stripe booked."""

import tempfile
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from storefront.core import clock
from storefront.core.days import bounds_of
from storefront.owner.accounting import movements, xlsx_file
from storefront.owner.accounting.periods import time_of
from storefront.owner.accounting.rows import COLUMNS
from storefront.owner.accounting.shares import shares
from storefront.owner.figures.spans import Span
from storefront.owner.people.models import Role
from storefront.payments.money.take_in import take_in_newest
from tests.owner.accounting.reading import Row, parse, read_file, sums_at_stripe, sums_of, these_days
from tests.payments.reconcile.sales import run
from tests.support.databases import BOTH
from tests.support.goods import change_product, make_edition
from tests.support.people import make_person, sign_in_at_admin
from tests.support.plans import plan_as_sent
from tests.support.rows import change_rows, read_rows
from tests.support.sale import number_of, sell, take_free
from tests.support.sandbox_client import SandboxClient

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
BOOK = ("the-patient-toolmaker", "")
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def amounts(row: Row, *names: str) -> tuple[str, ...]:
    return tuple(row[name] for name in names)


def kind(row: Row) -> str:
    """To put in order what happened in the same second."""
    return row["kind"]


@both
def test_has_a_row_for_each_line_refund_dispute_and_payout(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(movements, "BATCH", 2)
    make_edition(app, "twinspot", "Yen", 3000, "jpy")
    first = sell(app, sandbox, ("twinspot", "Personal"), BOOK)
    sell(app, sandbox, ("twinspot", "Yen"))
    disputed = sell(app, sandbox)
    take_free(app, sandbox)
    first.refund(amount=500)
    first.deliver("refund.")
    disputed.at_charge("dispute", status="won")
    run(app)
    sandbox.advance(7 * 86_400)
    sandbox.control("payouts")
    run(app)
    rows = read_file(app)
    assert sums_of(rows) == sums_at_stripe(sandbox)
    kinds = [row["kind"] for row in rows]
    assert sorted(kinds) == sorted(["sale"] * 5 + ["refund", "dispute", "dispute_reversal"] + ["payout"] * 2)
    assert [(row["date"], row["time"]) for row in rows] == sorted((row["date"], row["time"]) for row in rows)
    tool, book = [row for row in rows if row["order"] == number_of(first) and row["kind"] == "sale"]
    assert amounts(tool, "product", "edition", "quantity", "currency") == ("Twinspot", "Personal", "1", "usd")
    assert amounts(tool, "gross", "discount", "net", "tax", "total") == ("19.00", "0.00", "19.00", "0.00", "19.00")
    assert Decimal(tool["fee"]) + Decimal(book["fee"]) == Decimal("1.26")
    assert tool["balance_transaction"] == book["balance_transaction"]
    assert tool["payout"].startswith("po_")
    assert tool["payout_arrives"]
    (yen,) = [row for row in rows if row["currency"] == "jpy"]
    assert amounts(yen, "gross", "total", "settled") == ("3000", "3000", "3000")
    (refund,) = [row for row in rows if row["kind"] == "refund"]
    assert amounts(refund, "order", "total", "settled", "fee") == (number_of(first), "-5.00", "-5.00", "0.00")
    (dispute,) = [row for row in rows if row["kind"] == "dispute"]
    assert amounts(dispute, "total", "tax", "fee", "settled_net") == ("-19.00", "", "15.00", "-34.00")
    (free,) = [row for row in rows if row["booked"] == "free"]
    assert amounts(free, "total", "fee", "settled") == ("0.00", "", "")


def test_leaves_a_fee_empty_that_stripe_has_not_told(app: Flask, sandbox: SandboxClient) -> None:
    sandbox.control("config", fees_after_seconds=3600)
    sale = sell(app, sandbox)
    sale.refund(amount=500)
    sale.deliver("refund.")
    refund, row = sorted(read_file(app), key=kind)
    assert amounts(row, "kind", "total", "fee", "settled", "booked") == ("sale", "19.00", "", "", "not yet")
    assert amounts(refund, "kind", "total", "fee", "booked") == ("refund", "-5.00", "", "not yet")
    sandbox.advance(3600)
    run(app)
    refund, known = sorted(read_file(app), key=kind)
    assert amounts(known, "fee", "settled_net", "booked") == ("0.85", "18.15", "yes")
    assert refund["booked"] == "yes"


def test_says_the_rate_where_the_account_has_another_currency(app: Flask, sandbox: SandboxClient) -> None:
    sandbox.control("config", settles_in="eur")
    sale = sell(app, sandbox, ("twinspot", "Personal"), BOOK)
    sale.refund()
    sale.deliver("refund.")
    run(app)
    rows = read_file(app)
    assert sums_of(rows) == sums_at_stripe(sandbox)
    assert {row["exchange_rate"] for row in rows} == {"0.925926"}
    assert {(row["currency"], row["settled_currency"]) for row in rows} == {("usd", "eur")}


def test_has_what_other_programs_booked_without_an_order(app: Flask, sandbox: SandboxClient) -> None:
    params: Any = {"amount": 500, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    params |= {"return_url": "https://example.com/back"}
    sandbox.stripe.v1.payment_intents.create(params)
    with app.app_context():
        take_in_newest()
    (row,) = read_file(app)
    assert amounts(row, "order", "kind", "total", "settled") == ("", "charge", "", "5.00")


def test_begins_and_ends_with_days_of_the_shop(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    run(app)
    tokyo = ZoneInfo("Asia/Tokyo")
    day = date(2026, 3, 2)
    for moment, is_in in ((0, True), (-1, False), (86_399, True), (86_400, False)):
        at = bounds_of(day, tokyo).starts_at + timedelta(seconds=moment)
        change_rows(app, f"UPDATE money_lines SET created_at = '{at:%Y-%m-%d %H:%M:%S.%f}'")
        rows = read_file(app, Span(first=day, last=day), tokyo)
        assert [row["date"] for row in rows] == (["2026-03-02"] if is_in else [])


def test_runs_no_formula_of_a_product_and_keeps_numbers(app: Flask, sandbox: SandboxClient) -> None:
    change_product(app, "twinspot", name="=1+1")
    sale = sell(app, sandbox)
    sale.refund()
    sale.deliver("refund.")
    run(app)
    refund, row = sorted(read_file(app), key=kind)
    assert row["product"] == "'=1+1"
    assert refund["total"] == "-19.00"


def test_writes_csv_and_workbooks_as_spreadsheets_want_them(app: Flask, sandbox: SandboxClient) -> None:
    change_product(app, "twinspot", name="=Döner")
    sale = sell(app, sandbox)
    sale.refund()
    sale.deliver("refund.")
    run(app)
    browser = sign_in_at_admin(app, make_person(app, "acc@example.com", Role.ACCOUNTANT))
    today = clock.now().date().isoformat()
    asked = f"/admin/accounting/export?first={today}&last={today}"
    answer = browser.get(f"{asked}&separator=semicolon&decimal=comma")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.data.startswith(b"\xef\xbb\xbfdate;time;order")
    assert sorted(row["total"] for row in parse(answer.data.decode(), ";")) == ["-19,00", "19,00"]
    answer = browser.get(f"{asked}&format=xlsx")
    assert f"accounting-sandbox-{today}-{today}.xlsx" in answer.headers["Content-Disposition"]
    cells = read_sheet(answer.data)
    assert [text for text, _is_text in cells[0]] == list(COLUMNS)
    assert {("=Döner", True), ("19", False), ("-19", False)} <= {*cells[1], *cells[2]}
    entries = read_rows(app, "SELECT subject, after FROM audit_entries WHERE verb = 'accounting.exported'")
    assert [entry["subject"] for entry in entries] == [f"{today} to {today}"] * 2


def test_says_what_to_do_where_no_temporary_file_can_be_made(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = sign_in_at_admin(app, make_person(app, "acc@example.com", Role.ACCOUNTANT))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    answer = browser.get("/admin/accounting/export?format=xlsx")
    assert answer.status_code == 507
    assert f"Temporary files cannot be written in {tmp_path}/missing (No such file or directory)" in answer.text


def read_sheet(data: bytes) -> list[list[tuple[str, bool]]]:
    """Each row's cells: what is in them, and whether they are text. A formula would be an element of its own."""
    with ZipFile(BytesIO(data)) as book:
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314 - written by us
    assert sheet.find(f".//{SHEET}f") is None
    return [
        [("".join(cell.itertext()), cell.get("t") == "inlineStr") for cell in row.iter(f"{SHEET}c")]
        for row in sheet.iter(f"{SHEET}row")
    ]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("first=soon", "Write days like"),
        ("first=2026-02-02&last=2026-02-01", "swap"),
        ("format=pdf", "Choose csv or xlsx"),
        ("separator=dot", "Choose comma, semicolon, tab"),
    ],
)
def test_says_what_it_cannot_write(app: Flask, asked: str, words: str) -> None:
    answer = sign_in_at_admin(app, make_person(app)).get(f"/admin/accounting/export?{asked}")
    assert answer.status_code == 400
    assert words in answer.text
    assert read_rows(app, "SELECT 1 FROM audit_entries WHERE verb = 'accounting.exported'") == []


def test_keeps_what_was_typed_when_it_is_refused(app: Flask) -> None:
    asked = "first=2026-02-02&last=2026-02-01&separator=tab&decimal=comma&format=xlsx"
    page = sign_in_at_admin(app, make_person(app)).get(f"/admin/accounting/export?{asked}").text
    for kept in ('"2026-02-02"', '"2026-02-01"', '"tab" selected', '"comma" selected', '"xlsx" selected'):
        assert f"value={kept}" in page


def test_refuses_what_no_sheet_can_hold(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(app, sandbox)
    monkeypatch.setattr(xlsx_file, "MOST_ROWS", 1)
    today = clock.now().date().isoformat()
    browser = sign_in_at_admin(app, make_person(app))
    answer = browser.get(f"/admin/accounting/export?first={today}&last={today}&format=xlsx")
    assert answer.status_code == 400
    assert "Choose fewer days, or CSV" in answer.text


@both
def test_goes_to_each_batch_by_an_index(app: Flask) -> None:
    time = time_of(these_days(), ZoneInfo("UTC"))
    after = (datetime(2026, 3, 1, tzinfo=ZoneInfo("UTC")), 1)
    with app.app_context():
        asked = {
            "ix_money_lines_mode_created_at_id": movements.select_booked(time, (after[0], "txn_1")),
            "ix_orders_mode_paid_at": movements.select_unbooked_sales(time, after),
            "ix_refunds_created_at": movements.select_unbooked_refunds(time, (after[0], "re_1")),
        }
        for index, statement in asked.items():
            assert index in plan_as_sent(statement)


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        (100, [1, 1, 1], [33, 34, 33]),
        (-100, [1, 1, 1], [-33, -34, -33]),
        (85, [1900, 1400], [49, 36]),
        (0, [0, 0], [0, 0]),
        (5, [0, 0], [5, 0]),
    ],
)
def test_splits_to_the_smallest_unit(amount: int, weights: list[int], parts: list[int]) -> None:
    assert shares(amount, weights) == parts


def test_takes_a_dispute_in_another_currency_for_none_of_the_sales(app: Flask, sandbox: SandboxClient) -> None:
    sandbox.control("config", settles_in="eur")
    sell(app, sandbox).at_charge("dispute", status="needs_response")
    run(app)
    change_rows(app, "UPDATE disputes SET currency = 'eur', amount_minor = 1761")
    (dispute,) = [row for row in read_file(app) if row["kind"] == "dispute"]
    assert amounts(dispute, "currency", "total", "settled_currency") == ("", "", "eur")
