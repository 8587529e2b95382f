"""Ends uploads that nobody wants any more: canceled by who began them, or idle for seven days; bytes included."""

import logging

from sqlalchemy import delete, select

from storefront.core import clock
from storefront.core.db import db, end_read, transaction
from storefront.owner.uploads.models import Upload, UploadState
from storefront.owner.uploads.parts import is_locked, list_parts, remove_part
from storefront.owner.uploads.queries import IDLE, ListedUpload

log = logging.getLogger(__name__)


def cancel(upload: ListedUpload) -> None:
    """Take it back with its bytes. What is in a release already stays there."""
    remove_part(upload.token)  # first: on a full disk SQLite needs its room to delete the row
    with transaction() as changes:
        changes.execute(delete(Upload).where(Upload.token == upload.token))
    remove_part(upload.token)  # again: another window may have begun it anew meanwhile


def forget_idle() -> None:
    """Remove uploads that nothing came of for seven days, and part files without an open upload."""
    until = clock.now() - IDLE
    idle = db.session.scalars(select(Upload.token).where(Upload.last_at <= until)).all()
    end_read()
    for token in idle:  # first, as in `cancel()`; what has expired is never continued
        if not is_locked(token):
            remove_part(token)
    with transaction() as changes:
        changes.execute(delete(Upload).where(Upload.last_at <= until).execution_options(synchronize_session=False))
    # Files first: the row of a file is older than the file, so what has no row now never gets one.
    parts = list_parts()
    if not parts:
        return
    wanted = set(db.session.scalars(select(Upload.token).where(Upload.state != UploadState.FINISHED)))
    end_read()
    for token in set(parts) - wanted:
        if not is_locked(token):
            remove_part(token)
            log.info("part file removed")
