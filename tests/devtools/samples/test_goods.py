"""The goods of the sample shop: real files that do what their pages say."""

import io
import struct
import subprocess
import sys
import wave
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

from storefront.devtools.samples.files import make_book, make_daybook, make_font, make_sounds, make_tool


def test_sells_a_tool_that_finds_twins_and_keeps_them(tmp_path: Path) -> None:
    zipfile.ZipFile(io.BytesIO(make_tool())).extractall(tmp_path)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, content in {"a.txt": "same", "b b.txt": "same", "c.txt": "else"}.items():
        (folder / name).write_text(content)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "twinspot" / "twinspot.py"), str(folder), "--script"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [f"# keep {folder / 'a.txt'}", f"rm -- '{folder / 'b b.txt'}'"]
    assert "4 bytes" in done.stderr
    assert len(list(folder.iterdir())) == 3


def test_sells_a_journal_that_finds_what_was_written(tmp_path: Path) -> None:
    zipfile.ZipFile(io.BytesIO(make_daybook())).extractall(tmp_path)

    def daybook(*words: str) -> str:
        command = [sys.executable, str(tmp_path / "daybook" / "daybook.py"), *words]
        environ = {"DAYBOOK": str(tmp_path / "entries"), "PYTHONUTF8": "1"}
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout

    for text in ("Planted the beans.", "Größe  wie immer."):
        daybook("add", text)
    assert daybook("find", "BEANS").splitlines()[-1].endswith("  Planted the beans.")
    assert [line[9:] for line in daybook("week").splitlines() if line.startswith("  ")] == [
        "Planted the beans.",
        "Größe wie immer.",
    ]


def test_makes_a_book_whose_parts_are_all_there() -> None:
    book = zipfile.ZipFile(io.BytesIO(make_book()))
    first = book.infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    assert book.read("mimetype") == b"application/epub+zip"
    package = ET.fromstring(book.read("book/package.opf"))  # noqa: S314 - our own file
    space = {"o": "http://www.idpf.org/2007/opf"}
    manifest = {item.attrib["id"]: item.attrib["href"] for item in package.iterfind(".//o:item", space)}
    for href in manifest.values():
        content = book.read(f"book/{href}")
        if href.endswith(".xhtml"):
            ET.fromstring(content)  # noqa: S314 - our own file
    spine = [item.attrib["idref"] for item in package.iterfind(".//o:itemref", space)]
    assert spine[:2] == ["title", "nav"]
    assert set(spine) <= set(manifest)
    assert len(spine) == 7


def test_makes_a_font_whose_checksum_adds_up() -> None:
    """The format's own check: all of a font's words sum to a fixed number."""
    font = make_font()
    assert len(font) % 4 == 0
    assert sum(struct.unpack(f">{len(font) // 4}I", font)) % 2**32 == 0xB1B0AFBA
    tables = {font[start : start + 4] for start in range(12, 12 + 16 * 10, 16)}
    assert {b"cmap", b"glyf", b"head", b"hmtx", b"loca", b"OS/2"} <= tables


def test_makes_sounds_that_are_short_and_do_not_clip() -> None:
    pack = zipfile.ZipFile(io.BytesIO(make_sounds()))
    sounds = [name for name in pack.namelist() if name.endswith(".wav")]
    assert len(sounds) == 12
    for name in sounds:
        with wave.open(io.BytesIO(pack.read(name))) as sound:
            frames = sound.readframes(sound.getnframes())
            assert sound.getnframes() < sound.getframerate()
        samples = struct.unpack(f"<{len(frames) // 2}h", frames)
        assert 3_000 < max(map(abs, samples)) < 32_767, name
