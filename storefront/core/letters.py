"""What kind of letter one is, where Python's Unicode may be older than the phone that it was typed on."""

import unicodedata


def kind_of(letter: str) -> str:
    """Return its category; "Cn" only for Unicode's noncharacters, which never will be letters.

    What is not known yet counts as a symbol, "So": new emoji come each year.
    https://www.unicode.org/faq/private_use.html#noncharacters
    """
    category = unicodedata.category(letter)
    return "So" if category == "Cn" and not _is_noncharacter(ord(letter)) else category


def _is_noncharacter(number: int) -> bool:
    return number & 0xFFFE == 0xFFFE or 0xFDD0 <= number <= 0xFDEF
