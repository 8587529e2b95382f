"""Files of releases: into the storage whole or not at all, with size and SHA-256, never overwritten."""

import mimetypes
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.db import db, insert_missing, transaction
from storefront.core.errors import NotFound, StorefrontError
from storefront.core.storage import OtherContent, StorageUnavailable, measure, storage
from storefront.shop.catalog.file_names import check_path_part, same_name
from storefront.shop.catalog.models import Product, Release, ReleaseFile

# Not in every machine's table, and a wrong type makes a phone refuse to open a book.
CONTENT_TYPES = {".epub": "application/epub+zip", ".ttf": "font/ttf", ".zip": "application/zip"}


class ReleaseFileExists(StorefrontError):
    """What buyers may have checked against its SHA-256 stays as it is: new bytes need a new version."""

    code = "release_file_exists"
    status = 409
    title = "This release already has another file of this name"


class SameOnDisk(ReleaseFileExists):
    code = "same_on_disk"
    title = "On Windows and on a Mac these two are one file"


class EmptyFile(StorefrontError):
    code = "empty_file"
    status = 409
    title = "This file is empty"


class ReleaseIsThere(StorefrontError):
    code = "release_is_there"
    status = 409
    title = "This release is there already"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file in the storage; `path` is relative to it. `is_new`: it was not there before."""

    filename: str
    content_type: str
    size_bytes: int
    sha256: str
    path: str
    is_new: bool


def add_release_file(*, slug: str, version: str, source: Path, notes: str = "", is_draft: bool = False) -> int:
    """As below, for one file; returns its id."""
    return add_release_files(slug=slug, version=version, sources=[source], notes=notes or None, is_draft=is_draft)[
        0
    ]


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
        EmptyFile: nobody said that it may be.
        ReleaseFileExists: the release has other bytes under a name.
        SameOnDisk: two names, or versions, differ in capitals or accents only.
        ReleaseIsThere: it was published, so it is no draft, or has other notes.
    """
    product_id = db.session.scalar(select(Product.id).where(Product.slug == slug))
    if product_id is None:
        raise NotFound(f"There is no product {slug}.")
    names = [_checked(slug, version, source.name) for source in sources]
    if len(set(names)) < len(names):
        raise ReleaseFileExists("Two of these files have the same name.")
    if not allow_empty:
        _demand_content(sources)
    _demand_own_version(product_id, version)
    _demand_terms(_find_release(db.session(), product_id, version), slug, notes, is_draft=is_draft)
    _demand_same_bytes(product_id, version, dict(zip(names, sources, strict=True)))
    stored: list[StoredFile] = []
    try:
        for source, name in zip(sources, names, strict=True):
            with source.open("rb") as content:
                stored.append(store_file(content, slug=slug, version=version, filename=name))
        with transaction() as session:
            release = _lock_release(session, product_id, version, notes=notes or "", is_draft=is_draft)
            _demand_terms(release, slug, notes, is_draft=is_draft)
            return [_record(session, release, each) for each in stored]
    except (ReleaseFileExists, ReleaseIsThere):
        # Refused, so nobody will come back for it. After any other failure the next try finds it there.
        _take_back(stored)
        raise


def store_file(content: IO[bytes], *, slug: str, version: str, filename: str) -> StoredFile:
    """Into the storage, whole or not at all.

    A file that is already there with the same bytes was left by a run that stopped before its row was written.
    """
    filename = _checked(slug, version, filename)
    content_type = _content_type(filename)
    try:
        stored = storage().put(content, folder=f"{slug}/{version}", filename=filename, content_type=content_type)
    except OtherContent as error:
        raise ReleaseFileExists(error.message) from error
    return StoredFile(
        filename=filename,
        content_type=content_type,
        size_bytes=stored.size_bytes,
        sha256=stored.sha256,
        path=stored.path,
        is_new=stored.is_new,
    )


def record_file(
    session: Session, *, product_id: int, version: str, stored: StoredFile, notes: str, is_draft: bool = False
) -> int:
    """The rows for a stored file, inside the caller's transaction. A release that is there stays as it is."""
    release = _lock_release(session, product_id, version, notes=notes, is_draft=is_draft)
    return _record(session, release, stored)


def _checked(slug: str, version: str, filename: str) -> str:
    """The name as it is stored."""
    normal = unicodedata.normalize("NFC", filename)
    for part in (slug, version, normal):
        check_path_part(part)
    return normal


def _find_release(session: Session, product_id: int, version: str, *, locked: bool = False) -> Release | None:
    ask = select(Release).where(Release.product_id == product_id, Release.version == version)
    ask = ask.execution_options(populate_existing=True)
    return session.scalars(ask.with_for_update() if locked else ask).one_or_none()


def _lock_release(session: Session, product_id: int, version: str, *, notes: str, is_draft: bool) -> Release:
    published_at = None if is_draft else clock.now()
    new = {"product_id": product_id, "version": version, "notes": notes, "published_at": published_at}
    insert_missing(session, Release, [new])
    release = _find_release(session, product_id, version, locked=True)
    if release is None:
        raise RuntimeError("a release is gone that was there a moment ago")
    return release


def _demand_terms(release: Release | None, slug: str, notes: str | None, *, is_draft: bool) -> None:
    """What is asked of a new release must not be dropped in silence where there is one already."""
    if release is None:
        return
    if is_draft and release.published_at is not None:
        raise ReleaseIsThere(f"{release.version} was published before: a draft needs a version of its own.")
    if notes is not None and notes != release.notes:
        raise ReleaseIsThere(
            f"{release.version} is there already and has other notes. Upload without them, and change them with "
            f"`storefront releases publish {slug} {release.version} --notes-file FILE`."
        )


def _demand_apart(new: Iterable[str], others: Iterable[str]) -> None:
    """A buyer who puts both into one folder would have one of them, and not know which.

    Of new names only: a release from before anybody asked may have both, and the same again changes nothing.
    """
    known = {same_name(name): name for name in others}
    for name in new:
        other = known.get(same_name(name), name)
        if other != name:
            raise SameOnDisk(f"{name} and {other} are one file on Windows and on a Mac: rename one.")


def _demand_content(sources: Iterable[Path]) -> None:
    empty = [source.name for source in sources if source.stat().st_size == 0]
    if empty:
        raise EmptyFile(f"{', '.join(empty)}: 0 bytes. Was it copied whole? --allow-empty takes it as it is.")


def _demand_own_version(product_id: int, version: str) -> None:
    known = set(db.session.scalars(select(Release.version).where(Release.product_id == product_id)))
    for other in known if version not in known else ():
        if same_name(other) == same_name(version):
            raise SameOnDisk(
                f"Version {other} is there, and {version} would be the same folder on a Mac: use {other}."
            )


def _demand_same_bytes(product_id: int, version: str, sources: Mapping[str, Path]) -> None:
    """Before anything is stored: a bucket would keep the refused bytes beside the known ones."""
    rows = db.session.execute(
        select(ReleaseFile.filename, ReleaseFile.sha256)
        .join(Release, Release.id == ReleaseFile.release_id)
        .where(Release.product_id == product_id, Release.version == version)
    )
    known = {row.filename: row.sha256 for row in rows}
    _demand_apart(sources.keys() - known.keys(), [*sources, *known])
    for filename in sources.keys() & known.keys():
        with sources[filename].open("rb") as content:
            _size, digest = measure(content)
        if digest != known[filename]:
            raise _other_content(filename, version)


def _other_content(filename: str, version: str) -> ReleaseFileExists:
    return ReleaseFileExists(f"{filename} of version {version} has other content: give the new one a new version.")


def _record(session: Session, release: Release, stored: StoredFile) -> int:
    new = {
        "release_id": release.id,
        "filename": stored.filename,
        "content_type": stored.content_type,
        "size_bytes": stored.size_bytes,
        "sha256": stored.sha256,
        "path": stored.path,
    }
    # The release is locked: nobody adds a name between this look and the row.
    names = set(session.scalars(select(ReleaseFile.filename).where(ReleaseFile.release_id == release.id)))
    _demand_apart({stored.filename} - names, names)
    insert_missing(session, ReleaseFile, [new])
    known = session.scalars(
        select(ReleaseFile)
        .where(ReleaseFile.release_id == release.id, ReleaseFile.filename == stored.filename)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if known is None or known.sha256 != stored.sha256:
        raise _other_content(stored.filename, release.version)
    return known.id


def _take_back(stored: Iterable[StoredFile]) -> None:
    """What this upload has made and no release refers to.

    Should another upload record the very same bytes at this moment, `releases check` finds the gap.
    """
    made = {each.path for each in stored if each.is_new}
    used = set(db.session.scalars(select(ReleaseFile.path).where(ReleaseFile.path.in_(made))))
    for path in made - used:
        with suppress(StorageUnavailable):  # the refusal is what the owner has to read
            storage().delete(path)


def _content_type(filename: str) -> str:
    known = CONTENT_TYPES.get(Path(filename).suffix.lower())
    return known or mimetypes.guess_type(filename)[0] or "application/octet-stream"
