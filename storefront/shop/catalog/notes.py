"""What is new in a release, in Markdown: changed at any time, whatever state the release is in."""

from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core.db import transaction
from storefront.core.errors import StorefrontError
from storefront.shop.catalog.models import Release
from storefront.shop.catalog.releases import lock_release, state_of

LONGEST_NOTES = 20_000  # characters


class NotesTooLong(StorefrontError):
    code = "notes_too_long"
    title = "These notes are too long"


class NotesChanged(StorefrontError):
    """Somebody else changed them since the page was opened."""

    code = "notes_changed"
    status = 409
    title = "Somebody else has changed these notes"


def change_notes(slug: str, version: str, notes: str, *, before: str | None = None) -> bool:
    """Return True when they were others before. `before`: as the page showed them, so that no save is lost.

    Raises:
        NotFound: no such release.
        NotesTooLong, NotesChanged: nothing was changed.
    """
    if len(notes) > LONGEST_NOTES:
        raise NotesTooLong(f"Notes have at most {LONGEST_NOTES:,} characters; these have {len(notes):,}.")
    with transaction() as session:
        return write_notes(session, slug, lock_release(session, slug, version), notes, before=before)


def write_notes(session: Session, slug: str, release: Release, notes: str, *, before: str | None = None) -> bool:
    """Do as `change_notes` does, inside the caller's transaction. The release is locked."""
    if release.notes == notes:
        return False
    if before is not None and release.notes != before:
        raise NotesChanged(
            "Somebody else saved other notes since you opened this page. Yours are still in the field: "
            "compare them with the saved ones below it, then save again."
        )
    was = {"state": state_of(release).value, "notes": release.notes}
    release.notes = notes
    record(
        session,
        "release.notes_changed",
        subject_kind="release",
        subject=f"{slug} {release.version}",
        before=was,
        after=was | {"notes": notes},
    )
    return True
