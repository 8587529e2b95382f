"""Brings a whole upload into its release: a draft that only its own act publishes. It may be tried again."""

from contextlib import suppress
from typing import IO

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.db import db, end_read, transaction
from storefront.core.errors import StorefrontError
from storefront.core.storage import StorageClosed, StorageFull
from storefront.owner.uploads.models import Upload, UploadState
from storefront.owner.uploads.parts import NoPart, locked_part, remove_part, size_of
from storefront.owner.uploads.queries import ListedUpload
from storefront.owner.uploads.receive import GONE
from storefront.owner.uploads.refusals import NoRoom, NoSuchUpload, NotWhole, NotWritable
from storefront.owner.uploads.space import keep_room
from storefront.shop.catalog.queries import get_product_id
from storefront.shop.catalog.upload import StoredFile, delete_unused, record_draft_file, store_file
from storefront.shop.catalog.upload_checks import ReleaseFileExists, ReleaseIsThere, TooManyFiles

FULL = (
    "The storage is full but for what the shop itself needs, so {filename} is not in the release yet. All of it "
    "is here: make room, then try again."
)
CLOSED = (
    "The shop could not write to its folder of files, so {filename} is not in the release yet. All of it is here. "
    "{why}"
)
LOST = "Bytes of this file are not on the shop's disk any more. Choose the file again: it goes on from there."
REFUSED = (NoSuchUpload, ReleaseFileExists, ReleaseIsThere, TooManyFiles)


def finish(upload: ListedUpload) -> None:
    """Hash the file while it is stored, and record it. Safe to repeat, and for two callers at once.

    Raises:
        UploadBusy: somebody else is at it.
        NotWhole: bytes are missing.
        NoSuchUpload: it was canceled, perhaps while it was stored: it is in no release then.
        StorageUnavailable, NoRoom, NotWritable: the file stays here, and it may be tried again.
        ReleaseFileExists, SameOnDisk, ReleaseIsThere, TooManyFiles: the release has changed meanwhile.
    """
    try:
        with locked_part(upload.token, seconds=0.5) as part:
            row = _read(upload.token)
            if row.state is UploadState.FINISHED:
                return
            _check_whole(row, size_of(part))
            _store(upload, part)
    except NoPart:
        row = _read(upload.token)
        if row.state is not UploadState.FINISHED:
            _check_whole(row, 0)
    remove_part(upload.token)


def _read(token: str) -> Upload:
    row = db.session.scalars(
        select(Upload).where(Upload.token == token).execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NoSuchUpload(GONE)
    db.session.expunge(row)
    end_read()
    return row


def _check_whole(row: Upload, size_here: int) -> None:
    if row.offset_bytes != row.size_bytes:
        raise NotWhole(f"{row.offset_bytes} of {row.size_bytes} bytes are here: send the rest first.")
    if size_here < row.size_bytes:
        with transaction() as changes:
            changes.execute(
                update(Upload)
                .where(Upload.id == row.id)
                .values(offset_bytes=size_here, state=UploadState.OPEN, reason="")
            )
        raise NotWhole(LOST)


def _store(upload: ListedUpload, part: IO[bytes]) -> None:
    try:
        bring_into_draft(
            part, slug=upload.slug, version=upload.version, filename=upload.filename, upload_token=upload.token
        )
    except StorefrontError as refusal:
        _note_failure(upload.token, refusal.message)
        raise


def bring_into_draft(
    content: IO[bytes], *, slug: str, version: str, filename: str, upload_token: str = ""
) -> StoredFile:
    """Store one file and record it in a draft of this version, which is made when it is new.

    Raises:
        NoRoom, NotWritable, StorageUnavailable: try again.
        ReleaseFileExists, SameOnDisk, ReleaseIsThere, TooManyFiles: what stands against it.
    """
    product_id = get_product_id(db.session(), slug)
    end_read()
    stored = _put(content, slug=slug, version=version, filename=filename)
    try:
        with transaction() as changes:
            record_draft_file(changes, slug=slug, product_id=product_id, version=version, stored=stored)
            if upload_token:
                _note_finish(changes, upload_token)
    except REFUSED:
        delete_unused([stored])
        raise
    return stored


def _note_finish(changes: Session, token: str) -> None:
    """Raises NoSuchUpload."""
    noted = changes.scalar(
        update(Upload)
        .where(Upload.token == token)
        .values(
            state=UploadState.FINISHED,
            reason="",
            fingerprint=None,
            writer=None,
            busy_until=None,
            last_at=clock.now(),
        )
        .returning(Upload.id)
    )
    if noted is None:
        raise NoSuchUpload(GONE)


def _put(content: IO[bytes], *, slug: str, version: str, filename: str) -> StoredFile:
    try:
        return store_file(keep_room(content), slug=slug, version=version, filename=filename)
    except StorageFull as error:
        raise NoRoom(FULL.format(filename=filename)) from error
    except StorageClosed as error:
        raise NotWritable(CLOSED.format(filename=filename, why=error)) from error


def _note_failure(token: str, reason: str) -> None:
    # Where the disk has no room for a row either, the answer says why all the same.
    with suppress(NoSuchUpload, DBAPIError), transaction() as changes:
        changes.execute(
            update(Upload)
            .where(Upload.token == token, Upload.state != UploadState.FINISHED)
            .values(state=UploadState.FAILED, reason=reason, last_at=clock.now())
        )
