"""Draws the letters of a font in a process of its own: bytes come in, JSON goes out, and its work has an end.

It imports nothing of the shop, so that it starts at once.
"""

import json
import resource
import sys
from io import BytesIO

from PIL import ImageFont

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
NO_LETTER = "\uffff"  # never a letter (Unicode, 23.7): what a font draws for what it lacks
DRAWN_PIXELS = 24
MOST_SECONDS = 5  # of the processor; ordinary fonts need a tenth of one
UNREADABLE = (OSError, ValueError, OverflowError, MemoryError)


def main() -> None:
    """Answer with `null` for a font that cannot be read, and not at all for one that never ends."""
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    json.dump(draw(sys.stdin.buffer.read()), sys.stdout)


def draw(content: bytes) -> dict[str, str | bool] | None:
    """Return the family and whether letters are missing; None for a font that cannot be read."""
    try:
        font = ImageFont.truetype(BytesIO(content), DRAWN_PIXELS, layout_engine=ImageFont.Layout.BASIC)
        missing = _picture(font, NO_LETTER)
        pictures = [_picture(font, letter) for letter in LETTERS]
    except UNREADABLE:
        return None
    return {"family": font.getname()[0] or "", "lacks_letters": missing in pictures}


def _picture(font: ImageFont.FreeTypeFont, letter: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(letter)
    return mask.size, bytes(mask)


if __name__ == "__main__":
    main()
