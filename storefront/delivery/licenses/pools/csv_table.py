"""The cells of a file of keys: one delimiter for the whole file, and for each record the line it starts on."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

DELIMITERS = (",", ";", "\t")
FORCED = ",;\t|:"  # what a first line `sep=` may name
# Keys, comments or blank ones: on SQLite every sale waits while the keys of one file are written, and memory has
# an end.
MOST_LINES = 100_000
SEPARATOR_LINE = re.compile(r'"?sep=([^"\r\n])"?[ \t]*(?=\r|\n|$)', re.IGNORECASE)  # as Excel writes it


class UnreadableTable(Exception):
    """Says which line, and why."""


class TooManyLines(Exception):
    """More than `MOST_LINES`, of one kind."""


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

    @property
    def filled(self) -> list[Record]:
        return [record for record in self.records if not record.is_blank]

    @property
    def blanks(self) -> tuple[int, ...]:
        return tuple(record.number for record in self.records if record.is_blank)

    @property
    def first_number(self) -> int:
        return next((record.number for record in self.filled), 1)

    @property
    def first_cells(self) -> list[str]:
        """Return what the first filled line says: the headings, where it has any."""
        return _first_cells(self.records)


def _first_cells(records: Iterable[Record]) -> list[str]:
    return next((record.cells for record in records if not record.is_blank), [])


@dataclass(slots=True)
class _Lines:
    """Lines for csv.reader: without comments, but with a line inside a quoted cell that looks like one."""

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
                self._add_comment(number, line)
                continue
            if self.is_between:
                self.start, self.is_between = number, False
            yield line

    def _add_comment(self, number: int, line: str) -> None:
        if len(self.comments) == MOST_LINES:
            raise TooManyLines
        self.comments.append((number, line.strip()))


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
    """Return its cells, or none where this delimiter does not fit its quotes."""
    try:
        return _first_cells(_parse(_Lines(text, 0), delimiter))
    except UnreadableTable:
        return []


def _choose(text: str, names_keys: Callable[[str], bool]) -> str | None:
    """Return the delimiter that makes columns of the first record, best with a named one. None: a plain list."""
    cells = {delimiter: _first_record(text, delimiter) for delimiter in DELIMITERS}
    columns = [delimiter for delimiter in DELIMITERS if len(cells[delimiter]) > 1]
    named = [delimiter for delimiter in columns if any(map(names_keys, cells[delimiter]))]
    return max(named or columns, key=lambda delimiter: len(cells[delimiter]), default=None)


def read_table(text: str, *, names_keys: Callable[[str], bool]) -> Table:
    """Return the cells of a file. `names_keys` says whether a cell is the heading of a column of keys.

    In a plain list, a record that any delimiter would split is uneven: it belongs into quotes, or is no key.

    Raises:
        UnreadableTable: quotes that do not fit, or a cell larger than any key.
        TooManyLines: more than `MOST_LINES` records below the heading, blank ones, or comments.
    """
    forced = _forced_delimiter(text)
    delimiter = forced or _choose(text, names_keys)
    skip = 1 if forced else 0
    lines = _Lines(text, skip)
    records = list(_bounded(_parse(lines, delimiter or DELIMITERS[0]), names_keys))
    width = len(_first_cells(records))
    uneven = _find_uneven(records, width)
    if delimiter is None:
        uneven = _find_uneven_in_list(text, skip, width) | uneven
    return Table(records, tuple(lines.comments), width, uneven)


def _bounded(records: Iterable[Record], names_keys: Callable[[str], bool]) -> Iterator[Record]:
    """Yield them while there are no more than `MOST_LINES` of them with cells, and none. A heading is no key."""
    counts = {True: 0, False: 0}  # by whether they are blank
    has_begun = False
    for record in records:
        is_heading = not (has_begun or record.is_blank) and any(map(names_keys, record.cells))
        has_begun = has_begun or not record.is_blank
        counts[record.is_blank] += not is_heading
        if counts[record.is_blank] > MOST_LINES:
            raise TooManyLines
        yield record


def _forced_delimiter(text: str) -> str | None:
    """Return what a first line `sep=` names, or None where there is no such line."""
    line = SEPARATOR_LINE.match(text)
    if line is None:
        return None
    if line[1] not in FORCED:
        raise UnreadableTable("Line 1 names a separator that is none.")
    return line[1]


def _find_uneven(records: Iterable[Record], width: int) -> dict[int, int]:
    """Return the number of cells by line, where it is not `width`."""
    filled = (record for record in records if not record.is_blank)
    return {record.number: len(record.cells) for record in filled if len(record.cells) != width}


def _find_uneven_in_list(text: str, skip: int, width: int) -> dict[int, int]:
    """Return the lines of a plain list that another delimiter than the first one would split."""
    uneven: dict[int, int] = {}
    for delimiter in reversed(DELIMITERS[1:]):
        uneven |= _find_uneven(_parse(_Lines(text, skip), delimiter), width)
    return uneven
