"""A file of license keys: one a line, or CSV. Every line that cannot be used is named with its reason."""

import csv
import io
from dataclasses import dataclass

from storefront.errors import StorefrontError
from storefront.licenses.keys import hash_key

MAX_BYTES = 20 * 1024 * 1024
MIN_LENGTH, MAX_LENGTH = 4, 200
COLUMN_NAMES = ("key", "license", "license_key", "license key", "serial", "code")
SHOWN = 5  # letters of a key that a message may hold


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
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class KeyFile:
    keys: tuple[KeyLine, ...]
    blanks: int
    problems: tuple[Problem, ...]


def hint(key: str) -> str:
    """Enough to find a line by, and useless to anybody else."""
    return f"\u2026{key[-SHOWN:]}" if len(key) > 2 * SHOWN else "\u2026"


def read_keys(content: bytes) -> KeyFile:
    """The keys of a file. A first line that names its columns is one; other columns are ignored.

    Raises:
        KeyFileRefused: not text, or larger than any list of keys.
    """
    if len(content) > MAX_BYTES:
        raise KeyFileRefused(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB: split it.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = content[: error.start].count(b"\n") + 1
        raise KeyFileRefused(f"Line {where} is not UTF-8 text: save the file as UTF-8.") from error
    lines = text.splitlines()
    column, first = _find_column(lines)
    keys: list[KeyLine] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    blanks = 0
    for number, line in enumerate(lines[first:], start=first + 1):
        key = _cell(line, column)
        if not key:
            blanks += 1
            continue
        why = _what_is_wrong(key)
        key_hash = hash_key(key)
        if why is None and key_hash in seen:
            why = f"{hint(key)} is in line {seen[key_hash]} already"
        if why is not None:
            problems.append(Problem(number, why))
            continue
        seen[key_hash] = number
        keys.append(KeyLine(number, key, key_hash))
    return KeyFile(tuple(keys), blanks, tuple(problems))


def _find_column(lines: list[str]) -> tuple[int | None, int]:
    """Which column holds the keys (None: the whole line), and how many lines are above them."""
    if not lines:
        return None, 0
    names = [cell.strip().lower() for cell in _split(lines[0])]
    for name in COLUMN_NAMES:
        if name in names:
            return names.index(name), 1
    is_table = len(names) > 1 and all(len(_split(line)) == len(names) for line in lines if line.strip())
    return (0 if is_table else None), 0


def _split(line: str) -> list[str]:
    separator = max(",;\t", key=line.count)
    return next(csv.reader(io.StringIO(line), delimiter=separator), [])


def _cell(line: str, column: int | None) -> str:
    if column is None:
        return line.strip().strip('"').strip()
    cells = _split(line)
    return cells[column].strip() if column < len(cells) else ""


def _what_is_wrong(key: str) -> str | None:
    if not MIN_LENGTH <= len(key) <= MAX_LENGTH:
        return f"a key has {MIN_LENGTH} to {MAX_LENGTH} characters, and this one {len(key)}"
    if not key.isprintable():
        return "it has characters that cannot be printed"
    return None
