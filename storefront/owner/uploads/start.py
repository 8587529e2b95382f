"""Begins an upload: everything that can be refused is refused before the first byte is sent."""

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import delete, select

from storefront.core import clock, tokens
from storefront.core.db import db, transaction
from storefront.core.errors import TooLarge
from storefront.owner.people.models import Person
from storefront.owner.uploads import queries
from storefront.owner.uploads.models import Upload
from storefront.owner.uploads.queries import ListedUpload
from storefront.owner.uploads.refusals import TooManyUploads
from storefront.owner.uploads.space import check_room
from storefront.shop.catalog.file_sizes import format_size
from storefront.shop.catalog.models import ReleaseFile
from storefront.shop.catalog.queries import find_release, get_product_id
from storefront.shop.catalog.upload import stored_name
from storefront.shop.catalog.upload_checks import (
    EmptyFile,
    check_file_count,
    check_names_on_disk,
    check_release,
    check_version,
    other_content,
)

MOST_BYTES = 5 * 1024**3
MOST_OPEN = 10  # of one person


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What a program says of the file that it is going to send. `modified_ms`: the file's own time."""

    slug: str
    version: str
    filename: str
    size_bytes: int
    modified_ms: int | None = None


def begin(person_id: int, file: Announced) -> ListedUpload:
    """Return a new upload, or the one that this person has begun of the same file: it goes on where it was.

    Raises:
        TooLarge, EmptyFile, FileNameRefused, VersionTooLong, SameOnDisk, NotFound: of the file as it is announced.
        ReleaseIsThere: the version was published, and what buyers have stays as it is.
        ReleaseFileExists: the draft has another file under this name.
        TooManyFiles, TooManyUploads, NoRoom, NoUploadFolder: there is no place for it.
    """
    name = check_announced(file)
    product_id = get_product_id(db.session(), file.slug)
    fingerprint = _fingerprint(person_id, product_id, name, file)
    known = _find_token(fingerprint)
    if known is None:
        check_room(file.size_bytes, part_bytes=file.size_bytes + queries.promised_bytes(db.session()))
        return queries.get_upload(person_id, _insert(person_id, product_id, name, file, fingerprint))
    upload = queries.get_upload(person_id, known)
    if not upload.is_whole:  # of one that is, the copy may be half made; who makes it asks
        check_room(upload.size_bytes, part_bytes=upload.size_bytes - upload.offset_bytes)
    return upload


def check_announced(file: Announced, *, others: Collection[str] = ()) -> str:
    """Return the name that the file gets. The files `others` come with it."""
    _check_size(file)
    name = stored_name(file.slug, file.version, file.filename)
    product_id = get_product_id(db.session(), file.slug)
    check_version(product_id, file.version)
    release = find_release(db.session(), product_id, file.version)
    check_release(release, file.slug, None, is_draft=True)
    sizes = _read_sizes(release.id) if release is not None else {}
    check_names_on_disk({name} - sizes.keys(), sizes)
    if sizes.get(name, file.size_bytes) != file.size_bytes:
        raise other_content(name, file.version)
    check_file_count(len({*sizes, name, *others}))
    return name


def _check_size(file: Announced) -> None:
    if file.size_bytes == 0:
        raise EmptyFile(f"{file.filename}: 0 bytes. Was it copied whole?")
    if file.size_bytes > MOST_BYTES:
        raise TooLarge(
            f"{file.filename} has {format_size(file.size_bytes)}, and a page takes up to "
            f"{format_size(MOST_BYTES)}. Use `storefront releases upload` at the shop's machine."
        )


def _read_sizes(release_id: int) -> dict[str, int]:
    rows = db.session.execute(
        select(ReleaseFile.filename, ReleaseFile.size_bytes).where(ReleaseFile.release_id == release_id)
    )
    return {row.filename: row.size_bytes for row in rows}


def _fingerprint(person_id: int, product_id: int, name: str, file: Announced) -> str:
    """A program that does not say when the file was changed begins anew each time."""
    if file.modified_ms is None:
        return tokens.new_token()
    parts = (person_id, product_id, file.version, name, file.size_bytes, file.modified_ms)
    return sha256("\0".join(map(str, parts)).encode()).hexdigest()


def _find_token(fingerprint: str) -> str | None:
    alive = Upload.last_at > clock.now() - queries.IDLE
    return db.session.scalar(select(Upload.token).where(Upload.fingerprint == fingerprint, alive))


def _insert(person_id: int, product_id: int, name: str, file: Announced, fingerprint: str) -> str:
    with transaction() as changes:
        # Those of one person come one after the other, or two at once would both be the tenth.
        changes.execute(select(Person.id).where(Person.id == person_id).with_for_update())
        # Nobody can continue an expired one, so it must not stand in the way of the same file.
        idle = Upload.last_at <= clock.now() - queries.IDLE
        changes.execute(delete(Upload).where(Upload.fingerprint == fingerprint, idle))
        known = changes.scalar(select(Upload.token).where(Upload.fingerprint == fingerprint))
        if known is not None:
            return known
        if queries.count_open(changes, person_id) >= MOST_OPEN:
            raise TooManyUploads(
                f"You have {MOST_OPEN} uploads that are not finished. Continue or cancel one of them first."
            )
        row = Upload(
            person_id=person_id,
            product_id=product_id,
            version=file.version,
            filename=name,
            size_bytes=file.size_bytes,
            modified_ms=file.modified_ms,
            fingerprint=fingerprint,
        )
        changes.add(row)
        changes.flush()
        return row.token
