"""The archive: what is to be forgotten, as gzipped JSON lines, a file for each rule and month. It is only written.

Each batch is a gzip member of its own at the end of its file. Beside a file that is being written lies a mark that
says how long it was before. Who finds one cuts off what was written behind it, which may be half of a member.
"""

import gzip
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from storefront.core.folders import sync_folder

MODE = 0o600
ENDING = ".jsonl.gz"
MARK = ".mark"
WHOLE_MARK = re.compile(rb"\d+\n")


def append(folder: Path, name: str, lines: Iterable[bytes], now: datetime) -> None:
    """Write the lines to the file of `name` and this month; return when they are on the disk.

    One process at a time. The folder is never made: while its disk is away, rows would lie somewhere else.

    Raises:
        OSError: the file is as it was, or the next call makes it so.
    """
    mend(folder)
    path = folder / f"{name}-{now:%Y-%m}{ENDING}"
    mark = path.with_name(path.name + MARK)
    try:
        length = path.stat().st_size if path.exists() else 0
        _write(mark, f"{length}\n".encode(), os.O_TRUNC)
        sync_folder(folder)
        _write(path, gzip.compress(b"".join(line + b"\n" for line in lines), mtime=0), os.O_APPEND)
    except OSError:
        with suppress(OSError):
            mend(folder)
        raise
    mark.unlink()
    sync_folder(folder)


def mend(folder: Path) -> None:
    """Cut off what a process that was killed, or a full disk, left half written. Raises OSError."""
    for mark in sorted(folder.glob(f"*{ENDING}{MARK}")):
        length = mark.read_bytes()
        if WHOLE_MARK.fullmatch(length):  # else nothing was written behind it yet
            _cut(mark.with_name(mark.name.removesuffix(MARK)), int(length))
        mark.unlink()


def _cut(path: Path, length: int) -> None:
    """Bring it to the disk before the mark goes. What was moved away meanwhile is left alone."""
    if not path.exists() or path.stat().st_size <= length:
        return
    if not length:
        path.unlink()
        return
    with path.open("r+b") as half:
        half.truncate(length)
        os.fsync(half.fileno())


def _write(path: Path, content: bytes, how: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | how | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags, MODE), "wb") as output:
        output.write(content)
        output.flush()
        os.fsync(output.fileno())
