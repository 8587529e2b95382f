"""The archive: what is to be forgotten, as gzipped JSON lines, a file for each rule and month. It is only written.

Each batch is a gzip member of its own at the end of its file. Beside a file that is being written lies a mark that
says how long it was before. Who finds one cuts off what was written behind it, which may be half of a member.
"""

import gzip
import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

MODE = 0o600
ENDING = ".jsonl.gz"
MARK = ".mark"
FOR_APPENDING = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)


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
        _write(mark, f"{length}\n".encode())
        _sync_folder(folder)
        _write(path, gzip.compress(b"".join(line + b"\n" for line in lines), mtime=0))
    except OSError:
        with suppress(OSError):
            mend(folder)
        raise
    mark.unlink()
    _sync_folder(folder)


def mend(folder: Path) -> None:
    """Cut off what a process that was killed, or a full disk, left half written. Raises OSError."""
    for mark in sorted(folder.glob(f"*{ENDING}{MARK}")):
        length = mark.read_bytes()
        if length.endswith(b"\n"):  # else nothing was written behind it yet
            _cut(mark.with_name(mark.name.removesuffix(MARK)), int(length))
        mark.unlink()


def _cut(path: Path, length: int) -> None:
    """What was moved away meanwhile is left alone."""
    if not path.exists() or path.stat().st_size <= length:
        return
    if length:
        os.truncate(path, length)
    else:
        path.unlink()


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, FOR_APPENDING, MODE), "ab") as output:
        output.write(content)
        output.flush()
        os.fsync(output.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
