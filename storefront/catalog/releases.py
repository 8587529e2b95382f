"""Release files on disk: copied in whole or not at all, with size and SHA-256, never overwritten."""

import hashlib
import mimetypes
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront import clock
from storefront.catalog.models import Product, Release, ReleaseFile
from storefront.db import db, transaction
from storefront.errors import NotFound, StorefrontError
from storefront.web import settings

CHUNK_BYTES = 1024 * 1024
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


def add_release_file(*, slug: str, version: str, source: Path, notes: str = "") -> int:
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
        return record_file(session, product_id=product_id, version=version, stored=stored, notes=notes)


def store_file(content: IO[bytes], *, slug: str, version: str, filename: str) -> StoredFile:
    """Write to a hidden neighbor, then link it to its name: readers never meet half a file.

    A file that is already there with the same bytes was left by a run that stopped before its row was written.
    """
    for part in (slug, version, filename):
        _check_path_part(part)
    relative = f"{slug}/{version}/{filename}"
    target = settings().files_path / relative
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".incoming-")
    try:
        with os.fdopen(handle, "wb") as output:
            size, digest = _copy(content, output)
        Path(temporary).chmod(0o644)  # nginx reads it too
        try:
            os.link(temporary, target)  # unlike a rename, this refuses to replace
        except FileExistsError as error:
            if _digest_of(target) != digest:
                raise ReleaseFileExists(
                    f"{relative} exists with other content: give the new one a new version."
                ) from error
    finally:
        Path(temporary).unlink()
    return StoredFile(
        filename=filename, content_type=_content_type(filename), size_bytes=size, sha256=digest, path=relative
    )


def record_file(session: Session, *, product_id: int, version: str, stored: StoredFile, notes: str) -> int:
    """The rows for a stored file, inside the caller's transaction."""
    release = session.scalar(select(Release).where(Release.product_id == product_id, Release.version == version))
    if release is None:
        release = Release(product_id=product_id, version=version, notes=notes, published_at=clock.now())
        session.add(release)
        session.flush()
    known = session.scalar(
        select(ReleaseFile.id).where(ReleaseFile.release_id == release.id, ReleaseFile.filename == stored.filename)
    )
    if known is not None:
        return known
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


def _check_path_part(part: str) -> None:
    if not part or part.startswith(".") or not part.isprintable() or set(part) & set('/\\:*?"<>|'):
        raise FileNameRefused(f"{part!r} cannot be a part of a file's path.")


def _copy(content: IO[bytes], output: IO[bytes]) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while chunk := content.read(CHUNK_BYTES):
        output.write(chunk)
        digest.update(chunk)
        size += len(chunk)
    output.flush()
    os.fsync(output.fileno())
    return size, digest.hexdigest()


def _digest_of(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _content_type(filename: str) -> str:
    known = CONTENT_TYPES.get(Path(filename).suffix.lower())
    return known or mimetypes.guess_type(filename)[0] or "application/octet-stream"
