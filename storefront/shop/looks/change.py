"""Changes the shop's looks: colors and type at once; logo, icon and font each by an act of its own."""

from collections.abc import Mapping
from typing import Any

from flask import g
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core.db import db, transaction
from storefront.shop.editor.stale import pick_changes
from storefront.shop.looks.palette import check_accent
from storefront.shop.looks.refusals import LooksRefused
from storefront.shop.looks.type_pairings import TypePairing
from storefront.shop.profile.change import lock_profile
from storefront.shop.profile.models import THE_ONE, ShopProfile

FIELDS = ("accent", "type_pairing", "font_for_text")


def change_looks(submitted: Mapping[str, Any], *, shown: Mapping[str, str] | None = None) -> list[str]:
    """Write what changed of `FIELDS`; see `pick_changes` for `shown`. Returns the names of the fields.

    An empty accent is the shop's own green.

    Raises:
        AccentRefused: no color, or one that cannot be read; nothing is changed.
        LooksRefused: no such type; nothing is changed.
        StaleSave: somebody else changed the same field meanwhile; nothing is changed.
    """
    cleaned = clean_looks(submitted)
    with transaction() as session:
        changed = write_looks(session, cleaned, shown=shown)
    g.pop("profile", None)
    return changed


def write_looks(
    session: Session, cleaned: Mapping[str, Any], *, shown: Mapping[str, str] | None = None
) -> list[str]:
    """Do as `change_looks` does, with clean fields, inside the caller's transaction."""
    profile = lock_profile(session)
    current = read_chosen(profile)
    changes = pick_changes(current, cleaned, shown)
    for name, value in changes.items():
        setattr(profile, name, value)
    if changes:
        before = {name: current[name] for name in changes}
        record(session, "shop.looks_changed", subject_kind="shop", subject="shop", before=before, after=changes)
    return list(changes)


def clean_looks(submitted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields as they are stored. Raises AccentRefused, LooksRefused."""
    cleaned: dict[str, Any] = {}
    if "type_pairing" in submitted:
        cleaned["type_pairing"] = _clean_pairing(str(submitted["type_pairing"]))
    if "accent" in submitted:
        cleaned["accent"] = check_accent(str(submitted["accent"]))
    if "font_for_text" in submitted:
        cleaned["font_for_text"] = bool(submitted["font_for_text"])
    return cleaned


def read_chosen(profile: ShopProfile) -> dict[str, Any]:
    return {name: getattr(profile, name) for name in FIELDS}


def read_written_looks() -> dict[str, Any]:
    """Return the fields as they are stored."""
    profile = db.session.get(ShopProfile, THE_ONE, populate_existing=True)
    return (
        read_chosen(profile)
        if profile
        else {"accent": "", "type_pairing": TypePairing.CLASSIC, "font_for_text": False}
    )


def _clean_pairing(word: str) -> TypePairing:
    try:
        return TypePairing(word)
    except ValueError as error:
        raise LooksRefused({"type_pairing": f"Choose the type: {', '.join(TypePairing)}."}) from error
