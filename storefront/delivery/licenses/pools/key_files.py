"""A file of license keys: one a line, or CSV. Every line that cannot be used is named with its reason.

Nothing is guessed: a file with several columns names the one with the keys, or is refused.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from storefront.core.data_keys import SEALED
from storefront.core.errors import StorefrontError
from storefront.delivery.licenses.keys import MAX_KEY_LENGTH, exact_form, hash_exact, hint, normal_form
from storefront.delivery.licenses.pools.csv_table import (
    DELIMITERS,
    MOST_LINES,
    Record,
    Table,
    TooManyLines,
    UnreadableTable,
    read_table,
)
from storefront.delivery.licenses.pools.damaged_keys import (
    find_cut,
    find_damage,
    find_shortened,
    find_split_number,
    is_error_value,
)
from storefront.delivery.licenses.pools.headings import find_heading, is_heading
from storefront.delivery.licenses.pools.sold_elsewhere import find_sold_elsewhere

MAX_BYTES = 20 * 1024 * 1024
MIN_LENGTH = 4
UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # its byte order marks
MARK = "\ufeff"  # the byte order mark, decoded
IS_HEADING = "it is a heading, not a key"
JSON = ("{", "[")  # how it begins, and keys hardly do
TRUNCATED = ("unexpected end of data", "truncated data")  # as Python calls a letter that is cut


class KeyFileRefused(StorefrontError):
    code = "key_file_refused"
    title = "This file of keys cannot be read"


@dataclass(frozen=True, slots=True)
class KeyLine:
    """`number` counts from 1, as an editor shows it."""

    number: int
    key: str
    key_hash: str


@dataclass(frozen=True, slots=True)
class Problem:
    """`is_doubt`: it may be meant, and `as_is` takes it."""

    number: int
    text: str
    is_doubt: bool = False


@dataclass(frozen=True, slots=True)
class KeyFile:
    """`blanks` and `comments` are the numbers of lines that were left out.

    `headings` are lines that are no keys, and could be imported as such when the shop knew fewer headings.
    """

    keys: tuple[KeyLine, ...]
    blanks: tuple[int, ...]
    comments: tuple[int, ...]
    problems: tuple[Problem, ...]
    headings: tuple[KeyLine, ...] = ()


def read_keys(content: bytes, *, column: str | None = None, as_is: bool = False) -> KeyFile:
    """Return the keys of a file. `column` is the heading of the keys where it is none of the known ones.

    What looks like another program's damage is a problem, unless it is to be taken `as_is`.

    Left out: blank lines, lines that begin with `#`, and Excel's `sep=;`.

    Raises:
        KeyFileRefused: not text, not CSV, or larger than any list of keys.
    """
    names_keys = is_heading if column is None else _is_called(column)
    text = _decode(content)
    table = _read_table(text, names_keys)
    headings = [place for place, cell in enumerate(table.first_cells) if names_keys(cell)]
    why = _why_no_column(headings, table, column)
    if why is not None:
        return _key_file(table, [], [Problem(table.first_number, why)])
    keys, problems = _read_rows(table, headings)
    doubts = [] if as_is else _find_doubts(table, keys, headings, is_open=_is_open(text))
    return replace(_key_file(table, keys, problems + doubts), headings=_find_headings(table, headings, problems))


def _find_headings(table: Table, headings: list[int], problems: list[Problem]) -> tuple[KeyLine, ...]:
    place = headings[0] if headings else 0
    numbers = {problem.number for problem in problems if problem.text == IS_HEADING}
    rows = [row for row in table.filled if row.number in numbers]
    return tuple(_line_of(row, place) for row in (table.filled[:1] if headings else []) + rows)


def _line_of(row: Record, place: int) -> KeyLine:
    key = _key_in(row, place)
    return KeyLine(row.number, key, hash_exact(key))


def _is_open(text: str) -> bool:
    """Return whether the last key may have been cut: nothing ends its line, no quote, and it is no comment."""
    last_line = text[max(text.rfind("\n"), text.rfind("\r")) + 1 :].strip()
    return last_line != "" and last_line[0] != "#" and last_line[-1] != '"'


def _find_doubts(table: Table, keys: list[KeyLine], headings: list[int], *, is_open: bool) -> list[Problem]:
    """Return what may be meant otherwise. `is_open`: nothing ends the last line, as where a file was cut."""
    place = headings[0] if headings else 0
    is_last_cell = place == table.width - 1
    doubts = _find_error_values(table) + _find_damaged(keys, may_be_cut=is_open and is_last_cell)
    about_first = find_sold_elsewhere(table, place) if headings else find_heading(_texts_of(keys))
    if about_first is not None:
        doubts.append(Problem(table.first_number if headings else keys[0].number, about_first, is_doubt=True))
    return doubts


def _texts_of(keys: list[KeyLine]) -> list[str]:
    return [line.key for line in keys]


def one_key(key: str) -> KeyFile:
    """Return one key as if it were a file with nothing else."""
    return KeyFile((KeyLine(1, exact_form(key), hash_exact(key)),), (), (), ())


def _key_file(table: Table, keys: list[KeyLine], problems: list[Problem]) -> KeyFile:
    comments = tuple(number for number, _text in table.comments)
    return KeyFile(tuple(keys), table.blanks, comments, tuple(problems))


def _read_table(text: str, names_keys: Callable[[str], bool]) -> Table:
    try:
        return read_table(text, names_keys=names_keys)
    except UnreadableTable as error:
        why = (
            "Is this JSON? Save the keys as text." if text.lstrip().startswith(JSON) else "Are all quotes closed?"
        )
        raise KeyFileRefused(f"{error} {why}") from error
    except TooManyLines as error:
        raise KeyFileRefused(f"The file has more than {MOST_LINES:,} lines: split it.") from error


def _decode(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise KeyFileRefused(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB: split it.")
    if content.startswith(UTF_16):  # what a spreadsheet calls Unicode text
        return _decode_as(content, "utf-16", "UTF-16")
    if b"\x00" in content:
        raise KeyFileRefused("This is no plain text, or UTF-16 without its mark: save the file as UTF-8.")
    return _decode_as(content, "utf-8-sig", "UTF-8")


def _decode_as(content: bytes, encoding: str, name: str) -> str:
    try:
        return content.decode(encoding).lstrip(MARK)  # more than one, as where a program added its own
    except UnicodeDecodeError as error:
        where = content[: error.start].decode(encoding, "ignore").count("\n") + 1
        raise KeyFileRefused(f"Line {where} {_why_unreadable(error, name)}") from error


def _why_unreadable(error: UnicodeDecodeError, name: str) -> str:
    if error.reason in TRUNCATED and name == "UTF-8":  # one letter of another encoding at the end looks the same
        return "is not whole, or is not UTF-8 text: copy the file again, or save it as UTF-8."
    if error.reason in TRUNCATED:
        return "is not whole: the file was cut. Copy it again."
    return f"is not {name} text: save the file as UTF-8."


def _is_called(column: str) -> Callable[[str], bool]:
    return lambda cell: cell.strip().casefold() == column.strip().casefold()


def _why_no_column(headings: list[int], table: Table, column: str | None) -> str | None:
    """Return why it is not clear which column holds the keys. `headings` are the places that are called so."""
    columns = len(table.first_cells)
    if len(headings) > 1:
        return "more than one column could be the keys: name one with --column NAME"
    if headings:
        return None
    if column is not None:
        return f"no column is called {column}"
    if columns > 1:
        return find_split_number(table.first_cells) or _say_what_names_columns(table.first_cells)
    return None


def _say_what_names_columns(cells: list[str]) -> str:
    """Say it of a first line without a heading that is known: in a list, a spreadsheet writes empty cells, too."""
    filled = [place for place, cell in enumerate(cells, start=1) if cell.strip()]
    if len(filled) == 1:
        put = f"if it has a key, put one above it with `key` in column {filled[0]}, and else name it with --column"
        return f"this line names no more than one of its {len(cells)} columns: {put}"
    names = "name one with --column NAME, or put a line above that does if these are no names"
    return f"none of the {len(cells)} columns is called `key` in this line: {names}"


def _read_rows(table: Table, headings: list[int]) -> tuple[list[KeyLine], list[Problem]]:
    """Return the keys below the heading, or of the first column where there is none, and what is no key."""
    place = headings[0] if headings else 0
    rows = table.filled[1:] if headings else table.filled
    keys: list[KeyLine] = []
    problems: list[Problem] = []
    lines_of_keys: dict[str, int] = {}
    for row in rows:
        key = _key_in(row, place)
        key_hash = hash_exact(key)
        why = _what_is_uneven(row, table) or _what_is_wrong(key) or _what_is_repeated(key, key_hash, lines_of_keys)
        if why is not None:
            problems.append(Problem(row.number, why))
            continue
        lines_of_keys[key_hash] = row.number
        keys.append(KeyLine(row.number, key, key_hash))
    return keys, problems


def _key_in(row: Record, place: int) -> str:
    return exact_form(row.cells[place]) if place < len(row.cells) else ""


def _what_is_uneven(row: Record, table: Table) -> str | None:
    cells = table.uneven.get(row.number)
    if cells is None:
        return None
    if table.width == 1:
        return "a comma, semicolon or tab is in it: put the key in quotes"
    return f"it has {cells} cells, and the first line {table.width}"


def _what_is_repeated(key: str, key_hash: str, lines_of_keys: Mapping[str, int]) -> str | None:
    line = lines_of_keys.get(key_hash)
    return None if line is None else f"{hint(key)} is in line {line} already"


def _what_is_wrong(key: str) -> str | None:
    if not key:
        return "there is no key in this line"
    if not MIN_LENGTH <= len(key) <= MAX_KEY_LENGTH:
        return f"a key has {MIN_LENGTH} to {MAX_KEY_LENGTH} characters, and this one {len(key)}"
    if not _is_printable(key):
        return f"it has characters that cannot be printed, such as {_name_unprintable(key)}"
    if sum(map(str.isalnum, normal_form(key))) < MIN_LENGTH:
        return f"a key has at least {MIN_LENGTH} letters or digits"
    if is_heading(key):
        return IS_HEADING
    if key.startswith(SEALED):
        return f"it begins with {SEALED}, as what is sealed in the database does"
    return None


def _is_printable(key: str) -> bool:
    return all(line.isprintable() for line in key.split("\n"))


def _name_unprintable(key: str) -> str:
    letter = next(letter for letter in key if letter != "\n" and not letter.isprintable())
    return f"U+{ord(letter):04X}"


def _find_error_values(table: Table) -> list[Problem]:
    """Return the comments that may be damage: `#REF!` begins like one."""
    return [
        Problem(number, f"{text} is what a spreadsheet shows in place of a value", is_doubt=True)
        for number, text in table.comments
        if is_error_value(re.split(f"[{''.join(DELIMITERS)}]", text)[0])
    ]


def _find_damaged(keys: list[KeyLine], *, may_be_cut: bool) -> list[Problem]:
    texts = _texts_of(keys)
    shortened = (find_cut(texts) if may_be_cut else {}) | find_shortened(texts)
    reasons = [find_damage(line.key) or shortened.get(place) for place, line in enumerate(keys)]
    return [
        Problem(line.number, f"{why} ({hint(line.key)})", is_doubt=True)
        for line, why in zip(keys, reasons, strict=True)
        if why is not None
    ]
