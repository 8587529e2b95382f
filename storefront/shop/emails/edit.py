"""What an owner does with an email's words: written, and given back to the shop."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core import clock
from storefront.core.db import insert_missing, transaction
from storefront.core.languages import Language
from storefront.shop.editor.stale import pick_changes
from storefront.shop.emails.editable import get_editable
from storefront.shop.emails.models import EmailText
from storefront.shop.emails.queries import words_of
from storefront.shop.emails.starters import starter_of
from storefront.shop.emails.words import clean_words


def change_words(
    kind: str, language: Language, submitted: Mapping[str, Any], *, shown: Mapping[str, str] | None = None
) -> list[str]:
    """Write what changed of subject, heading and body; see `pick_changes` for `shown`. Returns their names.

    What was never written begins with the shop's own words. It counts from the next email on.

    Raises:
        NotFound: no such email.
        EmailTextRefused: a text that cannot be, or an unknown variable; nothing is changed.
        StaleSave: somebody else changed the same text meanwhile; nothing is changed.
    """
    cleaned = clean_words(submitted, get_editable(kind).variables)
    with transaction() as session:
        return write_words(session, kind, language, cleaned, shown=shown)


def write_words(
    session: Session,
    kind: str,
    language: Language,
    cleaned: Mapping[str, Any],
    *,
    shown: Mapping[str, str] | None = None,
) -> list[str]:
    """Do as `change_words` does with clean fields, inside the caller's transaction."""
    own = starter_of(kind, language).as_fields()
    row = _lock(session, kind, language)
    changes = pick_changes(words_of(row).as_fields() if row else own, cleaned, shown)
    if not changes:
        return []
    if row is None:
        insert_missing(session, EmailText, [{"kind": kind, "language": language, **own}])
        row = _lock(session, kind, language)
        if row is None:
            raise RuntimeError("a row that was just made is gone")
        changes = pick_changes(words_of(row).as_fields(), cleaned, shown)  # somebody may have made it meanwhile
    before = {name: getattr(row, name) for name in changes}
    for name, value in changes.items():
        setattr(row, name, value)
    row.updated_at = clock.now()
    subject = f"{kind}/{language}"
    record(session, "email_text.changed", subject_kind="email", subject=subject, before=before, after=changes)
    return list(changes)


def reset_words(kind: str, language: Language) -> bool:
    """Let the email say the shop's own words again. False where it does. The audit log keeps the owner's."""
    get_editable(kind)
    with transaction() as session:
        return write_reset(session, kind, language)


def write_reset(session: Session, kind: str, language: Language) -> bool:
    """Do as `reset_words` does, inside the caller's transaction."""
    row = _lock(session, kind, language)
    if row is None:
        return False
    before = words_of(row).as_fields()
    record(session, "email_text.reset", subject_kind="email", subject=f"{kind}/{language}", before=before)
    session.delete(row)
    return True


def _lock(session: Session, kind: str, language: Language) -> EmailText | None:
    found = select(EmailText).where(EmailText.kind == kind, EmailText.language == language)
    return session.scalars(found.with_for_update().execution_options(populate_existing=True)).one_or_none()
