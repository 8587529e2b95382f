"""Part files: what has arrived of each upload, in a folder `uploads` beside that of the files."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from storefront.core.config.sqlite_files import find_database_file
from storefront.core.runtime import settings
from storefront.owner.uploads.refusals import NoUploadFolder, UploadBusy

if sys.platform != "win32":
    import fcntl

ENDING = ".part"
POLL_SECONDS = 0.02
WAIT_SECONDS = 5.0  # for who writes a piece at this moment


def part_folder() -> Path:
    """Beside the folder of files; with a bucket beside an SQLite database, or in `var`."""
    shop = settings()
    if shop.is_folder:
        return shop.files_path.parent / "uploads"
    database = find_database_file(shop.database_url)
    return (database.parent if database else shop.home / "var") / "uploads"


def make_part_folder() -> Path:
    """Raises NoUploadFolder: the shop may not write beside its files."""
    folder = part_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise NoUploadFolder(
            "The shop may not make a folder for uploads. Make one named `uploads` beside the folder of its files, "
            "for the user that the shop runs as."
        ) from error
    return folder


def part_path(token: str) -> Path:
    return part_folder() / f"{token}{ENDING}"


class NoPart(FileNotFoundError):
    """There is no part file. A storage that misses a file of its own says something else."""


@contextmanager
def locked_part(token: str, *, is_new: bool = False, seconds: float = WAIT_SECONDS) -> Iterator[BinaryIO]:
    """One caller at a time, in whatever process; the kernel opens the lock of one that dies.

    Raises:
        NoPart: there is no part file, and it is not to be made.
        UploadBusy: somebody else has it for longer than so many seconds.
    """
    flags = os.O_RDWR | (os.O_CREAT if is_new else 0)
    try:
        handle = os.open(part_path(token), flags, 0o600)
    except FileNotFoundError as error:
        raise NoPart(*error.args) from error
    with os.fdopen(handle, "r+b", buffering=0) as part:
        _lock(part, seconds)
        yield part


def _lock(part: BinaryIO, seconds: float) -> None:
    """Closing the file unlocks it. Where files cannot be locked the row alone decides who writes."""
    if sys.platform == "win32":
        return
    until = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= until:
                raise UploadBusy from error
            time.sleep(POLL_SECONDS)
        else:
            return


def is_locked(token: str) -> bool:
    try:
        with locked_part(token, seconds=0):
            return False
    except UploadBusy:
        return True
    except NoPart:
        return False


def size_of(part: BinaryIO) -> int:
    return os.fstat(part.fileno()).st_size


def write_at(part: BinaryIO, offset: int, data: bytes) -> None:
    """On the disk when it returns. Raises OSError where there is no room."""
    view, place = memoryview(data), offset
    while view:
        written = os.pwrite(part.fileno(), view, place)
        view, place = view[written:], place + written
    os.fsync(part.fileno())


def remove_part(token: str) -> None:
    """Safe to repeat."""
    part_path(token).unlink(missing_ok=True)


def list_parts() -> list[str]:
    """Return the tokens of all part files."""
    folder = part_folder()
    return sorted(path.name.removesuffix(ENDING) for path in folder.glob(f"*{ENDING}")) if folder.is_dir() else []
