"""Names of files and versions: in any language, and nothing that a file system or an address reads otherwise."""

import unicodedata

from storefront.core.errors import StorefrontError
from storefront.core.letters import BLANK, is_seen, kind_of

MAX_NAME_BYTES = 180
# https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
DEVICES = {
    "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$",
    *(f"{name}{number}" for name in ("COM", "LPT") for number in "0123456789\u00b9\u00b2\u00b3"),
}  # fmt: skip
RESERVED = set('/\\:*?"<>|')
# Controls, halves of characters, private ones and what is none, line and paragraph breaks. Not every format
# character: Persian names hold U+200C, emoji U+200D; and spaces of every width are ordinary (U+00A0, U+3000).
REFUSED_CATEGORIES = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
# They turn what follows around: `gpj.exe` reads as `exe.jpg`.
TURNING = {"\u061c", *"\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}


class FileNameRefused(StorefrontError):
    code = "file_name_refused"
    title = "This file name cannot be used"


def same_name(name: str) -> str:
    """Return a form that is equal for names that Windows or a Mac takes for one file."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def check_path_part(part: str) -> None:
    """Raises FileNameRefused for a name that no path should carry."""
    why = _why_not(part)
    if why:
        raise FileNameRefused(f"{_shown(part)} cannot be a part of a file's path: {why}.")
    if is_device(part):
        raise FileNameRefused(f"{_shown(part)} is the name of a device on Windows: rename the file.")


def _shown(part: str) -> str:
    """Return it in quotes, with numbers for what cannot be seen: repr() takes some of it for seen."""
    return "".join(f"\\u{ord(letter):04x}" if letter in BLANK else letter for letter in repr(part))


def is_device(part: str) -> bool:
    """Return whether Windows takes a name, whatever its ending, for a device."""
    return part.partition(".")[0].rstrip(" ").upper() in DEVICES


def _why_not(part: str) -> str:
    """Return the end of a sentence; empty for a name that paths can carry."""
    if _has_bad_ends(part):
        return "it begins or ends with a space or a dot" if is_seen(part) else "there is nothing to be seen in it"
    bad = next(filter(_is_bad, part), None)
    if bad is not None:
        return f"it has {_shown(bad)} in it"
    size = len(part.encode())
    return f"it has {size} bytes, and at most {MAX_NAME_BYTES} fit, so shorten it" if size > MAX_NAME_BYTES else ""


def _has_bad_ends(part: str) -> bool:
    return not is_seen(part) or part != part.strip() or part.startswith(".") or part.endswith(".")


def _is_bad(character: str) -> bool:
    return character in RESERVED | TURNING or kind_of(character) in REFUSED_CATEGORIES
