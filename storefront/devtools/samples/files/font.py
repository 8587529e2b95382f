"""The free font: a TrueType file built from pixel drawings, one rectangle for each run of ink.

Table layouts: https://learn.microsoft.com/typography/opentype/spec/
"""

import re
import struct
from collections.abc import Mapping
from itertools import accumulate, pairwise

from storefront.devtools.samples.files.letters import LETTERS

FAMILY = "Gridling"
VERSION = "1.0"
LICENSE = "Free to use in anything, to change and to share, also for money. No warranty."
EM, PIXEL, ASCENT, DESCENT = 1000, 100, 800, -200
CREATED = 3_850_000_000  # seconds since 1904, as the format counts
MAGIC, CHECKSUM_TARGET = 0x5F0F3CF5, 0xB1B0AFBA
NOT_DEFINED = "##### #...# #...# #...# #...# #...# #####"
SPACE = "... ... ... ... ... ... ..."

Rectangle = tuple[int, int, int, int]


def _rectangles(drawing: str) -> list[Rectangle]:
    rows = enumerate(drawing.split())
    return [rectangle for row, pixels in rows for rectangle in _row_rectangles(pixels, (7 - row) * PIXEL)]


def _row_rectangles(pixels: str, top: int) -> list[Rectangle]:
    runs = [(match.start() * PIXEL, match.end() * PIXEL) for match in re.finditer("#+", pixels)]
    return [(left, top - PIXEL, right, top) for left, right in runs]


def _advance(drawing: str) -> int:
    return (len(drawing.split(maxsplit=1)[0]) + 1) * PIXEL


def _glyph(rectangles: list[Rectangle]) -> bytes:
    """Draw clockwise outlines; every point is on the curve and every coordinate takes two bytes."""
    if not rectangles:
        return b""
    points = [corner for rectangle in rectangles for corner in _corners(rectangle)]
    ends = struct.pack(f">{len(rectangles)}H", *range(3, len(points), 4))
    data = struct.pack(">5h", len(rectangles), *_box(rectangles)) + ends
    data += struct.pack(">H", 0) + b"\x01" * len(points)
    data += _steps([x for x, _ in points]) + _steps([y for _, y in points])
    return data + b"\0" * (-len(data) % 4)


def _box(rectangles: list[Rectangle]) -> Rectangle:
    """Return the rectangle around all of them."""
    lefts, bottoms, rights, tops = zip(*rectangles, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def _corners(rectangle: Rectangle) -> tuple[tuple[int, int], ...]:
    left, bottom, right, top = rectangle
    return (left, bottom), (left, top), (right, top), (right, bottom)


def _steps(places: list[int]) -> bytes:
    """Write how far each place is from the one before, the first from 0."""
    steps = [after - before for before, after in pairwise([0, *places])]
    return struct.pack(f">{len(steps)}h", *steps)


def _cmap(glyph_of: Mapping[int, int]) -> bytes:
    """Write format 4, one segment a character: a small font does not need to share them."""
    codes = sorted(glyph_of)
    count = len(codes) + 1
    power = 2 ** (count.bit_length() - 1)
    ends = [*codes, 0xFFFF]
    deltas = [(glyph_of[code] - code) % 0x10000 for code in codes] + [1]
    body = struct.pack(">4H", count * 2, power * 2, power.bit_length() - 1, (count - power) * 2)
    body += struct.pack(f">{count}HH{count}H", *ends, 0, *ends)
    body += struct.pack(f">{count}H{count}H", *deltas, *[0] * count)
    table = struct.pack(">3H", 4, len(body) + 6, 0) + body
    return struct.pack(">2H", 0, 1) + struct.pack(">2HI", 3, 1, 12) + table


def _name() -> bytes:
    texts = {
        0: f"{FAMILY} is drawn on a grid of five by seven.",
        1: FAMILY,
        2: "Regular",
        3: f"{FAMILY} {VERSION}",
        4: FAMILY,
        5: f"Version {VERSION}",
        6: FAMILY,
        13: LICENSE,
    }
    records, storage = b"", b""
    for number, text in texts.items():
        encoded = text.encode("utf-16-be")
        records += struct.pack(">6H", 3, 1, 0x409, number, len(encoded), len(storage))
        storage += encoded
    return struct.pack(">3H", 0, len(texts), 6 + len(records)) + records + storage


def _os2(average: int, codes: list[int]) -> bytes:
    return (
        struct.pack(">HhHHH", 4, average, 400, 5, 0)
        + struct.pack(">10h", 500, 500, 0, 100, 500, 500, 0, 500, 50, 350)
        + struct.pack(">h10s4I4s", 0, bytes(10), 1, 0, 0, 0, b"NONE")
        + struct.pack(">3H", 0x40, codes[0], codes[-1])
        + struct.pack(">3h2H", ASCENT, DESCENT, 0, ASCENT, -DESCENT)
        + struct.pack(">2I2h3H", 1, 0, 700, 700, 0, 32, 1)
    )


def _checksum(data: bytes) -> int:
    padded = data + b"\0" * (-len(data) % 4)
    return int(sum(struct.unpack(f">{len(padded) // 4}I", padded))) % 2**32


def _assemble(tables: Mapping[str, bytes]) -> bytes:
    power = 2 ** (len(tables).bit_length() - 1)
    header = struct.pack(
        ">I4H", 0x00010000, len(tables), power * 16, power.bit_length() - 1, (len(tables) - power) * 16
    )
    offset = 12 + 16 * len(tables)
    directory, body, head_at = b"", b"", 0
    for tag, data in sorted(tables.items()):
        if tag == "head":
            head_at = offset + len(body)
        entry = (_checksum(data), offset + len(body), len(data))
        directory += tag.encode() + struct.pack(">3I", *entry)
        body += data + b"\0" * (-len(data) % 4)
    font = header + directory + body
    adjustment = struct.pack(">I", (CHECKSUM_TARGET - _checksum(font)) % 2**32)
    return font[: head_at + 8] + adjustment + font[head_at + 12 :]


def make_font() -> bytes:
    drawings = [NOT_DEFINED, SPACE, *LETTERS.values()]
    glyph_of = _glyph_numbers()
    shapes = [_rectangles(drawing) for drawing in drawings]
    advances = [_advance(drawing) for drawing in drawings]
    glyphs = [_glyph(shape) for shape in shapes]
    tables = {
        "head": _head(),
        "hhea": _hhea(widest=max(advances), glyphs=len(glyphs)),
        "maxp": _maxp(most=max(map(len, shapes)), glyphs=len(glyphs)),
        "hmtx": _hmtx(advances, shapes),
        "loca": _loca(glyphs),
        "glyf": b"".join(glyphs),
        "cmap": _cmap(glyph_of),
        "name": _name(),
        "post": struct.pack(">Ii2h5I", 0x00030000, 0, -100, 50, 0, 0, 0, 0, 0),
        "OS/2": _os2(sum(advances) // len(advances), sorted(glyph_of)),
    }
    return _assemble(tables)


def _glyph_numbers() -> dict[int, int]:
    """Return the number of the glyph that shows each character."""
    letters = {ord(letter): number for number, letter in enumerate(LETTERS, start=2)}
    # One case: small letters look like capitals.
    small_letters = {ord(letter.lower()): letters[ord(letter)] for letter in LETTERS if letter.isupper()}
    return {32: 1, 160: 1, **letters, **small_letters}


def _head() -> bytes:
    return struct.pack(">2I2I2H", 0x00010000, 0x00010000, 0, MAGIC, 0b11, EM) + struct.pack(
        ">2q4h2H3h", CREATED, CREATED, 0, 0, 5 * PIXEL, 7 * PIXEL, 0, 8, 2, 1, 0
    )


def _hhea(*, widest: int, glyphs: int) -> bytes:
    return struct.pack(">I3hH", 0x00010000, ASCENT, DESCENT, 0, widest) + struct.pack(
        ">11hH", 0, PIXEL, 5 * PIXEL, 1, 0, 0, 0, 0, 0, 0, 0, glyphs
    )


def _maxp(*, most: int, glyphs: int) -> bytes:
    return struct.pack(">I14H", 0x00010000, glyphs, most * 4, most, 0, 0, 1, *[0] * 8)


def _hmtx(advances: list[int], shapes: list[list[Rectangle]]) -> bytes:
    lefts = [min((left for left, *_ in shape), default=0) for shape in shapes]
    return b"".join(struct.pack(">Hh", *pair) for pair in zip(advances, lefts, strict=True))


def _loca(glyphs: list[bytes]) -> bytes:
    offsets = [0, *accumulate(map(len, glyphs))]
    return struct.pack(f">{len(offsets)}I", *offsets)
