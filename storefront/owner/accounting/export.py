"""The file for the accountant: of some days, as CSV that is sent while it is read, or as a workbook."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from storefront.audit.record import record_reading_if_asked
from storefront.core.runtime import settings
from storefront.owner.accounting.csv_file import CsvForm, csv_pieces
from storefront.owner.accounting.movements import read_movements
from storefront.owner.accounting.oss import CSV_COLUMNS, oss_cells, read_oss
from storefront.owner.accounting.periods import Quarter, time_of
from storefront.owner.accounting.rows import COLUMNS, Cell, cells_of, rows_of
from storefront.owner.figures.spans import Span


class FileFormat(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


OSS = "oss"  # what the audit log calls the file of the EU's one-stop shop, beside the formats


def export_csv(span: Span, zone: ZoneInfo, form: CsvForm) -> Iterator[str]:
    """Write into the audit log that somebody takes these days out, then return the file in pieces."""
    _note("days", _days(span), FileFormat.CSV.value)
    return csv_pieces(COLUMNS, _cells(span, zone), form)


def export_xlsx(span: Span, zone: ZoneInfo, path: Path) -> None:
    """Do the same as a workbook at `path`. Raises TooManyRows."""
    from storefront.owner.accounting.xlsx_file import write_xlsx  # noqa: PLC0415 - few processes write one

    _note("days", _days(span), FileFormat.XLSX.value)
    write_xlsx(path, "Accounting", COLUMNS, _cells(span, zone))


def export_oss_csv(quarter: Quarter, zone: ZoneInfo, form: CsvForm) -> Iterator[str]:
    """Do the same of what was sold across the EU in a quarter, as CSV."""
    _note("quarter", str(quarter), OSS)
    return csv_pieces(CSV_COLUMNS, oss_cells(read_oss(quarter, zone)), form)


def file_name(span: Span, ending: str) -> str:
    return f"accounting-{settings().mode.value}-{span.first.isoformat()}-{span.last.isoformat()}.{ending}"


def _cells(span: Span, zone: ZoneInfo) -> Iterator[Iterator[Cell]]:
    for movement in read_movements(time_of(span, zone)):
        for row in rows_of(movement, zone):
            yield cells_of(row)


def _days(span: Span) -> str:
    return f"{span.first.isoformat()} to {span.last.isoformat()}"


def _note(subject_kind: str, subject: str, name: str) -> None:
    record_reading_if_asked(
        "accounting.exported", subject_kind=subject_kind, subject=subject, after={"format": name}
    )
