"""Makes small fonts of triangles, one for each letter."""

from io import BytesIO
from itertools import pairwise
from typing import Any

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def make_font(kind: str = "woff2", *, letters: str = LETTERS, family: str = "Triangles") -> bytes:
    """`kind` is woff2, ttf or otf."""
    is_ttf = kind != "otf"
    builder = FontBuilder(1000, isTTF=is_ttf)
    names = [".notdef", *(f"letter{ord(letter)}" for letter in letters)]
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(letter): f"letter{ord(letter)}" for letter in letters})
    widths = dict.fromkeys(names, (600, 0))
    if is_ttf:
        builder.setupGlyf({name: _draw(TTGlyphPen(None), name).glyph() for name in names})
    else:
        outlines = {name: _draw(T2CharStringPen(600, None), name).getCharString() for name in names}
        builder.setupCFF(family, {"FullName": family}, outlines, {})
    builder.setupHorizontalMetrics(widths)
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    if kind == "woff2":
        builder.font.flavor = "woff2"
    output = BytesIO()
    builder.font.save(output)
    return output.getvalue()


def make_bomb(levels: int = 28) -> bytes:
    """A TTF of 4 KB whose A is made of two of the same, and so on: 2 to the 27th empty glyphs."""
    font = TTFont(BytesIO(make_font("ttf")))
    glyf, hmtx = font["glyf"], font["hmtx"]
    names = [f"level{level}" for level in range(levels)]
    font.setGlyphOrder([*font.getGlyphOrder(), *names])
    glyf.glyphOrder = font.getGlyphOrder()
    glyf.glyphs[names[0]] = Glyph()
    hmtx.metrics |= dict.fromkeys(names, (600, 0))
    for smaller, larger in [*pairwise(names), (names[-1], "letter65")]:
        pen = TTGlyphPen(glyf.glyphs)
        for _ in range(2):
            pen.addComponent(smaller, (1, 0, 0, 1, 0, 0))
        glyf.glyphs[larger] = pen.glyph()
    font.recalcBBoxes = False
    for glyph in glyf.glyphs.values():
        glyph.xMin = glyph.yMin = glyph.xMax = glyph.yMax = 0
    font["maxp"].recalc = lambda _font: None
    font["maxp"].maxComponentDepth = levels + 1
    output = BytesIO()
    font.save(output)
    return output.getvalue()


def _draw(pen: Any, name: str) -> Any:
    """A line for what the font lacks, a triangle for everything else."""
    pen.moveTo((0, 0))
    pen.lineTo((500, 0))
    pen.lineTo((250, 20 if name == ".notdef" else 700))
    pen.closePath()
    return pen
