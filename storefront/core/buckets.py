"""A bucket at S3, Google or Azure, where buyers' files and pictures lie. Loaded by shops that have one.

`depots.py` is the other importer of obstore: it lists all of a bucket.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import AzureStore, GCSStore, S3Store, from_url

from storefront.core.bucket_refusals import log_refusal
from storefront.core.config.settings import BUCKETS, Settings, SettingsError
from storefront.core.db import end_read
from storefront.core.disposition import disposition
from storefront.core.storage import (
    HASH_LETTERS,
    NOT_NOW,
    OtherContent,
    StorageUnavailable,
    Stored,
    chunks,
    measure,
)

if TYPE_CHECKING:
    from obstore.store import ClientConfig

PART_BYTES = 5 * 1024 * 1024  # of an upload: the least that S3 takes
MOST_PARTS = 9000  # S3 takes 10,000
PARTS_AT_ONCE = 2  # they share the line, and each has its own time limit
PIECE_BYTES = 2 * 1024 * 1024  # of a file that is read: held in memory by each zip that is sent


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
                chunks(content, second),
                attributes=attributes,
                chunk_size=max(PART_BYTES, -(-size // MOST_PARTS)),
                max_concurrency=PARTS_AT_ONCE,
            )
            if second.hexdigest() != digest:
                self._delete(path)
                raise OtherContent(f"{filename} changed while it was uploaded: try again.")
        return Stored(path, size, digest, is_new=True)

    def find_local_path(self, path: str) -> Path | None:  # noqa: ARG002 - a bucket has none
        return None

    def _find_size(self, path: str) -> int | None:
        try:
            return obstore.head(self._store, path)["size"]
        except FileNotFoundError:
            return None

    def find_size(self, path: str, *, is_sent_by_nginx: bool = False) -> int | None:  # noqa: ARG002 - nginx has a folder
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
            self._delete(path)

    def _delete(self, path: str) -> None:
        with suppress(FileNotFoundError):  # S3 does not say so, Google does
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
        raise StorageUnavailable(NOT_NOW, why=log_refusal(error)) from error


def open_bucket(settings: Settings) -> Bucket:
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
