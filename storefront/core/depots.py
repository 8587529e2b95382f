"""A folder or a bucket that is read and written by names of our own choice: what backups are made of, and lie in.

`storage.py` is for what buyers get. Here everything is listed, and what is written appears whole or not at all.
"""

import errno
import hashlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from mimetypes import guess_type
from pathlib import Path
from typing import IO, Any, Protocol

import obstore
from obstore.exceptions import BaseError, InvalidPathError

from storefront.core import clock
from storefront.core.bucket_refusals import advise, why_of
from storefront.core.buckets import PARTS_AT_ONCE, Patience, connect
from storefront.core.config.settings import BUCKETS, Settings
from storefront.core.db import end_read
from storefront.core.disposition import disposition
from storefront.core.errors import StorefrontError
from storefront.core.folders import clean_up, sync_folder
from storefront.core.storage import CHUNK_BYTES, StorageClosed, StorageFull, StorageUnavailable, is_full

PART_BYTES = 16 * 1024 * 1024  # of at most 10,000: objects of 150 GB
INCOMING = ".incoming-"
DISKS_OWN = "lost+found"  # where a disk begins; only root may read it
NOT_THERE = (errno.ENOENT, errno.ELOOP)
NO_FILE = (errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG)  # nothing can be read there
PRIVATE, OPEN_FILE, OPEN_FOLDER = 0o700, 0o644, 0o755
QUOTED_PATH = re.compile(r'Path "([^"]*)"')  # in the words of the library
BUCKET = re.compile(r"(s3|gs|az)://[^/]+(/.*)?")


class DepotRefused(StorefrontError):
    """The address of a place cannot be used."""

    code = "depot_refused"


class DepotUnreadable(StorefrontError):
    """A folder in it cannot be read, so nobody knows what is there."""

    code = "depot_unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """`name` is relative to the place, with slashes."""

    name: str
    size_bytes: int
    changed_at: datetime
    e_tag: str = ""  # a bucket's own word for the content


class Depot(Protocol):
    def list(self, below: str = "") -> Iterator[Listed]:
        """List what is there, in a folder of the place: whole files only, and nothing where there is no folder.

        No part of a name is empty, `.` or `..`.

        Raises:
            DepotUnreadable: there is more than can be seen, or has no such name.
            StorageUnavailable: the bucket does not answer.
        """

    def reading(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """Open it.

        Raises:
            FileNotFoundError: it is not there.
            DepotUnreadable, StorageUnavailable: nobody can tell.
        """

    def writing(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """Open a new one, which is there under its name when the block ends well, in place of an older one.

        Raises:
            StorageFull, StorageClosed: the folder takes nothing.
            StorageUnavailable: the bucket does not answer.
        """

    def identify(self, listed: Listed) -> str:
        """Return a text that is another one for another content."""

    def delete(self, name: str) -> None:
        """Delete it. Safe to repeat."""

    def clean_up(self, below: str = "") -> None:
        """Delete what a killed writer left, in a folder of the place, a day later; a living one's is younger.

        Raises:
            DepotUnreadable: there is more than can be seen.
        """

    def free_bytes(self) -> int | None:
        """Return the room that is left; None where nobody knows."""


class FolderDepot:
    """`is_open`: other users of the machine may read it, as nginx does."""

    def __init__(self, root: Path, *, is_open: bool = False) -> None:
        self.root = root
        self.is_open = is_open

    def list(self, below: str = "") -> Iterator[Listed]:
        for path in sorted(_walk(self.root / below)):
            found = _look_at(path)
            if found is not None and stat.S_ISREG(found.st_mode) and not path.name.startswith(INCOMING):
                yield Listed(
                    name=path.relative_to(self.root).as_posix(),
                    size_bytes=found.st_size,
                    changed_at=clock.from_unix(int(found.st_mtime)),
                )

    @contextmanager
    def reading(self, name: str) -> Iterator[IO[bytes]]:
        with self._open(name) as content:
            yield content

    def _open(self, name: str) -> IO[bytes]:
        try:
            return (self.root / name).open("rb")
        except OSError as error:
            if error.errno in NO_FILE:
                raise FileNotFoundError(error.errno, error.strerror, error.filename) from error
            _refuse_unreadable(error)
            raise

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        with _disk_refusals():
            target = self.root / name
            self._make_folder(target.parent)
            handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=INCOMING)
            try:
                with os.fdopen(handle, "wb") as output:
                    yield output
                    output.flush()
                    os.fsync(output.fileno())
                if self.is_open:
                    Path(temporary).chmod(OPEN_FILE)
                Path(temporary).replace(target)
                sync_folder(target.parent)
            finally:
                Path(temporary).unlink(missing_ok=True)

    def _make_folder(self, folder: Path) -> None:
        missing = [path for path in (folder, *folder.parents) if not path.exists()]
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
            path.chmod(OPEN_FOLDER if self.is_open else PRIVATE)

    def identify(self, listed: Listed) -> str:
        with (self.root / listed.name).open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()

    def delete(self, name: str) -> None:
        path = self.root / name
        path.unlink(missing_ok=True)
        with suppress(OSError):  # somebody has put something there
            path.parent.rmdir()

    def clean_up(self, below: str = "") -> None:
        folders = {path.parent for path in _walk(self.root / below) if path.name.startswith(INCOMING)}
        for folder in folders:
            with suppress(OSError):  # another user's, as when root has typed a backup: it hinders nothing
                clean_up(folder)
        for folder in folders - {self.root}:
            with suppress(OSError):  # there is more in it
                folder.rmdir()

    def free_bytes(self) -> int | None:
        there = next(path for path in (self.root.absolute(), *self.root.absolute().parents) if path.exists())
        return shutil.disk_usage(there).free


class BucketDepot:
    def __init__(self, url: str, options: Mapping[str, Any], patience: Patience | None = None) -> None:
        limits = patience or Patience()
        self._store = connect(url, options, limits.answer)
        self._uploads = connect(url, options, limits.part)

    def list(self, below: str = "") -> Iterator[Listed]:
        with _refusals(), _unreadable_names():
            for batch in obstore.list(self._store, prefix=below or None):
                for found in batch:
                    yield Listed(
                        name=found["path"],
                        size_bytes=found["size"],
                        changed_at=found["last_modified"],
                        e_tag=found["e_tag"] or "",
                    )

    @contextmanager
    def reading(self, name: str) -> Iterator[IO[bytes]]:
        with _refusals():
            content: Any = _Reader(obstore.open_reader(self._store, name, buffer_size=CHUNK_BYTES))
        yield content

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """Nobody sees a part of it: an upload that is not ended has no name yet, and is given up at an error."""
        filename = name.rpartition("/")[2]
        attributes: Any = {
            "Content-Type": guess_type(filename)[0] or "application/octet-stream",
            "Content-Disposition": disposition(filename),
        }
        with _refusals(FileNotFoundError):
            writer = obstore.open_writer(
                self._uploads,
                name,
                attributes=attributes,
                buffer_size=PART_BYTES,
                max_concurrency=PARTS_AT_ONCE,
            )
        with _Writer(writer) as output:
            content: Any = output
            yield content

    def identify(self, listed: Listed) -> str:
        return f"{listed.name} {listed.size_bytes} {listed.e_tag}"  # none is ever overwritten

    def delete(self, name: str) -> None:
        with _refusals(), suppress(FileNotFoundError):
            obstore.delete(self._store, name)

    def clean_up(self, below: str = "") -> None:
        """Nothing: parts of an upload are not listed. A rule of the bucket deletes them (docs/backup.md)."""

    def free_bytes(self) -> int | None:
        return None


class _Reader:
    """Gives bytes, where the library gives a buffer of its own. Errors of the block stay what they are."""

    def __init__(self, content: Any) -> None:  # noqa: ANN401 - the library's own class
        self._content = content

    def read(self, size: int = -1) -> bytes:
        with _in_our_words():
            return bytes(self._content.read(size) if size >= 0 else self._content.read())


class _Writer:
    """Here "not found" is the bucket, or an upload that it has given up: no file of anybody."""

    def __init__(self, output: Any) -> None:  # noqa: ANN401 - the library's own class
        self._output = output

    def write(self, content: bytes) -> int:
        with _in_our_words(FileNotFoundError):
            self._output.write(content)
        return len(content)

    def flush(self) -> None:
        with _in_our_words(FileNotFoundError):
            self._output.flush()

    def __enter__(self) -> "_Writer":
        self._output.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        """End the upload, or give it up at an error of the block."""
        with _in_our_words(FileNotFoundError):
            self._output.__exit__(*error)


def files_depot(settings: Settings) -> Depot:
    """Return where the shop's files lie, for who needs all of them."""
    if settings.is_folder:
        return FolderDepot(settings.files_path, is_open=True)
    return BucketDepot(settings.files_url, settings.files_options)


def open_depot(address: str, settings: Settings) -> Depot:
    """Open a folder of this machine, or a bucket: `s3://…`, `gs://…`, `az://…`, without keys.

    Raises:
        DepotRefused: the address names neither, or the keys of its bucket are not whole; or place and files of the
            shop lie in each other, where each backup would hold all before it.
    """
    scheme = address.partition("://")[0]
    if address.strip() and "://" not in address:
        if settings.is_folder:
            _demand_apart(str(Path(address).resolve()), str(settings.files_path.resolve()))
        return FolderDepot(Path(address))
    if not BUCKET.fullmatch(address) or {"@", "?", "#"} & set(address):
        raise DepotRefused("Write a folder, or a bucket as s3://bucket/prefix, gs://… or az://…, without keys.")
    _demand_apart(address.rstrip("/"), settings.files_url)
    try:
        return BucketDepot(address, settings.backup_keys[scheme])
    except (BaseError, TypeError, ValueError) as error:
        names = ", ".join(BUCKETS[scheme].values())
        sentence = f"{address} cannot be opened: look at {names} (or the same with BACKUP_ before it)."
        raise DepotRefused(sentence) from error


def _demand_apart(place: str, files: str) -> None:
    """Raises DepotRefused where one lies in the other. Beside each other both may be in a folder or a bucket."""
    if f"{place}/".startswith(f"{files}/") or f"{files}/".startswith(f"{place}/"):
        raise DepotRefused(
            f"Backups and the shop's files cannot lie in each other: {place} and {files}. Choose another place."
        )


def _walk(top: Path) -> Iterator[Path]:
    """Yield all that is no folder, also behind links, as the shop serves it. A link that leads back ends there."""
    above = {str(top): frozenset({_identity(top)})}
    for folder, folders, names in os.walk(top, onerror=_refuse_unreadable, followlinks=True):
        here = above.pop(folder)
        paths = {name: os.path.join(folder, name) for name in folders}  # noqa: PTH118 - as os.walk joins them
        marks = {name: _identity(Path(path)) for name, path in paths.items()}
        is_top = folder == str(top)
        folders[:] = [name for name in folders if marks[name] not in here and not (is_top and name == DISKS_OWN)]
        above |= {paths[name]: here | {marks[name]} for name in folders}
        yield from (Path(folder, name) for name in names)


def _identity(path: Path) -> tuple[int, int] | None:
    found = _look_at(path)
    return (found.st_dev, found.st_ino) if found else None


def _look_at(path: Path) -> os.stat_result | None:
    """Return None for what is gone, and for a link that leads nowhere. Raises DepotUnreadable."""
    try:
        return path.stat()
    except OSError as error:
        _refuse_unreadable(error)
        return None


def _refuse_unreadable(error: OSError) -> None:
    if error.errno in NOT_THERE:
        return
    raise DepotUnreadable(
        f"{error.filename} cannot be read ({error.strerror}), so nobody knows what is in it: let the user of the "
        "shop read it, then try again."
    ) from error


@contextmanager
def _disk_refusals() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise StorageFull("The disk is full, so nothing was kept: make room, then try again.") from error
        raise StorageClosed(f"{error.filename or 'The folder'} cannot be written ({error.strerror}).") from error


@contextmanager
def _unreadable_names() -> Iterator[None]:
    """Raises DepotUnreadable for a name that no folder can have: it could be neither read nor brought back."""
    try:
        yield
    except InvalidPathError as error:
        found = QUOTED_PATH.search(str(error))
        raise DepotUnreadable(
            f"The bucket has a name with an empty part (//), a part that is only dots, or a control character"
            f"{f': {found[1]}' if found else ''}. Nothing can be read there: rename or delete it, then try again."
        ) from error


@contextmanager
def _refusals(*unexpected: type[Exception]) -> Iterator[None]:
    """Turn the library's errors into ours. Not inside a transaction."""
    end_read()
    with _in_our_words(*unexpected):
        yield


@contextmanager
def _in_our_words(*unexpected: type[Exception]) -> Iterator[None]:
    """The library's words may hold addresses. Its streams raise bare OSErrors, its other calls BaseErrors.

    A file that is not there its caller knows what to do with, unless that is `unexpected`.
    """
    try:
        yield
    except (BaseError, OSError) as error:
        if isinstance(error, FileNotFoundError) and not isinstance(error, unexpected):
            raise
        why = why_of(error)
        sentence = f"The bucket does not answer, or refuses ({why}). {advise(why)}, then try again."
        raise StorageUnavailable(sentence, why=why) from error
