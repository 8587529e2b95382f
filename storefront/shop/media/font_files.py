"""Reads font files as browsers will: FreeType opens them and draws letters of them.

FreeType is made for fonts that anybody may have made, and unpacks no more of a WOFF2 than its header says.
"""

import json
import struct
import subprocess
import sys
from dataclasses import dataclass
from typing import IO

from storefront.core.config.settings import ROOT
from storefront.shop.media.refusals import DamagedFont, EmptyMedia, MediaTooLarge, UnknownFormat

MOST_BYTES = 2_000_000
DRAWING = (sys.executable, "-m", "storefront.shop.media.draw_letters")
PATIENCE_SECONDS = 60  # of a busy machine; the process itself works a few seconds at most
LONGEST_FAMILY = 80
# By the first four bytes: the ending, and what stylesheets call it.
KINDS = {
    b"wOF2": (".woff2", "woff2"),
    b"OTTO": (".otf", "opentype"),
    b"\0\1\0\0": (".ttf", "truetype"),
    b"true": (".ttf", "truetype"),
}
# Of TrueType and OpenType: https://learn.microsoft.com/typography/opentype/spec/otff
HEADER = struct.Struct(">4sH6x")
TABLE = struct.Struct(">8xLL")  # where a table begins, and how long it is


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFont:
    """`kind` is what stylesheets call its format, `family` what it calls itself."""

    content: bytes
    ending: str
    kind: str
    family: str


def read_font(stream: IO[bytes]) -> ReadFont:
    """Return a font whose letters can be drawn.

    Raises:
        EmptyMedia, MediaTooLarge: of the file.
        UnknownFormat: no font, or of a kind that is not taken.
        DamagedFont: it cannot be read, or has no letters.
    """
    content = stream.read(MOST_BYTES + 1)
    if not content:
        raise EmptyMedia("This file is empty. Was it copied whole?")
    if len(content) > MOST_BYTES:
        raise MediaTooLarge("A font has at most 2 MB: save it as WOFF2, which is a third of its size.")
    if content[:4] not in KINDS:
        raise UnknownFormat(_what_else(content))
    ending, kind = KINDS[content[:4]]
    _check_whole(content)
    return ReadFont(content=content, ending=ending, kind=kind, family=_draw(content))


def _what_else(content: bytes) -> str:
    if content.startswith(b"PK"):
        return "This is a ZIP: unpack it, and choose the WOFF2, TTF or OTF file in it."
    if content.startswith(b"wOFF"):
        return "This is a font for older browsers: choose its WOFF2, TTF or OTF file."
    if content.startswith(b"ttcf"):
        return "This file holds several fonts: choose one of them as WOFF2, TTF or OTF."
    return "This is no font that the shop knows: choose a WOFF2, TTF or OTF file."


def _check_whole(content: bytes) -> None:
    """Refuse a file that ends before its tables do: FreeType makes do with what is there, browsers do not.

    WOFF2 is unpacked as a whole, so half of one is noticed anyway.
    """
    if content.startswith(b"wOF2"):
        return
    try:
        _version, count = HEADER.unpack_from(content)
        ends = [sum(TABLE.unpack_from(content, HEADER.size + TABLE.size * number)) for number in range(count)]
    except struct.error as error:
        raise _damaged() from error
    if not ends or max(ends) > len(content):
        raise _damaged()


def _draw(content: bytes) -> str:
    """Draw each letter, and return the name of the family.

    In a process of its own, which ends after some seconds of work: a font of 4 KB can ask for hours.
    """
    try:
        answer = subprocess.run(DRAWING, input=content, capture_output=True, timeout=PATIENCE_SECONDS, cwd=ROOT)  # noqa: S603, PLW1510 - our own command line; its end is looked at below
        drawn = json.loads(answer.stdout)
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise _damaged() from error
    if drawn is None:
        raise _damaged()
    if drawn["lacks_letters"]:
        raise DamagedFont(
            "This font lacks letters from A to z or digits: choose one for text, not one of symbols."
        )
    family = "".join(letter for letter in drawn["family"] if letter.isprintable()).strip()
    return family[:LONGEST_FAMILY]


def _damaged() -> DamagedFont:
    return DamagedFont("This font is damaged or not whole: download it again from where you have it.")
