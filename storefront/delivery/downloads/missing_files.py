"""A file of a release that the storage does not have, or not to be read: the owner is told at once, and once."""

import logging
from dataclasses import dataclass, replace

from sqlalchemy import select

from storefront.core.db import db, end_read, transaction
from storefront.core.errors import StorefrontError
from storefront.core.runtime import settings
from storefront.core.storage import StorageUnavailable, storage
from storefront.core.texts import marked
from storefront.orders.notices import NoticeDraft, NoticeKind, reopen_notice, settle_notices
from storefront.shop.catalog.models import Release, ReleaseFile

log = logging.getLogger(__name__)

FEW = 5  # files that cannot be read now: from so many on, or all, it is the storage: each may wait


class FileMissing(StorefrontError):
    code = "file_missing"
    status = 503
    title = marked("This file is not here right now")


@dataclass(frozen=True, slots=True)
class Missing:
    """`found_bytes` is None where there is no file, or none that can be read: with `is_unread` only not now."""

    path: str
    size_bytes: int
    found_bytes: int | None
    is_unread: bool = False


def _draft_notice(path: str) -> NoticeDraft:
    text = (
        f"The file {path} is not in the storage, not whole, or closed to the shop's user, so its buyers cannot "
        "download it. Put it back, or let the shop read it, then run `storefront releases check`."
    )
    return NoticeDraft(kind=NoticeKind.FILE_MISSING, subject=path, text=text)


def report_missing(path: str) -> FileMissing:
    """Opens the owner's notice, however often it is clicked; returns what the buyer is told.

    Also again where the owner called it done: a buyer was turned away since.
    """
    log.error("file of a release is missing")
    with transaction() as session:
        reopen_notice(session, _draft_notice(path))
    return FileMissing(marked("The shop has been told. Please try again later; your order is safe."))


def check_files() -> list[Missing]:
    """Compare every file of every release with the storage; the owner's notices agree with it afterwards.

    A notice about a file that cannot be read now stays as it is, open or done, because nobody knows.

    Raises:
        StorageUnavailable: so many files cannot be read that it is the storage; no notice was changed.
    """
    rows = db.session.execute(
        select(ReleaseFile.path, ReleaseFile.size_bytes)
        .join(Release, Release.id == ReleaseFile.release_id)
        .where(Release.withdrawn_at.is_(None))
        .order_by(ReleaseFile.path)
    ).all()
    end_read()
    files = _look([Missing(path, size, None) for path, size in rows])
    missing = [file for file in files if file.found_bytes != file.size_bytes]
    with transaction() as session:
        settle_notices(
            session,
            [_draft_notice(file.path) for file in missing if not file.is_unread],
            kinds=[NoticeKind.FILE_MISSING],
            forgets_done=True,
            unread_subjects={file.path for file in missing if file.is_unread},
        )
    return missing


def _look(files: list[Missing]) -> list[Missing]:
    by_nginx = settings().accel_prefix is not None
    looked, unread = [], 0
    for file in files:
        try:
            found = replace(file, found_bytes=storage().find_size(file.path, is_sent_by_nginx=by_nginx))
        except StorageUnavailable:
            unread += 1
            if unread == FEW or unread == len(files) > 1:
                raise
            found = replace(file, is_unread=True)
        looked.append(found)
    return looked
