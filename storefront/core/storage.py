"""Where files and pictures lie: a folder, or a bucket at S3, Google or Azure. See `buckets.py`.

A folder's file is served by us or by nginx; a bucket's by a presigned URL. Nothing is ever overwritten.
"""

import errno
import hashlib
import logging
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, TypeVar

from flask import Flask

from storefront.core.config.settings import Settings
from storefront.core.errors import StorefrontError
from storefront.core.folders import clean_up, link, make_folder, mark_of
from storefront.core.runtime import Part
from storefront.core.texts import marked

log = logging.getLogger(__name__)

T = TypeVar("T")

CHUNK_BYTES = 1024 * 1024
HASH_LETTERS = 16  # of a hash, in the path of a file in a bucket
# A file that these are said of stays so until somebody mends it. Others pass: too many open files, no memory, a
# disk or a network folder that does not answer.
LASTING_ERRORS = (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG)
NOT_NOW = marked("The file storage does not answer. Nothing is lost: please try again.")
FULL_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class StorageUnavailable(StorefrontError):
    """The bucket does not answer, or refuses us, or a file cannot be read now. Nothing was changed that matters:
    uploads may be repeated. `why` is a bucket's own word, for the owner alone.
    """

    code = "storage_unavailable"
    status = 503
    title = marked("The file storage does not answer")
    retry_after_seconds = 10

    def __init__(self, message: str = "", *, why: str = "") -> None:
        super().__init__(message)
        self.why = why


class StorageFull(StorefrontError):
    """The disk of the folder has no room. Nothing was stored."""

    code = "storage_full"
    status = 507
    title = "The storage is full"


class StorageClosed(StorefrontError):
    """The shop may not write to its folder of files. Nothing was stored."""

    code = "storage_closed"
    status = 503
    title = "The storage cannot be written"


class OtherContent(StorefrontError):
    """There is another file at this path."""

    code = "other_content"
    status = 409


@dataclass(frozen=True, slots=True)
class Stored:
    """`path` is relative to the storage; `sha256` in hex, of the whole file. `is_new`: it was not there before.

    `mark` says which file it is, should another one come to lie at its path: see `mark_of`.
    """

    path: str
    size_bytes: int
    sha256: str
    is_new: bool
    mark: str = ""


class Storage(Protocol):
    def put(self, content: IO[bytes], *, folder: str, filename: str, content_type: str) -> Stored:
        """Store it whole or not at all; the same bytes again change nothing.

        Raises:
            OtherContent: the path has other bytes.
            StorageFull, StorageClosed: the folder takes nothing.
            StorageUnavailable: it may be tried again.
        """

    def find_local_path(self, path: str) -> Path | None:
        """Return where a folder has it; None in a bucket, and for a file that is missing or in a closed folder.

        Raises:
            StorageUnavailable: it may be tried again.
        """

    def find_size(self, path: str, *, is_sent_by_nginx: bool = False) -> int | None:
        """Return its size; None for a file that is missing, or that the shop may not read.

        `is_sent_by_nginx`: what a folder closes to the shop may be open to nginx, so only its size is asked.

        Raises:
            StorageUnavailable: it may be tried again.
        """

    def presign(self, path: str, *, seconds: int) -> str | None:
        """Return a URL that a bucket answers to anybody for so long; None for a folder."""

    def read(self, path: str, *, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Read the file in parts, or only the bytes from `start` to before `stop`.

        Raises, with the part that is asked for:
            FileNotFoundError: there is none.
            StorageUnavailable: it may be tried again.
        """

    def path_of(self, *, folder: str, filename: str, sha256: str) -> str:
        """Return where `put` keeps these bytes under this name."""

    has_marks: bool

    def mark_of(self, path: str) -> str:
        """Return another word for each file that ever lies at this path; the empty one where there is none.

        Always the empty one in a bucket: a key has its hash in it, so it has the same bytes whenever it is there.
        """

    def delete(self, path: str) -> None:
        """Delete what nothing refers to. Safe to repeat. Raises StorageClosed, StorageUnavailable."""


class Folder:
    has_marks = True

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, content: IO[bytes], *, folder: str, filename: str, content_type: str) -> Stored:  # noqa: ARG002 - a bucket keeps the type
        """Write to a hidden neighbor, then link it to its name: readers never meet half a file."""
        with _disk_refusals(self.root):
            return self._put(content, self.path_of(folder=folder, filename=filename))

    def _put(self, content: IO[bytes], path: str) -> Stored:
        target = self.root / path
        make_folder(target.parent)
        clean_up(target.parent)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".incoming-")
        try:
            with os.fdopen(handle, "wb") as output:
                size, digest = _copy(content, output)
                own_mark = mark_of(os.fstat(output.fileno()))
            Path(temporary).chmod(0o644)  # nginx reads it too
            there = link(Path(temporary), target)
        finally:
            Path(temporary).unlink()
        if there is not None and there[0] != digest:
            raise OtherContent(f"{path} exists with other content: give the new one a new version.")
        return Stored(path, size, digest, is_new=there is None, mark=there[1] if there else own_mark)

    def find_local_path(self, path: str) -> Path | None:
        local_path = self.root / path
        return local_path if _or_none(lambda: _is_file(local_path)) else None

    def find_size(self, path: str, *, is_sent_by_nginx: bool = False) -> int | None:
        """Read a byte of it: what is closed to the shop's user has a size all the same."""
        local_path = self.find_local_path(path)
        ask = _size if is_sent_by_nginx else _readable_size
        return _or_none(lambda: ask(local_path)) if local_path else None

    def presign(self, path: str, *, seconds: int) -> str | None:  # noqa: ARG002 - only a bucket signs
        return None

    def read(self, path: str, *, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        with _passing_refusals(), (self.root / path).open("rb") as content:
            bytes_left = (os.fstat(content.fileno()).st_size if stop is None else stop) - content.seek(start)
            while bytes_left > 0 and (chunk := content.read(min(CHUNK_BYTES, bytes_left))):
                bytes_left -= len(chunk)
                yield chunk

    def path_of(self, *, folder: str, filename: str, sha256: str = "") -> str:  # noqa: ARG002 - a folder has one file of a name
        return f"{folder}/{filename}"

    def mark_of(self, path: str) -> str:
        local_path = self.find_local_path(path)
        return mark_of(local_path.stat()) if local_path else ""

    def delete(self, path: str) -> None:
        with _disk_refusals(self.root):
            (self.root / path).unlink(missing_ok=True)


def _readable_size(path: Path) -> int:
    with path.open("rb") as content:
        content.read(1)
        return os.fstat(content.fileno()).st_size


def _size(path: Path) -> int:
    return path.stat().st_size


def _is_file(path: Path) -> bool:
    return stat.S_ISREG(path.stat().st_mode)


def _or_none(ask: Callable[[], T]) -> T | None:
    """Return what is asked of a file; None of one that is gone or closed. Raises StorageUnavailable."""
    try:
        with _passing_refusals():
            return ask()
    except OSError as error:
        log.info("file of the storage cannot be read", extra={"why": type(error).__name__})
        return None


@contextmanager
def _passing_refusals() -> Iterator[None]:
    """Raises StorageUnavailable for an error that passes; buyers read it, so it names nothing. Others stay."""
    try:
        yield
    except OSError as error:
        if passing := as_passing(error):
            raise passing from error
        raise


def as_passing(error: OSError) -> StorageUnavailable | None:
    """Return what is said of an error at reading a file that may pass by the next try; None if it lasts."""
    if error.errno in LASTING_ERRORS:
        return None
    return _not_now(error)


def _not_now(error: OSError) -> StorageUnavailable:
    log.error("file of the storage cannot be read now", extra={"why": f"{error.strerror}"})
    return StorageUnavailable(NOT_NOW)


def chunks(content: IO[bytes], digest: "hashlib._Hash") -> Iterator[bytes]:
    """Yield the content in parts and hash it while it is read."""
    while chunk := content.read(CHUNK_BYTES):
        digest.update(chunk)
        yield chunk


@contextmanager
def _disk_refusals(folder: Path) -> Iterator[None]:
    """Raises StorageFull, StorageClosed: only owners store something, so these may name the folder."""
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise StorageFull("The storage is full, so nothing was saved: make room, then try again.") from error
        log.exception("the folder of files takes nothing")
        raise StorageClosed(
            f"The shop cannot write to its folder of files, {folder} ({error.strerror or error}), so nothing was "
            "saved: see that FILES_URL names a folder of the shop's user, then try again."
        ) from error


def is_full(error: OSError) -> bool:
    """Return whether a disk, or somebody's share of it, has no room."""
    return error.errno in FULL_ERRORS


def _copy(content: IO[bytes], output: IO[bytes]) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks(content, digest):
        output.write(chunk)
        size += len(chunk)
    output.flush()
    os.fsync(output.fileno())
    return size, digest.hexdigest()


def measure(content: IO[bytes]) -> tuple[int, str]:
    """Return size and SHA-256 of what is left to read."""
    digest = hashlib.sha256()
    size = sum(len(chunk) for chunk in chunks(content, digest))
    return size, digest.hexdigest()


STORAGE: Part[Storage] = Part("storage")


def set_up_storage(app: Flask, settings: Settings) -> None:
    STORAGE.set(open_storage(settings), app)


def open_storage(settings: Settings) -> Storage:
    """Open the storage. Raises SettingsError for a bucket whose settings cannot be read."""
    if settings.is_folder:
        return Folder(settings.files_path)
    from storefront.core.buckets import open_bucket  # noqa: PLC0415 - loads the library of buckets

    return open_bucket(settings)


def storage() -> Storage:
    return STORAGE.get()
