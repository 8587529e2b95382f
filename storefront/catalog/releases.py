"""Files of releases: into the storage whole or not at all, with size and SHA-256, never overwritten."""

import mimetypes
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront import clock
from storefront.catalog.models import Product, Release, ReleaseFile
from storefront.db import db, transaction
from storefront.errors import NotFound, StorefrontError
from storefront.storage import OtherContent, storage

MAX_NAME_BYTES = 180
DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{name}{number}" for name in ("COM", "LPT") for number in range(1, 10))}
# Not in every machine's table, and a wrong type makes a phone refuse to open a book.
CONTENT_TYPES = {".epub": "application/epub+zip", ".ttf": "font/ttf", ".zip": "application/zip"}


class FileNameRefused(StorefrontError):
    code = "file_name_refused"
    title = "This file name cannot be used"


class ReleaseFileExists(StorefrontError):
    """What buyers may have checked against its SHA-256 stays as it is: new bytes need a new version."""

    code = "release_file_exists"
    status = 409
    title = "This release already has another file of this name"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file in the storage; `path` is relative to it."""

    filename: str
    content_type: str
    size_bytes: int
    sha256: str
    path: str


def add_release_file(*, slug: str, version: str, source: Path, notes: str = "", is_draft: bool = False) -> int:
    """Put a file into a product's release, which is made and published when it is new; returns the file's id.

    The same file again changes nothing.

    Raises:
        NotFound: no such product.
        FileNameRefused: the version or the file's name has characters a path cannot carry.
        ReleaseFileExists: the release has other bytes under this name.
    """
    product_id = db.session.scalar(select(Product.id).where(Product.slug == slug))
    if product_id is None:
        raise NotFound(f"There is no product {slug}.")
    with source.open("rb") as content:
        stored = store_file(content, slug=slug, version=version, filename=source.name)
    with transaction() as session:
        return record_file(
            session, product_id=product_id, version=version, stored=stored, notes=notes, is_draft=is_draft
        )


def store_file(content: IO[bytes], *, slug: str, version: str, filename: str) -> StoredFile:
    """Into the storage, whole or not at all.

    A file that is already there with the same bytes was left by a run that stopped before its row was written.
    """
    filename = unicodedata.normalize("NFC", filename)
    for part in (slug, version, filename):
        check_path_part(part)
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
    )


def record_file(
    session: Session, *, product_id: int, version: str, stored: StoredFile, notes: str, is_draft: bool = False
) -> int:
    """The rows for a stored file, inside the caller's transaction. A release that is there stays as it is."""
    release = session.scalar(select(Release).where(Release.product_id == product_id, Release.version == version))
    if release is None:
        release = Release(
            product_id=product_id, version=version, notes=notes, published_at=None if is_draft else clock.now()
        )
        session.add(release)
        session.flush()
    known = session.scalars(
        select(ReleaseFile).where(ReleaseFile.release_id == release.id, ReleaseFile.filename == stored.filename)
    ).one_or_none()
    if known is not None and known.sha256 != stored.sha256:
        raise ReleaseFileExists(
            f"{stored.filename} of version {version} has other content: give the new one a new version."
        )
    if known is not None:
        return known.id
    row = ReleaseFile(
        release_id=release.id,
        filename=stored.filename,
        content_type=stored.content_type,
        size_bytes=stored.size_bytes,
        sha256=stored.sha256,
        path=stored.path,
    )
    session.add(row)
    session.flush()
    return row.id


def check_path_part(part: str) -> None:
    """In any language, but nothing that a file system or an address reads as something else."""
    is_bad = not part or part != part.strip() or part.startswith(".") or part.endswith(".")
    if is_bad or not part.isprintable() or set(part) & set('/\\:*?"<>|') or len(part.encode()) > MAX_NAME_BYTES:
        raise FileNameRefused(f"{part!r} cannot be a part of a file's path.")
    if part.partition(".")[0].upper() in DEVICES:
        raise FileNameRefused(f"{part!r} is the name of a device on Windows: rename the file.")


def _content_type(filename: str) -> str:
    known = CONTENT_TYPES.get(Path(filename).suffix.lower())
    return known or mimetypes.guess_type(filename)[0] or "application/octet-stream"
