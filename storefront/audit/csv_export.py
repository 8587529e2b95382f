"""The audit log as CSV, safe to open in a spreadsheet."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from string import whitespace
from typing import Any

from storefront.audit.queries import Entry, Filter, read_all
from storefront.audit.record import record_reading_if_asked

COLUMNS = (
    "id", "at", "mode", "actor_kind", "actor", "client", "browser", "request_id",
    "verb", "subject_kind", "subject", "before", "after",
)  # fmt: skip
BLANKS = f"{whitespace}\0\u00a0\ufeff"
FORMULA_SIGNS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")  # the wide ones are the same to some spreadsheets
# Where the decimal sign is a comma, a spreadsheet parts a line at semicolons, whatever stands in quotes by commas.
_NEXT_CELL = re.compile(rf"(?<=[;\t])([{re.escape(BLANKS)}]*+)(?=[{re.escape(''.join(FORMULA_SIGNS))}])")
CELL_ENDS = ("\t", "\r", "\n")
BOM = "\ufeff"  # begins every CSV of the shop: without it a spreadsheet takes UTF-8 for its country's code page
AT_ONCE = 200  # lines in one piece that is sent


def export_audit_csv(chosen: Filter) -> Iterator[str]:
    """Write into the audit log that somebody takes it out, then return the file in pieces.

    What was looked for stays out of the entry: it may be an address or a key.
    """
    subject = "all" if chosen == Filter() else "a part"
    record_reading_if_asked("audit.exported", subject_kind="audit", subject=subject)
    return csv_pieces(read_all(chosen))


def csv_pieces(entries: Iterable[Entry]) -> Iterator[str]:
    lines = chain((BOM + csv_line(COLUMNS),), map(_line, entries))
    while piece := "".join(islice(lines, AT_ONCE)):
        yield piece


def _line(entry: Entry) -> str:
    return csv_line(
        (
            entry.id, entry.created_at.isoformat(), entry.mode, entry.actor_kind.value, entry.actor,
            entry.client, entry.browser, entry.request_id, entry.verb, entry.subject_kind, entry.subject,
            _json(entry.before), _json(entry.after),
        )
    )  # fmt: skip


def csv_line(cells: Iterable[object]) -> str:
    """Return one line of a file, with nothing in it that a spreadsheet would run."""
    out = io.StringIO()
    csv.writer(out).writerow([without_formula(str(cell)) for cell in cells])
    return out.getvalue()


def without_formula(text: str) -> str:
    """Put an apostrophe before what begins like a formula, also behind blanks and new lines: it would be run.

    And before a tab or a new line that begins a cell: some spreadsheets take what is behind it for the next one,
    as they do with what is behind a semicolon or a tab inside.
    """
    words = text.lstrip(BLANKS)
    is_risky = text.startswith(CELL_ENDS) or words.startswith(FORMULA_SIGNS)
    written = text.removesuffix(words) + _NEXT_CELL.sub(r"\1'", words)
    return f"'{written}" if is_risky else written


def _json(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False) if fields else ""
