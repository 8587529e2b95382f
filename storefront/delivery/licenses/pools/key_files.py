"""A file of license keys: one a line, or CSV. Every line that cannot be used is named with its reason.

Nothing is guessed: a file with several columns names the one with the keys, or is refused.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from storefront.core.errors import StorefrontError
from storefront.delivery.licenses.keys import MAX_KEY_LENGTH, exact_form, hash_exact, hint, normal_form
from storefront.delivery.licenses.pools.csv_table import DELIMITERS, Record, Table, UnreadableTable, read_table
from storefront.delivery.licenses.pools.damaged_keys import find_damage, find_shortened, is_error_value

MAX_BYTES = 20 * 1024 * 1024
MIN_LENGTH = 4
UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # its byte order marks
# Headings of a column of keys, without spaces between words and a last "s".
HEADINGS = frozenset(
    {
        "key", "license", "licence", "licensekey", "licencekey", "licensecode", "licencecode", "productkey",
        "activationkey", "activationcode", "serial", "serialkey", "serialnumber", "serialno", "code", "keycode",
    }
)  # fmt: skip


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
    """`blanks` and `comments` are the numbers of lines that were left out."""

    keys: tuple[KeyLine, ...]
    blanks: tuple[int, ...]
    comments: tuple[int, ...]
    problems: tuple[Problem, ...]


def is_heading(cell: str) -> bool:
    return re.sub(r"[\s_()-]", "", cell.lower()).removesuffix("s") in HEADINGS


def read_keys(content: bytes, *, column: str | None = None, as_is: bool = False) -> KeyFile:
    """The keys of a file. `column` is the heading of the keys where it is none of the known ones.

    What looks like another program's damage is a problem, unless it is to be taken `as_is`.

    Left out: blank lines, lines that begin with `#`, and Excel's `sep=;`.

    Raises:
        KeyFileRefused: not text, not CSV, or larger than any list of keys.
    """
    names_keys = is_heading if column is None else _is_called(column)
    try:
        table = read_table(_decode(content), names_keys=names_keys)
    except UnreadableTable as error:
        raise KeyFileRefused(f"{error} Are all quotes closed?") from error
    filled = [record for record in table.records if not record.is_blank]
    blanks = tuple(record.number for record in table.records if record.is_blank)
    comments = tuple(number for number, _text in table.comments)
    place, has_heading, why = _find_column(filled, names_keys, column)
    if why is not None:
        return KeyFile((), blanks, comments, (Problem(filled[0].number if filled else 1, why),))
    keys, problems = _read_rows(filled[1:] if has_heading else filled, place, table)
    doubts = [] if as_is else _find_doubts(keys, table)
    return KeyFile(tuple(keys), blanks, comments, (*problems, *doubts))


def one_key(key: str) -> KeyFile:
    """As if it were a file with nothing else."""
    return KeyFile((KeyLine(1, exact_form(key), hash_exact(key)),), (), (), ())


def _decode(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise KeyFileRefused(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB: split it.")
    if content.startswith(UTF_16):  # what a spreadsheet calls Unicode text
        return _decode_as(content, "utf-16")
    if b"\x00" in content:
        raise KeyFileRefused("This is no plain text, or UTF-16 without its mark: save the file as UTF-8.")
    return _decode_as(content, "utf-8-sig")


def _decode_as(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        where = content[: error.start].count(b"\n") + 1
        raise KeyFileRefused(f"Line {where} is not UTF-8 text: save the file as UTF-8.") from error


def _is_called(column: str) -> Callable[[str], bool]:
    return lambda cell: cell.strip().casefold() == column.strip().casefold()


def _find_column(
    filled: list[Record], names_keys: Callable[[str], bool], column: str | None
) -> tuple[int, bool, str | None]:
    """Which column holds the keys, whether the first line is a heading, and what stands against the file."""
    cells = filled[0].cells if filled else []
    found = [place for place, cell in enumerate(cells) if names_keys(cell)]
    if len(found) == 1:
        return found[0], True, None
    why = None
    if len(found) > 1:
        why = "more than one column could be the keys: name one with --column NAME"
    elif column is not None:
        why = f"no column is called {column}"
    elif len(cells) > 1:
        why = f"none of the {len(cells)} columns is called `key` in this line: name one with --column NAME"
    return 0, False, why


def _read_rows(rows: list[Record], place: int, table: Table) -> tuple[list[KeyLine], list[Problem]]:
    keys: list[KeyLine] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for row in rows:
        key = exact_form(row.cells[place]) if place < len(row.cells) else ""
        key_hash = hash_exact(key)
        why = _what_is_uneven(row, table) or _what_is_wrong(key)
        if why is None and key_hash in seen:
            why = f"{hint(key)} is in line {seen[key_hash]} already"
        if why is not None:
            problems.append(Problem(row.number, why))
            continue
        seen[key_hash] = row.number
        keys.append(KeyLine(row.number, key, key_hash))
    return keys, problems


def _what_is_uneven(row: Record, table: Table) -> str | None:
    cells = table.uneven.get(row.number)
    if cells is None:
        return None
    if table.width == 1:
        return "a comma, semicolon or tab is in it: put the key in quotes"
    return f"it has {cells} cells, and the first line {table.width}"


def _what_is_wrong(key: str) -> str | None:
    if not key:
        return "there is no key in this line"
    if not MIN_LENGTH <= len(key) <= MAX_KEY_LENGTH:
        return f"a key has {MIN_LENGTH} to {MAX_KEY_LENGTH} characters, and this one {len(key)}"
    if not all(line.isprintable() for line in key.split("\n")):
        return "it has characters that cannot be printed"
    if sum(map(str.isalnum, normal_form(key))) < MIN_LENGTH:
        return f"a key has at least {MIN_LENGTH} letters or digits"
    if is_heading(key):
        return "it is a heading, not a key"
    return None


def _find_doubts(keys: list[KeyLine], table: Table) -> list[Problem]:
    """What may be damage; among the comments as well: `#REF!` begins like one."""
    found = [
        Problem(number, f"{text} is what a spreadsheet shows in place of a value", is_doubt=True)
        for number, text in table.comments
        if is_error_value(re.split(f"[{''.join(DELIMITERS)}]", text)[0])
    ]
    shortened = find_shortened([line.key for line in keys])
    for place, line in enumerate(keys):
        why = find_damage(line.key) or shortened.get(place)
        if why is not None:
            found.append(Problem(line.number, f"{why} ({hint(line.key)})", is_doubt=True))
    return found
