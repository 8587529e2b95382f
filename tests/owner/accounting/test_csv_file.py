"""Cells of CSV: numbers of every currency with either sign, and text that no spreadsheet runs."""

from datetime import date, time
from decimal import Decimal

import pytest

from storefront.audit.csv_export import BOM
from storefront.owner.accounting.csv_file import CsvForm, DecimalSign, Separator, csv_pieces
from storefront.owner.accounting.rows import Amount, Cell

POINTS = CsvForm()
COMMAS = CsvForm(separator=Separator.SEMICOLON, decimal_sign=DecimalSign.COMMA)


def written(cell: Cell, form: CsvForm) -> str:
    _head, line = "".join(csv_pieces(["cell"], [[cell, "end"]], form)).removeprefix(BOM).splitlines()
    return line.removesuffix(",end").removesuffix(";end")


@pytest.mark.parametrize(
    ("cell", "points", "commas"),
    [
        (Amount(minor=-12345, currency="usd"), "-123.45", "-123,45"),
        (Amount(minor=3000, currency="jpy"), "3000", "3000"),
        (Amount(minor=12340, currency="kwd"), "12.340", "12,340"),
        (Amount(minor=-5, currency="eur"), "-0.05", "-0,05"),
        (Decimal("0.925926"), "0.925926", "0,925926"),
        (Decimal("25.5"), "25.5", "25,5"),
        (date(2026, 11, 28), "2026-11-28", "2026-11-28"),
        (time(9, 5), "09:05:00", "09:05:00"),
        (2, "2", "2"),
        (None, "", ""),
    ],
)
def test_writes_numbers_and_days(cell: Cell, points: str, commas: str) -> None:
    assert (written(cell, POINTS), written(cell, COMMAS)) == (points, commas)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\ufeff=1", "\tcmd", "\r=1", "\n=1"])
def test_runs_no_text(text: str) -> None:
    piece = "".join(csv_pieces(["cell"], [[text]], POINTS))
    assert f"'{text}" in piece


def test_quotes_what_holds_the_separator() -> None:
    assert written("a,b", POINTS) == '"a,b"'
    assert written("a,b", COMMAS) == "a,b"
    assert written(Amount(minor=150, currency="eur"), CsvForm(decimal_sign=DecimalSign.COMMA)) == '"1,50"'
