"""Rows as a workbook, written row by row: amounts are numbers, days are days, and text is never a formula.

The one importer of `xlsxwriter`.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from storefront.core.errors import StorefrontError
from storefront.owner.accounting.rows import Amount, Cell

MOST_ROWS = 1_048_576  # of a sheet, its head included
LONGEST = 32_767  # characters in one cell
PLACES = {0: "0", 2: "0.00", 3: "0.000"}  # of the decimals of Stripe's minor units
WIDTH = 14  # of a column, in digits
# Rows are kept in a file, not in memory; and a text stays one, whatever it looks like.
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


class TooManyRows(StorefrontError):
    code = "too_many_rows"
    status = 400
    title = "That is too much for one sheet"


def write_xlsx(path: Path, title: str, header: Iterable[str], rows: Iterable[Iterable[Cell]]) -> None:
    """Write a workbook of one sheet.

    Raises:
        TooManyRows: a sheet cannot have so many; there is no file then.
        OSError: it cannot be written.
    """
    book = xlsxwriter.Workbook(str(path), OPTIONS)
    try:
        _fill(book, title, header, rows)
    except BaseException:
        with suppress(OSError):
            _close(book)  # or its own files stay
        path.unlink(missing_ok=True)
        raise
    _close(book)


def _close(book: Any) -> None:  # noqa: ANN401 - no types
    """Write the file. Raises OSError, which the library makes its own."""
    try:
        book.close()
    except FileCreateError as error:
        raise error.args[0] from error


def _fill(book: Any, title: str, header: Iterable[str], rows: Iterable[Iterable[Cell]]) -> None:  # noqa: ANN401 - no types
    looks: dict[Any, str] = {"date": "yyyy-mm-dd", "time": "hh:mm:ss", **PLACES}
    formats = {name: book.add_format({"num_format": look}) for name, look in looks.items()}
    head = book.add_format({"bold": True})
    sheet = book.add_worksheet(title)
    names = list(header)
    sheet.set_column(0, len(names) - 1, WIDTH)
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(names):
        sheet.write_string(0, column, name, head)
    for place, row in enumerate(rows, 1):
        if place >= MOST_ROWS:
            raise TooManyRows("A sheet holds 1,048,575 rows. Choose fewer days, or CSV.")
        for column, cell in enumerate(row):
            _write(sheet, place, column, cell, formats)


def _write(sheet: Any, row: int, column: int, cell: Cell, formats: dict[Any, Any]) -> None:  # noqa: ANN401 - no types
    match cell:
        case None | "":
            return
        case str():
            sheet.write_string(row, column, cell[:LONGEST])
        case Amount():
            sheet.write_number(row, column, float(cell.decimal), formats[cell.places])
        case date() | time():
            sheet.write_datetime(row, column, cell, formats["time" if isinstance(cell, time) else "date"])
        case int() | Decimal():
            sheet.write_number(row, column, float(cell))
