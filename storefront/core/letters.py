"""What kind of letter one is, where Python's Unicode may be older than the phone that it was typed on."""

import unicodedata

NEVER_SEEN = (range(0xFDD0, 0xFDF0), range(0x2065, 0x2066), range(0xFFF0, 0xFFF9), range(0xE0000, 0xE1000))


def kind_of(letter: str) -> str:
    """Return its category; "Cn" only for what never will be a letter that is seen.

    What is not known yet counts as a symbol, "So": new emoji come each year.
    """
    category = unicodedata.category(letter)
    return "So" if category == "Cn" and not _is_never_seen(ord(letter)) else category


def _is_never_seen(number: int) -> bool:
    """Tell noncharacters, and what is kept free for letters that are ignored.

    https://www.unicode.org/faq/private_use.html#noncharacters, and Default_Ignorable_Code_Point in UAX #44.
    """
    return number & 0xFFFE == 0xFFFE or any(number in numbers for numbers in NEVER_SEEN)
