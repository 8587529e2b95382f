"""Samples: what is taken, by the first bytes and by the name."""

from io import BytesIO

import pytest
from flask import Flask

from storefront.shop.media.refusals import (
    EmptyMedia,
    MediaTooLarge,
    NoSuchMedia,
    TextRefused,
    TooManyMedia,
    UnknownFormat,
)
from storefront.shop.media.sample_kinds import find_type
from storefront.shop.media.samples import MOST_SAMPLES, remove_sample
from tests.shop.media.drawn import MP3, MP4, PDF, SAMPLES, SLUG, add_one_sample, draw, samples_of, saved
from tests.support.databases import BOTH
from tests.support.rows import read_rows


@pytest.mark.parametrize("name", SAMPLES)
def test_takes(name: str) -> None:
    known = find_type(BytesIO(SAMPLES[name]), name.upper(), len(SAMPLES[name]))
    assert known.ending == f".{name.rpartition('.')[2]}"


@pytest.mark.parametrize("name", SAMPLES)
def test_is_told_by_its_bytes_and_not_by_its_name_alone(name: str) -> None:
    content = saved(draw())
    with pytest.raises(UnknownFormat, match=r"no such file|no text"):
        find_type(BytesIO(content), name, len(content))


@pytest.mark.parametrize("name", ["a.html", "a.svg", "a.exe", "a", ".mp3", "a.mp3.html", "a.mov", "a.xhtml"])
def test_refuses_other_kinds(name: str) -> None:
    with pytest.raises(UnknownFormat, match="one of these: mp3, m4a"):
        find_type(BytesIO(MP3), name, len(MP3))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.mp4", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "no such file"),
        ("a.mp4", b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "no such file"),
        ("a.webm", b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x1f\x42\x82\x88matroska", "no such file"),
        ("a.epub", SAMPLES["parts.zip"], "no such file"),
        ("a.mp3", b"\xff\xff\xff\xff", "no such file"),
        ("a.txt", b"Gr\xf6\xdfe", "UTF-8"),
        ("a.txt", "Größe".encode()[:3], "UTF-8"),
        ("a.txt", b"x" * 5000 + b"\0", "no text"),
    ],
)
def test_refuses_what_browsers_could_not_use(name: str, content: bytes, words: str) -> None:
    with pytest.raises(UnknownFormat, match=words):
        find_type(BytesIO(content), name, len(content))


@pytest.mark.parametrize(("name", "most"), [("a.mp3", 20), ("a.mp4", 200), ("a.pdf", 20)])
def test_refuses_what_is_too_large(name: str, most: int) -> None:
    content = {"a.mp3": MP3, "a.mp4": MP4, "a.pdf": PDF}[name]
    assert find_type(BytesIO(content), name, most * 1_000_000)
    with pytest.raises(MediaTooLarge, match=f"{most} MB"):
        find_type(BytesIO(content), name, most * 1_000_000 + 1)


def test_refuses_an_empty_file() -> None:
    with pytest.raises(EmptyMedia):
        find_type(BytesIO(), "a.mp3", 0)


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_offers_a_sample_once_until_it_is_removed(app: Flask) -> None:
    first = add_one_sample(app)
    assert add_one_sample(app, title="Again") == first
    second = add_one_sample(app, "chapter.pdf", title="A chapter")
    assert [(view.id, view.position, view.title, view.kind.value) for view in samples_of(app)] == [
        (first, 1, "A tap", "audio"),
        (second, 2, "A chapter", "file"),
    ]
    with app.app_context():
        remove_sample(SLUG, first)
        with pytest.raises(NoSuchMedia, match="no sample"):
            remove_sample(SLUG, first)
    (left,) = samples_of(app)
    assert (left.id, left.position, left.content_type, left.size_bytes) == (second, 1, "application/pdf", len(PDF))
    verbs = [row["verb"] for row in read_rows(app, "SELECT verb FROM audit_entries ORDER BY id")]
    assert verbs == ["product.sample_added"] * 2 + ["product.sample_removed"]


def test_has_room_for_five(app: Flask) -> None:
    ids = [add_one_sample(app, content=MP3 + bytes([number])) for number in range(MOST_SAMPLES)]
    with pytest.raises(TooManyMedia, match="at most 5"):
        add_one_sample(app, content=MP3 + b"\xff")
    assert add_one_sample(app, content=MP3 + bytes([2])) == ids[2]


@pytest.mark.parametrize(("title", "words"), [("", "empty"), (" \u200b ", "empty"), ("x" * 121, "120 fit")])
def test_wants_a_title_that_can_be_shown(app: Flask, title: str, words: str) -> None:
    with pytest.raises(TextRefused, match=words):
        add_one_sample(app, title=title)
    assert samples_of(app) == ()
