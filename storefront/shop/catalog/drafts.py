"""Takes a file back out of a draft. What was ever published stays as it is."""

from contextlib import suppress

from sqlalchemy import delete

from storefront.audit.record import record
from storefront.core.db import transaction
from storefront.core.errors import NotFound, StorefrontError
from storefront.core.storage import StorageClosed, StorageUnavailable, storage
from storefront.shop.catalog.leftovers import delete_unnamed
from storefront.shop.catalog.models import ReleaseFile
from storefront.shop.catalog.releases import lock_release


class NoDraft(StorefrontError):
    code = "no_draft"
    status = 409
    title = "This release is no draft"


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
