"""A save sends what changed, and never a snapshot: what its form showed at first is told by a digest per field."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from storefront.shop.editor.refusals import Conflict, StaleSave

DIGEST_LETTERS = 16
THEIRS = "theirs"  # in place of a digest: whatever was typed, what is saved stays


def digest_of(value: Any) -> str:  # noqa: ANN401 - whatever a column holds
    """Return what a form carries along to tell later whether this value is still there.

    Spaces around a text, and how its lines end, count for nothing: no form sends them back as they were.
    """
    return hashlib.sha256(json.dumps(_plain(value)).encode()).hexdigest()[:DIGEST_LETTERS]


def pick_changes(
    current: Mapping[str, Any], submitted: Mapping[str, Any], shown: Mapping[str, str] | None
) -> dict[str, Any]:
    """Return the fields to write. `shown` are digests of what the form showed; None for a command, which says all.

    A field that the form showed and that nobody touched is left alone, whatever it holds by now, as is one whose
    digest is `THEIRS`.

    Raises:
        StaleSave: somebody else changed a field that this save changes, too, to another value.
    """
    changed = {name: value for name, value in submitted.items() if current[name] != value}
    if shown is None:
        return changed
    touched = {name: value for name, value in changed.items() if shown.get(name) not in (THEIRS, digest_of(value))}
    _check_conflicts(current, touched, shown)
    return touched


def _check_conflicts(current: Mapping[str, Any], touched: Mapping[str, Any], shown: Mapping[str, str]) -> None:
    """Raises StaleSave."""
    conflicts = {
        name: Conflict(saved=current[name], yours=value, seen=digest_of(current[name]))
        for name, value in touched.items()
        if _has_moved(current[name], shown.get(name))
    }
    if conflicts:
        raise StaleSave(conflicts)


def _has_moved(saved: Any, shown: str | None) -> bool:  # noqa: ANN401 - of any field
    return shown is not None and digest_of(saved) != shown


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    if isinstance(value, str):
        return "\n".join(unicodedata.normalize("NFC", value).splitlines()).strip()
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value.isoformat() if isinstance(value, datetime) else value
