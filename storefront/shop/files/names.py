"""Names that a folder can hold on any computer, and names that nobody meant to put there."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

from storefront.shop.catalog.file_names import RESERVED, FileNameRefused, check_path_part, same_name

LEFT_BEHIND = {"thumbs.db", "desktop.ini", "icon\r", "__macosx"}
LONGEST = 120  # characters


def is_left_behind(name: str) -> bool:
    """Return whether a system or an editor left it: .DS_Store, notes.md~, #notes.md#, ~$notes.md."""
    if name.startswith((".", "~$")) or name.endswith("~") or (name.startswith("#") and name.endswith("#")):
        return True
    return name.lower() in LEFT_BEHIND


def safe_name(name: str, taken: Iterable[str]) -> str:
    """Return the name itself, or else one like it that leads nowhere and that no other one here is like."""
    others = {same_name(other) for other in taken}
    plain = _plain(name)
    stem, ending = PurePosixPath(plain).stem, PurePosixPath(plain).suffix
    candidate, number = plain, 1
    while same_name(candidate) in others:
        number += 1
        candidate = f"{stem}-{number}{ending}"
    return candidate


def _plain(name: str) -> str:
    if _is_good(name):
        return name
    kept = "".join(map(_plain_letter, unicodedata.normalize("NFC", name)))
    kept = re.sub(r"^[.\s~#]+|[.\s~#]+$", "_", kept)
    ending = PurePosixPath(kept).suffix[:12]
    kept = f"{PurePosixPath(kept).stem[: LONGEST // 4]}{ending}"
    return next(filter(_is_good, (kept, f"file-{kept}")), "file")


def _plain_letter(letter: str) -> str:
    is_control = unicodedata.category(letter)[0] == "C"
    return "_" if is_control or letter in RESERVED else letter


def _is_good(name: str) -> bool:
    try:
        check_path_part(name)
    except FileNameRefused:
        return False
    return not is_left_behind(name) and len(name) <= LONGEST and name == unicodedata.normalize("NFC", name)
