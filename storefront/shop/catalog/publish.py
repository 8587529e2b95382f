"""Publishing a release and taking it back. Buyers see what is published when they look."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core import clock
from storefront.core.db import transaction
from storefront.core.errors import StorefrontError
from storefront.shop.catalog.models import Release, ReleaseFile
from storefront.shop.catalog.releases import lock_release, state_of


class NoFiles(StorefrontError):
    code = "no_files"
    status = 409
    title = "This release has no files"


def publish(slug: str, version: str, *, notes: str | None = None) -> bool:
    """Show a release to buyers. A withdrawn one comes back with its old date. Safe to repeat.

    Returns True when it was not published before.

    Raises:
        NotFound: no such release; the message names those there are.
        NoFiles: there is nothing to download in it.
    """
    with transaction() as session:
        return write_publication(session, slug, lock_release(session, slug, version), notes=notes)


def write_publication(
    session: Session,
    slug: str,
    release: Release,
    *,
    notes: str | None = None,
    published_at: datetime | None = None,
) -> bool:
    """Do as `publish` does, inside the caller's transaction. The release is locked.

    `published_at` is the date of a release that comes from elsewhere; one that has a date keeps it.
    """
    version = release.version
    files = select(func.count()).select_from(ReleaseFile).where(ReleaseFile.release_id == release.id)
    if not session.scalar(files):
        raise NoFiles(f"{version} has no files: `storefront releases upload {slug} {version} FILE` first.")
    before = _told_fields(release)
    if notes is not None:
        release.notes = notes
    is_new = release.published_at is None or release.withdrawn_at is not None
    release.published_at = release.published_at or published_at or clock.now()
    release.withdrawn_at = None
    verb = "release.published" if is_new else "release.notes_changed"
    _record_change(session, verb, slug, release, before)
    return is_new


def withdraw(slug: str, version: str) -> bool:
    """Take a release from every page and refuse its files. Safe to repeat; `publish` brings it back.

    Returns True when it was not withdrawn before.

    Raises:
        NotFound: no such release; the message names those there are.
    """
    with transaction() as session:
        return write_withdrawal(session, slug, lock_release(session, slug, version))


def write_withdrawal(session: Session, slug: str, release: Release) -> bool:
    """Do as `withdraw` does, inside the caller's transaction. The release is locked."""
    before = _told_fields(release)
    was_there = release.withdrawn_at is None
    release.withdrawn_at = release.withdrawn_at or clock.now()
    _record_change(session, "release.withdrawn", slug, release, before)
    return was_there


def _told_fields(release: Release) -> dict[str, Any]:
    return {"state": state_of(release).value, "notes": release.notes}


def _record_change(session: Session, verb: str, slug: str, release: Release, before: dict[str, Any]) -> None:
    after = _told_fields(release)
    if before != after:
        subject = f"{slug} {release.version}"
        record(session, verb, subject_kind="release", subject=subject, before=before, after=after)
