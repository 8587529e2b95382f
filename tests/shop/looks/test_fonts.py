"""Own fonts: WOFF2, TTF and OTF whose letters can be drawn; everything else is refused with what to do."""

import json
import resource
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest

from storefront.shop.media import font_files
from storefront.shop.media.draw_letters import draw
from storefront.shop.media.font_files import read_font
from storefront.shop.media.refusals import MediaRefused
from tests.shop.looks.fonts import make_bomb, make_font


def zipped() -> bytes:
    output = BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        archive.writestr("Triangles.ttf", make_font("ttf"))
    return output.getvalue()


@pytest.mark.parametrize(("kind", "format"), [("woff2", "woff2"), ("ttf", "truetype"), ("otf", "opentype")])
def test_takes_a_font_and_learns_its_name(kind: str, format: str) -> None:  # noqa: A002 - as stylesheets call it
    content = make_font(kind)
    font = read_font(BytesIO(content))
    assert (font.ending, font.kind, font.family, font.content) == (f".{kind}", format, "Triangles", content)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "empty"),
    "zip": (zipped, "This is a ZIP: unpack it"),
    "woff": (lambda: b"wOFF" + make_font("ttf"), "older browsers"),
    "collection": (lambda: b"ttcf" + make_font("ttf"), "several fonts"),
    "html": (lambda: b"<html><script>alert(1)</script>", "no font that the shop knows"),
    "large": (lambda: make_font("ttf") + b"\0" * font_files.MOST_BYTES, "at most 2 MB"),
    "half": (lambda: make_font("ttf")[:-200], "damaged or not whole"),
    "half woff2": (lambda: make_font("woff2")[:-200], "damaged or not whole"),
    "four bytes": (lambda: b"OTTO", "damaged or not whole"),
    "head of woff2": (lambda: b"wOF2" + b"\xff" * 500, "damaged or not whole"),
    "no tables": (lambda: b"\0\1\0\0" + b"\0" * 500, "damaged or not whole"),
    "symbols": (lambda: make_font("ttf", letters="\ue000\ue001"), "lacks letters"),
    "endless": (make_bomb, "damaged or not whole"),
    "capitals": (lambda: make_font("woff2", letters="ABCDEFGHIJKLMNOPQRSTUVWXYZ"), "lacks letters"),
}


SOON_OVER = """
from storefront.shop.media import draw_letters
draw_letters.MOST_SECONDS = 1
draw_letters.main()
"""
IN_ITS_PROCESS = ("endless", "half woff2", "symbols")  # one of each answer that the process may give


def draw_here(_words: object, **options: Any) -> SimpleNamespace:
    return SimpleNamespace(stdout=json.dumps(draw(options["input"])))


@pytest.mark.parametrize("name", HOSTILE)
def test_refuses_what_browsers_would_not_use(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, words = HOSTILE[name]
    monkeypatch.setattr(font_files, "DRAWING", (sys.executable, "-c", SOON_OVER))
    if name not in IN_ITS_PROCESS:
        monkeypatch.setattr("storefront.shop.media.font_files.subprocess.run", draw_here)
    content, before = make(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    with pytest.raises(MediaRefused, match=words):
        read_font(BytesIO(content))
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime < before + 3, "nobody ended it"


def test_survives_fonts_with_any_byte_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is taken or refused; nothing else comes out. Without a process for each, which takes the most time."""
    monkeypatch.setattr("storefront.shop.media.font_files.subprocess.run", draw_here)
    for kind in ("woff2", "ttf", "otf"):
        content = make_font(kind)
        for place in range(4, len(content), max(1, len(content) // 60)):
            changed = content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]
            try:
                assert read_font(BytesIO(changed)).content == changed
            except MediaRefused as refused:
                assert refused.message  # noqa: PT017 - both are right
