"""Brings a shop back into an empty one. All is looked at before anything is changed; the database comes last.

Files are put where they were, so a restore that was killed is repeated, and ends as if it had run once.
"""

import io
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from sqlalchemy import delete

from storefront.audit.record import record
from storefront.core.db import db, end_read, transaction
from storefront.core.depots import Depot, files_depot
from storefront.core.leases import Lease
from storefront.core.one_at_a_time import alone
from storefront.core.runtime import settings
from storefront.core.storage import OtherContent, StorageFull
from storefront.migrations.head import head, is_known
from storefront.owner.backup.age import read_identity
from storefront.owner.backup.check import demand_genuine, find_backup, is_own
from storefront.owner.backup.database import find_content, find_foreign, own_database
from storefront.owner.backup.make import LOCK
from storefront.owner.backup.manifest import Manifest, Sealed
from storefront.owner.backup.refusals import (
    BackupBusy,
    BackupDamaged,
    BackupTooNew,
    NotEmpty,
    OtherEngine,
    OtherSecretKey,
)
from storefront.owner.backup.sealed import check_sealed, has_content, open_sealed
from storefront.shop.media.keep import at_home

RESTORED = "backup.restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """`files` counts contents, as `backup` and its list do. `is_behind`: the database waits for `db upgrade`."""

    name: str
    made_at: datetime
    files: int
    is_behind: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Index:
    """What is encrypted of a backup beside its contents: where each file belongs, and the shop's SECRET_KEY."""

    secret_keys: tuple[str, ...]  # that of the shop, and those of before
    files: dict[str, Sealed]
    sizes: dict[str, int]  # in bytes, of what is in them


def restore_backup(place: Depot, name: str | None, *, identity: str) -> Restored:
    """Restore a backup, by default the newest, with the secret half of the owner's key.

    Raises:
        NoBackup, BackupDamaged, WrongKey, OtherSecretKey, BackupTooNew, OtherEngine: it cannot be brought back.
        NotEmpty, OtherContent: here is something that would be lost.
        BackupBusy: another backup or restore is at work.
        StorageFull, StorageClosed, StorageUnavailable, ToolFailed: nothing of the database was changed.
    """
    read_identity(identity)
    end_read()
    with alone(LOCK) as is_alone:
        if not is_alone:
            raise BackupBusy("A backup or restore of this shop is at work. Let it end, then try again.")
        manifest = find_backup(place, name)
        _demand_fit(manifest)
        _demand_empty()
        index = _read_index(place, manifest, identity)
        _demand_secret_keys(index.secret_keys)
        for part in manifest.parts:
            check_sealed(place, part)
        there = _demand_room(place, index, identity)
        _put_files(place, index, identity, there)
        _put_database(place, manifest, identity)
        _remember(manifest)
    return Restored(
        name=manifest.name,
        made_at=manifest.made_at,
        files=len(manifest.files),
        is_behind=manifest.revision != head(),
    )


def read_secret_keys(place: Depot, name: str | None, *, identity: str) -> tuple[str, ...]:
    """Return the SECRET_KEY of the shop that a backup is of, and those of before: for who has lost them.

    Raises:
        NoBackup, BackupDamaged, WrongKey: it cannot be read.
    """
    manifest = find_backup(place, name)
    values = _open_index(place, manifest, identity)
    with _damage_told(manifest):
        return _secret_keys_of(values)


def _demand_fit(manifest: Manifest) -> None:
    if not is_own(manifest):
        raise OtherSecretKey(
            "The backup is of a shop with another SECRET_KEY, which links, keys and sealed secrets need. "
            "`storefront backup secret-key` prints it: set SECRET_KEY to that, or add it to SECRET_KEY_FALLBACKS "
            "if you want another one from now on, then restore."
        )
    demand_genuine(manifest)
    if not is_known(manifest.revision):
        raise BackupTooNew(
            f"The backup was made by newer code ({manifest.version}, schema {manifest.revision}; this code knows "
            f"{head()}): install that version or a newer one, then restore."
        )
    engine = own_database().engine
    if manifest.engine != engine:
        raise OtherEngine(
            f"The backup is of {manifest.engine}, and DATABASE_URL of {engine}: set it to an empty one."
        )


def _demand_empty() -> None:
    content = find_content()
    if content:
        raise NotEmpty(
            f"This shop is not empty: it has {', '.join(name.replace('_', ' ') for name in content)}. Restore "
            "into an empty database: set DATABASE_URL to a new one, or move the old one away."
        )
    foreign = find_foreign()
    if foreign:
        raise NotEmpty(
            f"The database has {foreign[0]}, which is of another program: set DATABASE_URL to a new one, "
            "then restore."
        )


def _read_index(place: Depot, manifest: Manifest, identity: str) -> _Index:
    values = _open_index(place, manifest, identity)
    sealed = {part.name: part for part in manifest.files}
    with _damage_told(manifest):
        return _Index(
            secret_keys=_secret_keys_of(values),
            files={at_home(_inside(path)): sealed[name] for path, name, _size in values["files"]},
            sizes={at_home(path): int(size) for path, _name, size in values["files"]},
        )


def _open_index(place: Depot, manifest: Manifest, identity: str) -> dict[str, Any]:
    output = io.BytesIO()
    open_sealed(place, manifest.index, output, identity=identity)
    with _damage_told(manifest):
        values: dict[str, Any] = json.loads(output.getvalue())
    return values


def _secret_keys_of(values: dict[str, Any]) -> tuple[str, ...]:
    return tuple(map(str, values["secret_keys"]))


@contextmanager
def _damage_told(manifest: Manifest) -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupDamaged(f"The index of {manifest.name} names what the backup has not.") from error


def _inside(path: str) -> str:
    """Raises ValueError for a path that leads out of the folder of files."""
    if not is_inside(path):
        raise ValueError(path)
    return path


def is_inside(path: str, separator: str = os.sep) -> bool:
    """Tell whether a path of an index stays in the folder of files, on a machine that separates folders so.

    What a depot lists does, or no backup is made. On Linux a backslash is a letter of a name.
    """
    is_foreign = separator != "/" and separator in path
    return not is_foreign and not {"..", ""} & set(path.split("/"))


def _demand_secret_keys(secret_keys: Iterable[str]) -> None:
    """Nothing tells what of the database is still sealed with an old one, so all of them are demanded."""
    if set(secret_keys) - set(settings().secret_keys):
        raise OtherSecretKey(
            "The shop had SECRET_KEY_FALLBACKS that are missing here, and what they sealed (license keys, signing "
            "keys, webhook secrets) would stay closed. `storefront backup secret-key` prints all of its "
            "keys: add to SECRET_KEY_FALLBACKS those that are in neither setting here, then restore."
        )


def _demand_room(place: Depot, index: _Index, identity: str) -> set[str]:
    """Look at what lies at the same paths, as a killed restore leaves it, and whether the rest has room.

    Returns the paths of files that are there already.
    """
    files = files_depot(settings())
    files.clean_up()  # after a restore that was killed
    there = index.sizes.keys() & {listed.name for listed in files.list()}
    for path in sorted(there):
        _demand_same(files, path, place, index.files[path], identity)
    needed = sum(size for path, size in index.sizes.items() if path not in there)
    free = files.free_bytes()
    if free is not None and free < needed:
        raise StorageFull(f"The files need {needed} bytes, and {free} are free: make room, then restore again.")
    return there


def _demand_same(files: Depot, path: str, place: Depot, sealed: Sealed, identity: str) -> None:
    with files.reading(path) as content:
        if not has_content(place, sealed, content, identity=identity):
            raise OtherContent(
                f"The folder of files has another {path}: set FILES_URL to an empty place, then restore."
            )


def _put_files(place: Depot, index: _Index, identity: str, there: set[str]) -> None:
    files = files_depot(settings())
    for path, sealed in index.files.items():
        if path not in there:
            with files.writing(path) as output:
                open_sealed(place, sealed, output, identity=identity)


def _put_database(place: Depot, manifest: Manifest, identity: str) -> None:
    def fill(output: IO[bytes]) -> None:
        open_sealed(place, manifest.database, output, identity=identity)

    db.session.remove()
    own_database().restore(fill, size_bytes=manifest.database.size_bytes)


def _remember(manifest: Manifest) -> None:
    """Whoever held a lease when the backup was made is not here."""
    with transaction() as session:
        session.execute(delete(Lease))
        after = {"made_at": manifest.made_at.isoformat()}
        record(session, RESTORED, subject_kind="backup", subject=manifest.name, after=after)
