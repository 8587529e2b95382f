"""Brings files into releases: into the storage whole or not at all, with size and SHA-256.

Nothing that a release names is ever overwritten.
"""

import mimetypes
import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core import clock
from storefront.core.db import db, insert_missing, transaction
from storefront.core.storage import OtherContent, StorageClosed, StorageUnavailable, Stored, storage
from storefront.shop.catalog.file_names import check_path_part
from storefront.shop.catalog.leftovers import delete_unnamed
from storefront.shop.catalog.models import Release, ReleaseFile
from storefront.shop.catalog.queries import find_product_id, find_release, no_such_product
from storefront.shop.catalog.releases import state_of
from storefront.shop.catalog.upload_checks import (
    ReleaseFileExists,
    ReleaseIsThere,
    TooManyFiles,
    check_distinct_names,
    check_file_count,
    check_names_on_disk,
    check_not_empty,
    check_release,
    check_same_bytes,
    check_version,
    other_content,
)

ATTEMPTS = 5  # to find the release that was just made
# Not in every machine's table, and a wrong type makes a phone refuse to open a book.
CONTENT_TYPES = {".epub": "application/epub+zip", ".ttf": "font/ttf", ".zip": "application/zip"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file in the storage; `path` is relative to it. `is_new`: it was not there before. `mark`: see `Stored`."""

    filename: str
    content_type: str
    size_bytes: int
    sha256: str
    path: str
    is_new: bool
    mark: str


def add_release_files(
    *,
    slug: str,
    version: str,
    sources: Sequence[Path],
    notes: str | None = None,
    is_draft: bool = False,
    allow_empty: bool = False,
) -> list[int]:
    """Put files into a product's release, which is made and published when it is new: all of them, or none.

    The same files again change nothing. Returns the files' ids.

    Raises:
        NotFound: no such product.
        FileNameRefused: the version or a file's name has characters a path cannot carry.
        VersionTooLong, TooManyFiles: more than pages can show.
        EmptyFile: nobody said that it may be.
        ReleaseFileExists: the release has other bytes under a name.
        SameOnDisk: two names, or versions, differ in capitals or accents only.
        ReleaseIsThere: it was published, so it is no draft, or has other notes.
    """
    product_id = find_product_id(db.session(), slug)
    if product_id is None:
        raise no_such_product(slug, hint="")
    names = [stored_name(slug, version, source.name) for source in sources]
    check_distinct_names(names)
    if not allow_empty:
        check_not_empty(sources)
    check_version(product_id, version)
    check_release(find_release(db.session(), product_id, version), slug, notes, is_draft=is_draft)
    check_same_bytes(product_id, version, dict(zip(names, sources, strict=True)))
    stored: list[StoredFile] = []
    try:
        for source, name in zip(sources, names, strict=True):
            with source.open("rb") as content:
                stored.append(store_file(content, slug=slug, version=version, filename=name))
        with transaction() as session:
            release = _lock_release(session, product_id, version, notes=notes or "", is_draft=is_draft)
            check_release(release, slug, notes, is_draft=is_draft)
            return _record_files(session, slug, release, stored)
    except (ReleaseFileExists, ReleaseIsThere, TooManyFiles):
        # Refused, so nobody will come back for it. After any other failure the next try finds it there, or
        # replaces it.
        delete_unused(stored)
        raise


def store_file(content: IO[bytes], *, slug: str, version: str, filename: str) -> StoredFile:
    """Put a file into the storage, whole or not at all.

    What is already there and no release names was left by a run that stopped before its row was written: the same
    bytes are taken as they are, others are replaced.

    Raises:
        ReleaseFileExists: a release has other bytes under this name.
    """
    filename = stored_name(slug, version, filename)
    content_type = _content_type(filename)
    folder, begins_at = f"{slug}/{version}", content.tell()
    try:
        stored = _put(content, folder, filename, content_type)
    except ReleaseFileExists:
        if not _delete_leftover(folder, filename):
            raise
        content.seek(begins_at)
        stored = _put(content, folder, filename, content_type)
    return StoredFile(
        filename=filename,
        content_type=content_type,
        size_bytes=stored.size_bytes,
        sha256=stored.sha256,
        path=stored.path,
        is_new=stored.is_new,
        mark=stored.mark,
    )


def _put(content: IO[bytes], folder: str, filename: str, content_type: str) -> Stored:
    try:
        return storage().put(content, folder=folder, filename=filename, content_type=content_type)
    except OtherContent as error:
        raise ReleaseFileExists(error.message) from error


def _delete_leftover(folder: str, filename: str) -> bool:
    """False where a release names what is there, and in a bucket, where other content has another path."""
    path = storage().path_of(folder=folder, filename=filename, sha256="")
    mark = storage().mark_of(path)
    return bool(mark) and delete_unnamed(path, mark)


def record_release(
    session: Session,
    *,
    slug: str,
    product_id: int,
    version: str,
    stored: Sequence[StoredFile],
    notes: str,
    published_at: datetime | None,
) -> Release:
    """Write the rows for files of a release, with the entry in the audit log, inside the caller's transaction.

    A release that is there keeps its notes and date, and gets the files that it has not.

    Raises:
        ReleaseFileExists: the release has other bytes under a name, or a name that is the same on a disk.
        TooManyFiles: the release is full.
    """
    new = {"product_id": product_id, "version": version, "notes": notes, "published_at": published_at}
    release = _lock_new_release(session, new)
    _record_files(session, slug, release, stored)
    return release


def record_draft_file(session: Session, *, slug: str, product_id: int, version: str, stored: StoredFile) -> int:
    """Write the rows for a file of a draft, with the entry in the audit log, inside the caller's transaction.

    Raises:
        ReleaseIsThere: the release was published meanwhile, so it is no draft.
        ReleaseFileExists: the release has other bytes under this name, or a name that is the same on a disk.
        TooManyFiles: the release is full.
    """
    release = _lock_release(session, product_id, version, notes="", is_draft=True)
    check_release(release, slug, None, is_draft=True)
    return _record_files(session, slug, release, [stored])[0]


def stored_name(slug: str, version: str, filename: str) -> str:
    """Return the name as it is stored, once every part of its path is a good one."""
    name = unicodedata.normalize("NFC", filename)
    for part in (slug, version, name):
        check_path_part(part)
    return name


def _lock_release(session: Session, product_id: int, version: str, *, notes: str, is_draft: bool) -> Release:
    """Return the release, locked; it is made where there is none."""
    published_at = None if is_draft else clock.now()
    new = {"product_id": product_id, "version": version, "notes": notes, "published_at": published_at}
    return _lock_new_release(session, new)


def _lock_new_release(session: Session, new: dict[str, Any]) -> Release:
    for _attempt in range(ATTEMPTS):  # an empty draft may be removed between the two
        insert_missing(session, Release, [new])
        release = find_release(session, new["product_id"], new["version"], is_locked=True)
        if release is not None:
            return release
    raise RuntimeError("a release is gone again and again that was there a moment ago")


def _record_files(session: Session, slug: str, release: Release, stored: Sequence[StoredFile]) -> list[int]:
    known = _read_names(session, release)
    file_ids = [_record_file(session, release, file) for file in stored]
    _record_upload(session, slug, release, [file.filename for file in stored if file.filename not in known])
    return file_ids


def _record_file(session: Session, release: Release, stored: StoredFile) -> int:
    # The release is locked: nobody adds a name between this look and the row.
    names = _read_names(session, release)
    check_names_on_disk({stored.filename} - names, names)
    if stored.filename not in names:
        check_file_count(len(names) + 1)
        _demand_own_bytes(stored)
    new = {
        "release_id": release.id,
        "filename": stored.filename,
        "content_type": stored.content_type,
        "size_bytes": stored.size_bytes,
        "sha256": stored.sha256,
        "path": stored.path,
    }
    insert_missing(session, ReleaseFile, [new])
    known = session.scalars(
        select(ReleaseFile)
        .where(ReleaseFile.release_id == release.id, ReleaseFile.filename == stored.filename)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if known is None or known.sha256 != stored.sha256:
        raise other_content(stored.filename, release.version)
    return known.id


def _demand_own_bytes(stored: StoredFile) -> None:
    """Another upload replaces what no row names yet. A folder is asked, and nothing of a network."""
    if storage().mark_of(stored.path) != stored.mark:
        raise ReleaseFileExists(f"Another upload brought {stored.filename} at the same moment: try again.")


def _read_names(session: Session, release: Release) -> set[str]:
    return set(session.scalars(select(ReleaseFile.filename).where(ReleaseFile.release_id == release.id)))


def _record_upload(session: Session, slug: str, release: Release, new_names: list[str]) -> None:
    if new_names:
        record(
            session,
            "release.uploaded",
            subject_kind="release",
            subject=f"{slug} {release.version}",
            after={"files": new_names, "state": state_of(release).value, "notes": release.notes},
        )


def delete_unused(stored: Iterable[StoredFile]) -> None:
    """Delete what this upload has brought and no release refers to.

    Should another upload record the very same bytes in a bucket at this moment, `releases check` finds the gap.
    """
    for file in stored:
        if file.is_new:
            with suppress(StorageUnavailable, StorageClosed):  # the refusal is what the owner has to read
                delete_unnamed(file.path, file.mark)


def _content_type(filename: str) -> str:
    known = CONTENT_TYPES.get(Path(filename).suffix.lower())
    return known or mimetypes.guess_type(filename)[0] or "application/octet-stream"
