"""Where files and pictures lie: a folder, or a bucket at S3, Google or Azure. The only importer of obstore.

A folder's file is served by us or by nginx; a bucket's by a presigned URL. Nothing is ever overwritten.
"""

import errno
import hashlib
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

import obstore
from flask import Flask
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import AzureStore, GCSStore, S3Store, from_url

from storefront.core.config.settings import BUCKETS, Settings, SettingsError
from storefront.core.db import end_read
from storefront.core.disposition import disposition
from storefront.core.errors import StorefrontError
from storefront.core.folders import clean_up, link, make_folder, mark_of
from storefront.core.runtime import Part
from storefront.core.texts import marked

if TYPE_CHECKING:
    from obstore.store import ClientConfig

log = logging.getLogger(__name__)

CHUNK_BYTES = 1024 * 1024
PART_BYTES = 5 * 1024 * 1024  # of an upload: the least that S3 takes
MOST_PARTS = 9000  # S3 takes 10,000
PARTS_AT_ONCE = 2  # they share the line, and each has its own time limit
PIECE_BYTES = 2 * 1024 * 1024  # of a file that is read: held in memory by each zip that is sent
HASH_LETTERS = 16  # of a hash, in the path of a file in a bucket
FULL_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class StorageUnavailable(StorefrontError):
    """The bucket does not answer, or refuses us. Nothing was changed that matters: uploads may be repeated."""

    code = "storage_unavailable"
    status = 503
    title = marked("The file storage does not answer")
    retry_after_seconds = 10


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
        """Return where a folder has it; None in a bucket, and for a file that is missing."""

    def find_size(self, path: str) -> int | None:
        """Return its size; None for a file that is missing."""

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
        return local_path if local_path.is_file() else None

    def find_size(self, path: str) -> int | None:
        local_path = self.find_local_path(path)
        return local_path.stat().st_size if local_path else None

    def presign(self, path: str, *, seconds: int) -> str | None:  # noqa: ARG002 - only a bucket signs
        return None

    def read(self, path: str, *, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        with (self.root / path).open("rb") as content:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long one request to a bucket may take, its body included: obstore counts until the last byte.

    So no request may last as long as a file, or as the reader of one: a file goes up in parts and comes in pieces.
    """

    answer: timedelta = timedelta(seconds=30)  # of a question, and of a piece that is read
    part: timedelta = timedelta(minutes=10)  # of a part that goes up: 5 MiB, two at a time, on a slow line


class Bucket:
    """Files lie below their own hash: two files never meet at one key, and the same one again is the same key."""

    has_marks = False

    def __init__(self, url: str, options: Mapping[str, Any], patience: Patience | None = None) -> None:
        limits = patience or Patience()
        self._store = connect(url, options, limits.answer)
        self._uploads = connect(url, options, limits.part)

    def put(self, content: IO[bytes], *, folder: str, filename: str, content_type: str) -> Stored:
        """Read it twice: its hash is a part of its key. The bucket's upload in parts leaves nothing half done."""
        size, digest = measure(content)
        path = self.path_of(folder=folder, filename=filename, sha256=digest)
        attributes = {"Content-Type": content_type, "Content-Disposition": disposition(filename)}
        content.seek(0)
        second = hashlib.sha256()
        with _refusals():
            if self._find_size(path) == size:
                return Stored(path, size, digest, is_new=False)
            obstore.put(
                self._uploads,
                path,
                _chunks(content, second),
                attributes=attributes,
                chunk_size=max(PART_BYTES, -(-size // MOST_PARTS)),
                max_concurrency=PARTS_AT_ONCE,
            )
            if second.hexdigest() != digest:
                obstore.delete(self._store, path)
                raise OtherContent(f"{filename} changed while it was uploaded: try again.")
        return Stored(path, size, digest, is_new=True)

    def find_local_path(self, path: str) -> Path | None:  # noqa: ARG002 - a bucket has none
        return None

    def _find_size(self, path: str) -> int | None:
        try:
            return obstore.head(self._store, path)["size"]
        except FileNotFoundError:
            return None

    def find_size(self, path: str) -> int | None:
        with _refusals():
            return self._find_size(path)

    def presign(self, path: str, *, seconds: int) -> str | None:
        """Return a link. Name and type come from the object: they were given at the upload."""
        with _refusals():
            return obstore.sign(self._store, "GET", path, timedelta(seconds=seconds))

    def read(self, path: str, *, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Ask for each piece by itself: the reader of a zip takes its time, and no request waits for it."""
        # Run while an answer is sent, when no request and no database connection is left to give back.
        with _in_our_words(FileNotFoundError):
            end = obstore.head(self._store, path)["size"] if stop is None else stop
        for first in range(start, end, PIECE_BYTES):
            with _in_our_words(FileNotFoundError):
                piece = bytes(obstore.get_range(self._store, path, start=first, end=min(end, first + PIECE_BYTES)))
            yield piece

    def path_of(self, *, folder: str, filename: str, sha256: str) -> str:
        return f"{folder}/{sha256[:HASH_LETTERS]}/{filename}"

    def mark_of(self, path: str) -> str:  # noqa: ARG002 - the same for all
        return ""

    def delete(self, path: str) -> None:
        with _refusals():
            obstore.delete(self._store, path)


def connect(url: str, options: Mapping[str, Any], timeout: timedelta) -> S3Store | GCSStore | AzureStore:
    """Open a bucket at its vendor. Raises what `open_storage` turns into a sentence."""
    client: ClientConfig = {"timeout": timeout, "connect_timeout": timedelta(seconds=5)}
    if options.get("endpoint", "").startswith("http://"):
        client["allow_http"] = True
    store = from_url(
        url,
        client_options=client,
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=60)},
        **options,
    )
    if not isinstance(store, S3Store | GCSStore | AzureStore):
        raise TypeError(f"not a bucket: {type(store).__name__}")
    return store


def _chunks(content: IO[bytes], digest: "hashlib._Hash") -> Iterator[bytes]:
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


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn the library's errors into ours. Not inside a transaction."""
    end_read()
    with _in_our_words():
        yield


@contextmanager
def _in_our_words(*told: type[Exception]) -> Iterator[None]:
    """The library's words may hold addresses. What is `told` its caller knows what to do with."""
    try:
        yield
    except told:
        raise
    except AlreadyExistsError as error:
        raise OtherContent("Another upload of this file was faster.") from error
    except (BaseError, FileNotFoundError, PermissionError) as error:
        raise StorageUnavailable(
            marked("The file storage does not answer. Nothing is lost: please try again.")
        ) from error


def _copy(content: IO[bytes], output: IO[bytes]) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    for chunk in _chunks(content, digest):
        output.write(chunk)
        size += len(chunk)
    output.flush()
    os.fsync(output.fileno())
    return size, digest.hexdigest()


def measure(content: IO[bytes]) -> tuple[int, str]:
    """Return size and SHA-256 of what is left to read."""
    digest = hashlib.sha256()
    size = sum(len(chunk) for chunk in _chunks(content, digest))
    return size, digest.hexdigest()


STORAGE: Part[Storage] = Part("storage")


def set_up_storage(app: Flask, settings: Settings) -> None:
    STORAGE.set(open_storage(settings), app)


def open_storage(settings: Settings) -> Storage:
    """Open the storage. Raises SettingsError for a bucket whose settings cannot be read."""
    return Folder(settings.files_path) if settings.is_folder else _open_bucket(settings)


def _open_bucket(settings: Settings) -> Storage:
    """Open a bucket. The library's own words are about its insides, and may repeat a key: they are not shown."""
    try:
        return Bucket(settings.files_url, settings.files_options)
    except (BaseError, TypeError, ValueError) as error:
        known = BUCKETS[settings.files_url.partition("://")[0]]
        names = ", ".join(known[option] for option in settings.files_options)
        problem = (
            f"FILES_URL={settings.files_url} cannot be opened: {names} must be whole, and a named file readable."
        )
        raise SettingsError([problem]) from error


def storage() -> Storage:
    return STORAGE.get()
