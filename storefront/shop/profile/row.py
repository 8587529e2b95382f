"""The one row of the profile: parts of it are read, and written with an entry in the audit log."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import g
from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core.db import db, insert_missing, transaction
from storefront.shop.editor.stale import pick_changes
from storefront.shop.profile.models import THE_ONE, ShopProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilePart:
    """Columns that are changed together, with what counts where nothing was saved; `verb` is for the audit log."""

    verb: str
    columns: Mapping[str, Any]

    def read(self, profile: ShopProfile | None) -> dict[str, Any]:
        """Return what the row says, by column; it may be missing."""
        return {name: getattr(profile, name, None) or default for name, default in self.columns.items()}


def read_part(part: ProfilePart) -> dict[str, Any]:
    """Return the part as committed now, by column."""
    return part.read(db.session.get(ShopProfile, THE_ONE, populate_existing=True))


def change_part(
    part: ProfilePart, cleaned: Mapping[str, Any], *, shown: Mapping[str, str] | None = None
) -> list[str]:
    """Write what changed of clean values; see `pick_changes` for `shown`. Returns the names of the columns.

    Raises:
        StaleSave: somebody else changed the same column meanwhile; nothing is changed.
    """
    with transaction() as session:
        changed = write_part(session, part, cleaned, shown=shown)
    g.pop("profile", None)
    return changed


def write_part(
    session: Session, part: ProfilePart, cleaned: Mapping[str, Any], *, shown: Mapping[str, str] | None = None
) -> list[str]:
    """Do as `change_part` does, inside the caller's transaction."""
    profile = lock_profile(session)
    current = part.read(profile)
    changes = pick_changes(current, cleaned, shown)
    for name, value in changes.items():
        setattr(profile, name, value)
    if changes:
        before = {name: current[name] for name in changes}
        record(session, part.verb, subject_kind="shop", subject="shop", before=before, after=changes)
    return list(changes)


def lock_profile(session: Session) -> ShopProfile:
    """Return the one row, made where it is gone, locked until the transaction ends."""
    insert_missing(session, ShopProfile, [{"id": THE_ONE}])
    row = select(ShopProfile).where(ShopProfile.id == THE_ONE).with_for_update()
    return session.scalars(row.execution_options(populate_existing=True)).one()
