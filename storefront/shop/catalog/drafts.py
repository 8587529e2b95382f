"""Takes a file back out of a draft, or an empty draft away. What was ever published stays as it is."""

from contextlib import suppress

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core.db import transaction
from storefront.core.errors import NotFound, StorefrontError
from storefront.core.storage import StorageClosed, StorageUnavailable, storage
from storefront.shop.catalog.leftovers import delete_unnamed
from storefront.shop.catalog.models import Release, ReleaseFile
from storefront.shop.catalog.releases import lock_release, state_of
from storefront.shop.editor.stale import digest_of


class NoDraft(StorefrontError):
    code = "no_draft"
    status = 409
    title = "This release is no draft"


class DraftNotEmpty(StorefrontError):
    """Something would be lost that the page did not show."""

    code = "draft_not_empty"
    status = 409
    title = "This draft is not empty"


def remove_draft(slug: str, version: str, *, notes_shown: str) -> None:
    """Remove a draft without files. `notes_shown` is the digest of the notes that its owner saw go with it.

    Raises:
        NotFound: no such release.
        NoDraft: it was published once, so buyers may have it.
        DraftNotEmpty: it has files, or other notes by now.
    """
    with transaction() as session:
        release = lock_release(session, slug, version)
        if release.published_at is not None:
            raise NoDraft(f"{version} was published, and stays. Withdraw it, and nobody downloads it.")
        _check_is_empty(session, release, notes_shown)
        session.execute(delete(Release).where(Release.id == release.id))
        before = {"state": state_of(release).value, "notes": release.notes}
        record(
            session,
            "release.removed",
            subject_kind="release",
            subject=f"{slug} {version}",
            before=before,
        )


def _check_is_empty(session: Session, release: Release, notes_shown: str) -> None:
    """Raises DraftNotEmpty. The release is locked, so that nobody brings it a file meanwhile."""
    if session.scalar(select(exists().where(ReleaseFile.release_id == release.id))):
        raise DraftNotEmpty(f"{release.version} has files: remove them first.")
    if digest_of(release.notes) != notes_shown:
        raise DraftNotEmpty(
            f"The notes of {release.version} have changed since you opened this page: read them, then remove it."
        )


def remove_draft_file(slug: str, version: str, filename: str) -> None:
    """Remove one file with its bytes.

    Raises:
        NotFound: no such release, or no such file in it.
        NoDraft: it was published once, so buyers may have this file and check it against its SHA-256.
    """
    with transaction() as session:
        release = lock_release(session, slug, version)
        if release.published_at is not None:
            raise NoDraft(
                f"{version} was published, and its files stay as they are. Withdraw it, or add a new version."
            )
        removed = session.execute(
            delete(ReleaseFile)
            .where(ReleaseFile.release_id == release.id, ReleaseFile.filename == filename)
            .returning(ReleaseFile.path, ReleaseFile.sha256)
        ).one_or_none()
        if removed is None:
            raise NotFound(f"There is no file {filename} in {version} any more.")
        mark = storage().mark_of(removed.path)  # somebody may bring another file before this one is gone
        record(
            session,
            "release.file_removed",
            subject_kind="release",
            subject=f"{slug} {version}",
            before={"file": filename, "sha256": removed.sha256},
        )
    with suppress(StorageUnavailable, StorageClosed):  # bytes that no release names harm nobody
        delete_unnamed(removed.path, mark)
