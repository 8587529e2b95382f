"""Reads a folder that anybody may have made: ordinary files only, and never more than they may hold."""

import os
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from storefront.shop.catalog.file_names import same_name
from storefront.shop.files.mistakes import Mistakes, Wrong
from storefront.shop.files.names import is_left_behind

UNSEEN = {"Cc", "Cs", "Zl", "Zp"}
MOST_ENTRIES = 5000  # of one folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`place` is below the folder, as mistakes name it."""

    name: str
    path: Path
    place: str
    is_folder: bool


def list_folder(folder: Path, place: str, mistakes: Mistakes) -> list[Entry]:
    """Return what is in a folder, by name, without what nobody put there. Links and devices are mistakes."""
    entries: list[Entry] = []
    with os.scandir(folder) as scanned:
        for entry in scanned:
            if is_left_behind(entry.name):
                continue
            shown = _shown(entry.name)
            below = f"{place}/{shown}" if place else shown
            if len(entries) >= MOST_ENTRIES:
                mistakes.add(place or ".", 0, f"there are more than {MOST_ENTRIES:,} files in this folder.")
                break
            problem = _find_problem(entry, shown)
            if problem:
                mistakes.add(below, 0, problem)
                continue
            is_folder = entry.is_dir(follow_symlinks=False)
            entries.append(Entry(name=entry.name, path=Path(entry.path), place=below, is_folder=is_folder))
    return sorted(entries, key=lambda entry: entry.name)


def _find_problem(entry: os.DirEntry[str], shown: str) -> str | None:
    if shown != entry.name:
        return "this name holds a character that nobody can see: rename it."
    if entry.is_symlink():
        return "this is a link: put the file itself there."
    if not entry.is_dir(follow_symlinks=False) and not entry.is_file(follow_symlinks=False):
        return "this is no ordinary file: take it out."
    return None


def is_unseen(letter: str) -> bool:
    """Return whether a letter of a name moves the cursor, breaks the line, or is no text at all."""
    return unicodedata.category(letter) in UNSEEN


def _shown(name: str) -> str:
    return "".join("\ufffd" if is_unseen(letter) else letter for letter in name)


def find_entry(entries: list[Entry], name: str, *, is_folder: bool = False) -> Entry | None:
    """Return the entry of this name, or the only one that is the same name on Windows or a Mac."""
    of_kind = [entry for entry in entries if entry.is_folder is is_folder]
    exact = next((entry for entry in of_kind if entry.name == name), None)
    if exact is not None:
        return exact
    alike = [entry for entry in of_kind if same_name(entry.name) == same_name(name)]
    return alike[0] if len(alike) == 1 else None


@contextmanager
def open_file(path: Path) -> Iterator[IO[bytes]]:
    """Open an ordinary file, which no link leads to and nobody waits for. Raises Wrong."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Wrong(f"this file cannot be read ({error.strerror}).") from error
    with os.fdopen(handle, "rb") as content:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Wrong("this is no ordinary file: take it out.")
        yield content


def read_text(entry: Entry, mistakes: Mistakes, *, most_bytes: int) -> str | None:
    """Return a text as it is typed: without a mark of its encoding, its lines ended by line feeds."""
    try:
        with open_file(entry.path) as content:
            data = content.read(most_bytes + 1)
    except Wrong as wrong:
        mistakes.add(entry.place, 0, str(wrong))
        return None
    if len(data) > most_bytes:
        mistakes.add(entry.place, 0, f"this file has more than {most_bytes // 1000} KB: nothing here is so long.")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        mistakes.add(entry.place, line, "this is no UTF-8: save the file with that encoding.")
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")
