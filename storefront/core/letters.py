"""What kind of letter one is, where Python's Unicode may be older than the phone that it was typed on."""

import unicodedata

# Nobody sees them: of no width, and the letters that fill a place in Hangul and Braille.
BLANK = frozenset("\u00ad\u034f\u115f\u1160\u180e\u200b\u200c\u200d\u2060\u2800\u3164\ufe0f\ufeff\uffa0")
NEVER_SEEN = (range(0xFDD0, 0xFDF0), range(0x2065, 0x2066), range(0xFFF0, 0xFFF9), range(0xE0000, 0xE1000))


def kind_of(letter: str) -> str:
    """Return its category; "Cn" only for what never will be a letter that is seen.

    What is not known yet counts as a symbol, "So": new emoji come each year.
    """
    category = unicodedata.category(letter)
    return "So" if category == "Cn" and not _is_never_seen(ord(letter)) else category


def is_seen(text: str) -> bool:
    """Return whether any letter of a text can be seen."""
    return any(letter not in BLANK and not letter.isspace() for letter in text)


def has_right_to_left(text: str) -> bool:
    """Return whether a text has letters of a script that runs from right to left, such as Arabic or Hebrew."""
    return not text.isascii() and any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text)


def runs_right_to_left(text: str) -> bool:
    """Tell the direction of a text, that of its first letter which has one, as `dir="auto"` does (UAX #9, P2)."""
    kinds = map(unicodedata.bidirectional, text)
    return next((kind != "L" for kind in kinds if kind in ("L", "R", "AL")), False)


def _is_never_seen(number: int) -> bool:
    """Tell noncharacters, and what is kept free for letters that are ignored.

    https://www.unicode.org/faq/private_use.html#noncharacters, and Default_Ignorable_Code_Point in UAX #44.
    """
    return number & 0xFFFE == 0xFFFE or any(number in numbers for numbers in NEVER_SEEN)
