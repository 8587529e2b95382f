"""Makes a backup: the database as it is at one moment, and each file once for all backups of a place.

The order of things is what makes it whole. The database comes first, so that every file its rows name is there
when files are listed; the manifest comes last, so that a backup which was killed half way does not exist.
"""

import io
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO

from storefront.audit.record import record
from storefront.core import clock
from storefront.core.db import end_read, transaction
from storefront.core.depots import Depot, Listed, files_depot
from storefront.core.errors import StorefrontError
from storefront.core.measurements import BACKED_UP_AT, BACKUP_LACKS_AT, flush, measurements
from storefront.core.one_at_a_time import alone
from storefront.core.runtime import settings
from storefront.core.storage import StorageUnavailable
from storefront.core.version import code_version
from storefront.migrations.state import find_revision
from storefront.owner.backup.database import own_database
from storefront.owner.backup.keep import Keep, Removed, remove_old
from storefront.owner.backup.manifest import (
    BACKUPS,
    FORMAT,
    OBJECTS,
    Manifest,
    Sealed,
    fingerprint,
    is_genuine,
    new_name,
    object_name,
    path_of,
    readable_manifests,
    signed,
    to_bytes,
)
from storefront.owner.backup.named import Named, find_missing, read_named
from storefront.owner.backup.refusals import BackupBusy, NoRecipient, SourceUnreadable
from storefront.owner.backup.sealed import write_sealed
from storefront.shop.media.names import split_name

LOCK = "backup"
HASH = re.compile(r"[0-9a-f]{64}")  # by which a folder identifies a file; what a bucket has is whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """`new_bytes` went to the place; the other files were there already.

    `missing` are paths of files that the shop still names and the backup has not, or not whole.
    """

    name: str
    files: int
    new_files: int
    new_bytes: int
    size_bytes: int
    removed: Removed
    missing: tuple[str, ...]


@dataclass(slots=True)
class _Run:
    """One backup on its way, and what it has written."""

    place: Depot
    now: datetime
    name: str
    recipient: str
    secret_key: str
    known: dict[str, Sealed]
    written: list[Sealed] = field(default_factory=list)
    cut: set[str] = field(default_factory=set)  # files that are called by a hash, and have another one

    def write(self, name: str, source: io.BufferedIOBase | object) -> Sealed:
        sealed = write_sealed(self.place, name, source, recipient=self.recipient)  # type: ignore[arg-type] # it reads
        self.written.append(sealed)
        return sealed


def make_backup(place: Depot, keep: Keep) -> Made:
    """Back up the shop, then remove what `keep` does not keep: nothing where the new one lacks a file.

    Raises:
        NoRecipient: BACKUP_RECIPIENT is not set.
        BackupBusy: another one of this shop is at work.
        SourceUnreadable, DepotUnreadable, ToolFailed: the shop cannot be read.
        StorageFull, StorageClosed, StorageUnavailable: the place takes nothing. Nothing of it is left there, or
            all of it, where only its last answer was lost and it takes no more.
    """
    shop = settings()
    if shop.backup_recipient is None:
        raise NoRecipient(
            "BACKUP_RECIPIENT is not set, so nobody could open the backup: `storefront backup key` makes a key."
        )
    end_read()
    with alone(LOCK) as is_alone:
        if not is_alone:
            raise BackupBusy("Another backup or restore of this shop is at work. Let it end, then try again.")
        _clean_up(place)
        now = clock.now()
        run = _Run(
            place, now, new_name(now), shop.backup_recipient, shop.secret_key, _find_known(place, shop.secret_keys)
        )
        with _nothing_half_done(run):
            manifest, missing = _write_all(run)
        _remember(manifest, missing)
        removed = Removed() if missing else remove_old(place, keep, clock.now(), new=manifest.name)
    return _tell(run, manifest, removed, missing)


def _clean_up(place: Depot) -> None:
    """Delete parts of files that a killed backup, restore or upload left, which nothing lists."""
    for folder in (BACKUPS, OBJECTS):
        place.clean_up(folder)
    files_depot(settings()).clean_up()


def _find_known(place: Depot, secret_keys: Sequence[str]) -> dict[str, Sealed]:
    """Return what genuine backups list and what lies there whole, by its name."""
    sizes = {listed.name: listed.size_bytes for listed in place.list(OBJECTS)}
    return {
        sealed.name: sealed
        for manifest in readable_manifests(place)
        if is_genuine(manifest, secret_keys)
        for sealed in manifest.files
        if sizes.get(sealed.name) == sealed.size_bytes
    }


@contextmanager
def _nothing_half_done(run: _Run) -> Iterator[None]:
    try:
        yield
    except BaseException:
        _take_back(run)
        raise


def _take_back(run: _Run) -> None:
    """The manifest goes first: it may be there though its writing failed, and lists what would be gone."""
    if _try_to_delete(run.place, path_of(run.name)):
        for sealed in run.written:
            _try_to_delete(run.place, sealed.name)


def _try_to_delete(place: Depot, name: str) -> bool:
    try:
        place.delete(name)
    except (StorefrontError, OSError):  # what is left is removed by a later backup, a day after
        return False
    return True


def _write_all(run: _Run) -> tuple[Manifest, tuple[str, ...]]:
    """Return what was written, and the paths of files that are missing."""
    database = own_database()
    revision = find_revision() or ""
    end_read()  # the files may take hours
    with database.dumping() as dump:
        sealed_database = run.write(path_of(run.name, "database.age"), dump)
    named = read_named()
    _demand_folder(named)
    found = ((file, _keep_file(run, file)) for file in list(files_depot(settings()).list()))
    kept = [(file, sealed) for file, sealed in found if sealed is not None]
    index = {
        "secret_keys": settings().secret_keys,
        "files": [[file.name, sealed.name, file.size_bytes] for file, sealed in kept],
    }
    sealed_index = run.write(path_of(run.name, "index.age"), io.BytesIO(json.dumps(index).encode()))
    manifest = signed(
        Manifest(
            format=FORMAT,
            name=run.name,
            made_at=run.now,
            version=code_version(),
            revision=revision,
            engine=database.engine,
            secret_key=fingerprint(run.secret_key),
            recipient=run.recipient,
            database=sealed_database,
            index=sealed_index,
            files=tuple({sealed.name: sealed for _, sealed in kept}.values()),
        ),
        run.secret_key,
    )
    with run.place.writing(path_of(run.name)) as output:
        output.write(to_bytes(manifest))
    return manifest, _find_missing(named, [file for file, _ in kept if file.name not in run.cut])


def _demand_folder(named: Named) -> None:
    """Raises SourceUnreadable. A new shop has no folder before its first file."""
    shop = settings()
    if named and shop.is_folder and not shop.files_path.is_dir():
        raise SourceUnreadable(
            f"The folder of the shop's files, {shop.files_path}, is not there: is its disk mounted, and is "
            "FILES_URL right?"
        )


def _find_missing(named: Named, kept: list[Listed]) -> tuple[str, ...]:
    """Ask the rows once more: what nobody names any longer may have gone meanwhile."""
    missing = find_missing(named, kept)
    still_named = read_named() if missing else {}
    return tuple(path for path in missing if path in still_named)


def _keep_file(run: _Run, listed: Listed) -> Sealed | None:
    """Encrypt a file, unless the place has its content already. Return None where it has gone meanwhile."""
    files = files_depot(settings())
    with ExitStack() as opened:
        try:
            with _source_refusals(listed.name):
                name = _name_object(run, listed, files.identify(listed))
                if name in run.known:
                    return run.known[name]
                content = opened.enter_context(files.reading(listed.name))
        except FileNotFoundError:
            return None
        run.known[name] = run.write(name, _Source(listed.name, content))
    return run.known[name]


def _name_object(run: _Run, listed: Listed, content_id: str) -> str:
    known = split_name(listed.name.rpartition("/")[2])
    if known is not None and HASH.fullmatch(content_id) and content_id != known[0]:
        run.cut.add(listed.name)
    return object_name(content_id, recipient=run.recipient, secret_key=run.secret_key)


class _Source:
    """A file of the shop. Its errors say its name; all others of a write are the place's."""

    def __init__(self, name: str, content: IO[bytes]) -> None:
        self._name = name
        self._content = content

    def read(self, size: int = -1) -> bytes:
        try:
            with _source_refusals(self._name):
                return self._content.read(size)
        except FileNotFoundError as error:
            raise SourceUnreadable(f"The shop's file {self._name} went while it was read: try again.") from error


@contextmanager
def _source_refusals(name: str) -> Iterator[None]:
    """Raises FileNotFoundError, SourceUnreadable."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise SourceUnreadable(f"The shop's file {name} cannot be read ({error.strerror}).") from error
    except StorageUnavailable as error:
        raise SourceUnreadable(f"The shop's file {name} cannot be read. {error}") from error


def _remember(manifest: Manifest, missing: tuple[str, ...]) -> None:
    measurements().see(BACKED_UP_AT)
    if missing:
        measurements().see(BACKUP_LACKS_AT)
    flush(only_when_due=False)
    with transaction() as session:
        after = {"size_bytes": manifest.size_bytes, "files": len(manifest.files)}
        if missing:
            after["missing"] = len(missing)
        record(session, "backup.made", subject_kind="backup", subject=manifest.name, after=after)


def _tell(run: _Run, manifest: Manifest, removed: Removed, missing: tuple[str, ...]) -> Made:
    new = [sealed for sealed in run.written if sealed in manifest.files]
    return Made(
        name=manifest.name,
        files=len(manifest.files),
        new_files=len(new),
        new_bytes=sum(sealed.size_bytes for sealed in run.written),
        size_bytes=manifest.size_bytes,
        removed=removed,
        missing=missing,
    )
