"""The cells of a file of keys: one delimiter for the whole file, and for each record the line it starts on."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

DELIMITERS = (",", ";", "\t")
FORCED = ",;\t|:"  # what a first line `sep=` may name
SEPARATOR_LINE = re.compile(r'"?sep=([^"\r\n])"?[ \t]*(?=\r|\n|$)', re.IGNORECASE)  # as Excel writes it


class UnreadableTable(Exception):
    """Says which line, and why."""


@dataclass(frozen=True, slots=True)
class Record:
    """`number` counts lines from 1, as an editor shows them."""

    number: int
    cells: list[str]

    @property
    def is_blank(self) -> bool:
        return not any(cell.strip() for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Table:
    """`uneven` maps a line to the number of its cells where that is not `width`; a list has a width of 1."""

    records: list[Record]
    comments: tuple[tuple[int, str], ...]  # the line's number, and what it says
    width: int
    uneven: dict[int, int]


@dataclass(slots=True)
class _Lines:
    """For csv.reader: leaves out comments, but no line inside a quoted cell that looks like one."""

    text: str
    skip: int
    is_between: bool = True  # the next line begins a record
    start: int = 1  # the line on which the record in hand begins
    comments: list[tuple[int, str]] = field(default_factory=list)

    def __iter__(self) -> Iterator[str]:
        for number, line in enumerate(io.StringIO(self.text, newline=""), start=1):
            if number <= self.skip:
                continue
            if self.is_between and line.startswith("#"):
                self.comments.append((number, line.strip()))
                continue
            if self.is_between:
                self.start, self.is_between = number, False
            yield line


def _parse(lines: _Lines, delimiter: str) -> Iterator[Record]:
    # Strict: a quote that is never closed would swallow every line after it.
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise UnreadableTable(f"Line {lines.start} cannot be read: {error}.") from error
        if cells is None:
            return
        yield Record(lines.start, cells)
        lines.is_between = True


def _first_record(text: str, delimiter: str) -> list[str]:
    """Empty where this delimiter does not fit the quotes of the first record."""
    try:
        records = _parse(_Lines(text, 0), delimiter)
        return next((record.cells for record in records if not record.is_blank), [])
    except UnreadableTable:
        return []


def _choose(text: str, names_keys: Callable[[str], bool]) -> str | None:
    """By the first record: what makes columns of it, best with one that is named. None: a plain list."""
    found = {delimiter: _first_record(text, delimiter) for delimiter in DELIMITERS}
    columns = [delimiter for delimiter in DELIMITERS if len(found[delimiter]) > 1]
    named = [delimiter for delimiter in columns if any(map(names_keys, found[delimiter]))]
    return max(named or columns, key=lambda delimiter: len(found[delimiter]), default=None)


def read_table(text: str, *, names_keys: Callable[[str], bool]) -> Table:
    """`names_keys` says whether a cell is the heading of a column of keys.

    In a plain list, a record that any delimiter would split is uneven: it belongs into quotes, or is no key.

    Raises:
        UnreadableTable: quotes that do not fit, or a cell larger than any key.
    """
    forced = SEPARATOR_LINE.match(text)
    if forced and forced[1] not in FORCED:
        raise UnreadableTable("Line 1 names a separator that is none.")
    skip = 1 if forced else 0
    chosen = forced[1] if forced else _choose(text, names_keys)
    lines = _Lines(text, skip)
    records = list(_parse(lines, chosen or DELIMITERS[0]))
    width = next((len(record.cells) for record in records if not record.is_blank), 0)
    others = () if chosen else DELIMITERS[1:]
    tables = [records, *(list(_parse(_Lines(text, skip), other)) for other in others)]
    uneven = {
        record.number: len(record.cells)
        for table in reversed(tables)
        for record in table
        if not record.is_blank and len(record.cells) != width
    }
    return Table(records, tuple(lines.comments), width, uneven)
