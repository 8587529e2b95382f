"""Rows as CSV, as spreadsheets of a country read it: separator, decimal sign, and UTF-8 that says so."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import StrEnum

from storefront.audit.csv_export import BOM, without_formula
from storefront.core.errors import StorefrontError
from storefront.owner.accounting.rows import Amount, Cell

AT_ONCE = 200  # rows in one piece that is sent


class Separator(StrEnum):
    COMMA = "comma"
    SEMICOLON = "semicolon"
    TAB = "tab"


class DecimalSign(StrEnum):
    POINT = "point"
    COMMA = "comma"


_SEPARATORS = {Separator.COMMA: ",", Separator.SEMICOLON: ";", Separator.TAB: "\t"}


class FormRefused(StorefrontError):
    code = "file_form_refused"
    status = 400
    title = "There is no such file"


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvForm:
    separator: Separator = Separator.COMMA
    decimal_sign: DecimalSign = DecimalSign.POINT


def read_csv_form(separator: str, decimal_sign: str) -> CsvForm:
    """Read the two words; nothing is a comma between cells and a point in amounts. Raises FormRefused."""
    try:
        return CsvForm(
            separator=Separator(separator or Separator.COMMA),
            decimal_sign=DecimalSign(decimal_sign or DecimalSign.POINT),
        )
    except ValueError as error:
        raise FormRefused(
            f"Choose {', '.join(Separator)} between cells, and {' or '.join(DecimalSign)} in amounts."
        ) from error


def csv_pieces(header: Iterable[str], rows: Iterable[Iterable[Cell]], form: CsvForm) -> Iterator[str]:
    """Yield the file in pieces of some hundred lines. Numbers stay numbers, also those below zero."""
    out = io.StringIO()
    out.write(BOM)
    writer = csv.writer(out, delimiter=_SEPARATORS[form.separator])
    writer.writerow(header)
    for place, row in enumerate(rows, 1):
        writer.writerow([_text(cell, form) for cell in row])
        if place % AT_ONCE == 0:
            yield _emptied(out)
    yield _emptied(out)


def _emptied(out: io.StringIO) -> str:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text


def _text(cell: Cell, form: CsvForm) -> str:
    match cell:
        case None:
            return ""
        case str():
            return without_formula(cell)
        case Amount():
            return _number(cell.decimal, cell.places, form)
        case Decimal():
            return _number(cell, None, form)
        case date() | time():
            return cell.isoformat()
        case int():
            return str(cell)


def _number(value: Decimal, places: int | None, form: CsvForm) -> str:
    text = f"{value:f}" if places is None else f"{value:.{places}f}"
    return text.replace(".", ",") if form.decimal_sign is DecimalSign.COMMA else text
