"""The words beside pictures and samples, and the names that their files came with."""

from pathlib import PurePosixPath

from storefront.shop.editor.texts import TextRule, clean_text
from storefront.shop.media.refusals import TextRefused

ALT = TextRule(label="The alt text", longest=200)
TITLE = TextRule(label="The title", longest=120, is_needed=True)
LONGEST_FILENAME = 180


def clean_words(text: str, rule: TextRule) -> str:
    """Raises TextRefused."""
    try:
        return clean_text(text, rule)
    except ValueError as error:
        raise TextRefused(str(error)) from error


def clean_filename(filename: str) -> str:
    """Return the last part of a name, as far as it can be shown: it is never a path, so nothing is refused."""
    name = PurePosixPath(filename.replace("\\", "/")).name
    shown = "".join(letter for letter in name if letter.isprintable()).strip()
    stem, dot, ending = shown.rpartition(".")
    room = LONGEST_FILENAME - len(dot + ending)
    return (f"{stem[:room]}{dot}{ending}" if dot and room > 0 else shown[:LONGEST_FILENAME]) or "file"
