"""How names, words and tags of products are compared."""

import unicodedata

# Letters that no accent can be taken from, as they are written where they are missing.
SPELLED = str.maketrans(
    {
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "ł": "l",
        "þ": "th",
        "ħ": "h",
        "ŧ": "t",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
    }
)


def plain(text: str) -> str:
    """Return a text without case and accents, with letters as they are spelled where a keyboard lacks them."""
    if text.isascii():
        return text.lower()  # the same, in a tenth of the time
    # In this order: NFKD takes ™ and № apart, and leaves capitals of them.
    letters = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).translate(SPELLED)
