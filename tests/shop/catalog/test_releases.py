"""Release files: whole or not at all, and never replaced."""

import hashlib
import html
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st

from storefront.core.config.settings import Settings
from storefront.core.errors import NotFound
from storefront.shop.catalog.file_names import FileNameRefused, check_path_part
from storefront.shop.catalog.models import Release, ReleaseFile
from storefront.shop.catalog.upload_checks import ReleaseFileExists
from tests.support.releases import add_release_file
from tests.support.rows import count_rows
from tests.support.shop import Buyer


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "twinspot-3.0.zip"
    path.write_bytes(b"version three" * 1000)
    return path


def test_copies_a_file_with_its_size_and_digest(app: Flask, settings: Settings, source: Path) -> None:
    with app.app_context():
        file_id = add_release_file(slug="twinspot", version="3.0", source=source, notes="**Faster**")
    stored = settings.files_path / "twinspot" / "3.0" / source.name
    assert stored.read_bytes() == source.read_bytes()
    assert [path.name for path in stored.parent.iterdir()] == [source.name]
    with app.app_context():
        from storefront.core.db import db

        row = db.session.get_one(ReleaseFile, file_id)
        assert (row.size_bytes, row.path) == (13_000, "twinspot/3.0/twinspot-3.0.zip")
        assert row.sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
        assert row.content_type == "application/zip"


def test_shows_a_new_release_on_the_product_page(app: Flask, buyer: Buyer, source: Path) -> None:
    with app.app_context():
        add_release_file(slug="twinspot", version="3.0", source=source, notes="**Faster**")
    page = buyer.get("/products/twinspot").text
    assert "twinspot-3.0.zip" in page
    assert "twinspot-2.1.zip" not in page
    assert "<strong>Faster</strong>" in page


def test_changes_nothing_for_the_same_file_again(app: Flask, source: Path) -> None:
    with app.app_context():
        first = add_release_file(slug="twinspot", version="3.0", source=source)
        rows = count_rows(app, Release, ReleaseFile)
        assert add_release_file(slug="twinspot", version="3.0", source=source) == first
    assert count_rows(app, Release, ReleaseFile) == rows


def test_refuses_other_bytes_under_a_known_name(app: Flask, settings: Settings, source: Path) -> None:
    with app.app_context():
        add_release_file(slug="twinspot", version="3.0", source=source)
        before = source.read_bytes()
        source.write_bytes(b"something else")
        with pytest.raises(ReleaseFileExists, match="new version"):
            add_release_file(slug="twinspot", version="3.0", source=source)
    stored = settings.files_path / "twinspot" / "3.0" / source.name
    assert stored.read_bytes() == before
    assert [path.name for path in stored.parent.iterdir()] == [source.name]


@pytest.mark.parametrize("version", ["", "..", "../up", "a/b", "a\\b", ".hidden", "line\nbreak"])
def test_refuses_versions_that_would_leave_the_folder(app: Flask, source: Path, version: str) -> None:
    with app.app_context(), pytest.raises(FileNameRefused):
        add_release_file(slug="twinspot", version=version, source=source)


def test_refuses_an_unknown_product(app: Flask, source: Path) -> None:
    with app.app_context(), pytest.raises(NotFound):
        add_release_file(slug="nothing", version="1", source=source)


@pytest.mark.parametrize(
    "name",
    [
        "نمونه\u200cها.zip",  # noqa: RUF001 - Persian
        "資料\u3000最新.zip",
        "👩\u200d💻 tools.zip",
        "Prix\u00a01.zip",
        "Größe ☕ & more 100%25 #1+2.zip",
        "a%2fb.zip",
    ],
)
def test_takes_names_in_every_script(app: Flask, buyer: Buyer, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"content")
    with app.app_context():
        add_release_file(slug="twinspot", version="3.0", source=tmp_path / name)
    assert name in html.unescape(buyer.get("/products/twinspot").text)


@pytest.mark.parametrize(
    "character",
    ["\x00", "\x7f", "\n", "\u2028", "\u2029", "\ud800", "\ue000", "\U000e0080", "\u202e", "\u2066", "\u200e"],
)
def test_refuses_characters_that_break_or_turn_a_line(character: str) -> None:
    with pytest.raises(FileNameRefused) as refused:
        check_path_part(f"a{character}b.zip")
    assert character not in refused.value.message


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("n" * 181, "it has 181 bytes, and at most 180 fit, so shorten it."),
        ("字" * 61, "it has 183 bytes, and at most 180 fit, so shorten it."),
        (".hidden", "it begins or ends with a space or a dot."),
        ("a.zip ", "it begins or ends with a space or a dot."),
        ("", "there is nothing to be seen in it."),
        ("what?.zip", "it has '?' in it."),
        ("a\u202eb.zip", "it has '\\u202e' in it."),
    ],
)
def test_says_why_a_name_cannot_be_used(name: str, why: str) -> None:
    with pytest.raises(FileNameRefused) as refused:
        check_path_part(name)
    assert refused.value.message.endswith(f" cannot be a part of a file's path: {why}")


@pytest.mark.parametrize("name", ["n" * 180, "字" * 60])
def test_takes_a_name_of_as_many_bytes_as_fit(name: str) -> None:
    check_path_part(name)
    with pytest.raises(FileNameRefused) as refused:
        check_path_part(name + "n")
    assert refused.value.message.endswith("it has 181 bytes, and at most 180 fit, so shorten it.")


@pytest.mark.parametrize("name", ["\u200b", "\u3164", "\u200b \u2800", "\ufeff"])
def test_refuses_a_name_that_nobody_can_see(name: str) -> None:
    """A buyer's link to it would have no words."""
    with pytest.raises(FileNameRefused):
        check_path_part(name)
    check_path_part(f"{name}a")


parts = st.text(max_size=40) | st.text(alphabet="./\\ a:~%\x00é", max_size=6)


@given(slug=parts, version=parts, filename=parts)
@example(slug="..", version="..", filename="passwd")
@example(slug="con", version="aux.txt", filename="nul.zip")
def test_lets_no_path_leave_the_folder(
    tmp_path_factory: pytest.TempPathFactory, slug: str, version: str, filename: str
) -> None:
    root = Path("files").resolve()
    try:
        for part in (slug, version, filename):
            check_path_part(part)
    except FileNameRefused:
        return
    path = Path(f"{root}/{slug}/{version}/{filename}")
    assert path.resolve().relative_to(root).parts == (slug, version, filename)
    assert urlsplit(f"https://shop.example/{quote(path.name)}").path == f"/{quote(path.name)}"
