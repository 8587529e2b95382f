"""Changes the shop's looks: colors and type at once; logo, icon and font each by an act of its own."""

from collections.abc import Mapping
from typing import Any

from storefront.shop.looks.palette import check_accent
from storefront.shop.looks.refusals import LooksRefused
from storefront.shop.looks.type_pairings import TypePairing
from storefront.shop.profile.row import ProfilePart, change_part, read_part

CHOSEN = ProfilePart(
    verb="shop.looks_changed",
    columns={"accent": "", "type_pairing": TypePairing.CLASSIC, "font_for_text": False},
)


def change_looks(submitted: Mapping[str, Any], *, shown: Mapping[str, str] | None = None) -> list[str]:
    """Write what changed of `CHOSEN`; see `pick_changes` for `shown`. Returns the names of the fields.

    An empty accent is the shop's own green.

    Raises:
        AccentRefused: no color, or one that cannot be read; nothing is changed.
        LooksRefused: no such type; nothing is changed.
        StaleSave: somebody else changed the same field meanwhile; nothing is changed.
    """
    return change_part(CHOSEN, clean_looks(submitted), shown=shown)


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


def read_written_looks() -> dict[str, Any]:
    """Return the fields as they are stored."""
    return read_part(CHOSEN)


def _clean_pairing(word: str) -> TypePairing:
    try:
        return TypePairing(word)
    except ValueError as error:
        raise LooksRefused({"type_pairing": f"Choose the type: {', '.join(TypePairing)}."}) from error
