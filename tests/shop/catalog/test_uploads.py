"""`releases upload`: all files or none, nothing dropped in silence, and several at once."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path
from threading import Barrier
from typing import IO, Any

import pytest
from click.testing import Result
from flask import Flask

from storefront.core.config.settings import Settings
from storefront.core.db import db, transaction
from storefront.core.storage import STORAGE, Folder, Stored, storage
from storefront.owner.uploads.finish import bring_into_draft
from storefront.shop.catalog.leftovers import delete_unnamed
from storefront.shop.catalog.models import Release, ReleaseFile
from storefront.shop.catalog.queries import get_product_id
from storefront.shop.catalog.upload import delete_unused, record_draft_file, store_file
from storefront.shop.catalog.upload_checks import ReleaseFileExists
from tests.support.databases import BOTH
from tests.support.releases import add_release_file
from tests.support.rows import change_rows, count_rows, read_rows
from tests.support.shop import Buyer
from tests.support.terminal import Run

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@pytest.fixture
def upload(run: Run) -> Callable[..., Result]:
    def call(*words: object, version: str = "3.0") -> Result:
        return run("releases", "upload", "twinspot", version, *words)

    return call


def make(folder: Path, name: str, text: str = "content") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path


def stored(settings: Settings) -> list[str]:
    folder = settings.files_path / "twinspot" / "3.0"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_leaves_nothing_after_a_bad_second_name(
    app: Flask, upload: Any, settings: Settings, tmp_path: Path
) -> None:
    before = count_rows(app, Release, ReleaseFile)
    refused = upload(make(tmp_path, "a.zip"), make(tmp_path, "b\u202e.zip"))
    assert refused.exit_code == 1
    assert "cannot be a part of a file's path" in refused.output
    assert count_rows(app, Release, ReleaseFile) == before
    assert stored(settings) == []


def test_takes_the_first_file_back_when_the_second_has_other_bytes(
    app: Flask, upload: Any, settings: Settings, tmp_path: Path
) -> None:
    assert upload(make(tmp_path, "b.zip", "one")).exit_code == 0
    before = count_rows(app, Release, ReleaseFile)
    refused = upload(make(tmp_path, "a.zip"), make(tmp_path, "b.zip", "two"))
    assert (refused.exit_code, "new version" in refused.output) == (1, True)
    assert count_rows(app, Release, ReleaseFile) == before
    assert stored(settings) == ["b.zip"]


@both
def test_replaces_what_an_upload_left_that_was_ended_half_way(
    app: Flask, upload: Any, settings: Settings, tmp_path: Path
) -> None:
    there = settings.files_path / "twinspot" / "3.0"
    there.mkdir(parents=True)
    (there / "a.zip").write_text("the wrong build")
    files = make(tmp_path, "a.zip", "the right one"), make(tmp_path, "b.zip")
    assert upload(*files).exit_code == 0
    assert (there / "a.zip").read_text() == "the right one"
    assert stored(settings) == ["a.zip", "b.zip"]
    assert upload(*files).exit_code == 0, "the same files again change nothing"
    assert upload(make(tmp_path, "a.zip", "another one")).exit_code == 1
    assert (there / "a.zip").read_text() == "the right one"


@both
def test_refuses_the_slower_upload_whose_bytes_another_one_replaced(
    app: Flask, settings: Settings, tmp_path: Path
) -> None:
    with app.app_context():
        product_id = get_product_id(db.session(), "twinspot")
        slow = store_file(BytesIO(b"slow"), slug="twinspot", version="3.0", filename="a.zip")
        fast = store_file(BytesIO(b"fast"), slug="twinspot", version="3.0", filename="a.zip")
        write = partial(record_draft_file, slug="twinspot", product_id=product_id, version="3.0")
        with pytest.raises(ReleaseFileExists, match="at the same moment"), transaction() as session:
            write(session, stored=slow)
        delete_unused([slow])
        with transaction() as session:
            write(session, stored=fast)
        with pytest.raises(ReleaseFileExists, match="other content"), transaction() as session:
            write(session, stored=slow)
        delete_unused([slow, fast])
    assert (settings.files_path / fast.path).read_text() == "fast"
    assert read_rows(app, "SELECT sha256 FROM release_files WHERE path = :path", path=fast.path) == [
        {"sha256": fast.sha256}
    ]


@both
def test_deletes_no_file_that_came_after_the_one_that_was_removed(app: Flask, settings: Settings) -> None:
    with app.app_context():
        removed = store_file(BytesIO(b"removed"), slug="twinspot", version="3.0", filename="a.zip")
        came = store_file(BytesIO(b"came"), slug="twinspot", version="3.0", filename="a.zip")
        assert not delete_unnamed(removed.path, removed.mark)
        assert stored(settings) == ["a.zip"]
        assert delete_unnamed(came.path, came.mark)
    assert stored(settings) == []


def test_refuses_two_files_of_one_name(upload: Any, tmp_path: Path) -> None:
    refused = upload(make(tmp_path / "x", "a.zip", "1"), make(tmp_path / "y", "a.zip", "2"))
    assert (refused.exit_code, "same name" in refused.output) == (1, True)


ONE_ON_DISK = [
    ("Tool.zip", "tool.ZIP"),
    ("Gr\u00f6\u00dfe.zip", "GRO\u0308SSE.zip"),
    ("\u0130x.zip", "i\u0307X.zip"),
]


@pytest.mark.parametrize(("first", "second"), ONE_ON_DISK)
def test_refuses_names_that_are_one_on_a_buyers_disk(
    upload: Any, settings: Settings, tmp_path: Path, first: str, second: str
) -> None:
    one, other = make(tmp_path / "x", first), make(tmp_path / "y", second)
    together = upload(one, other)
    assert (together.exit_code, "one file on Windows and on a Mac" in together.output) == (1, True)
    assert stored(settings) == []
    assert upload(one).exit_code == 0
    later = upload(make(tmp_path, "more.zip"), other)
    assert (later.exit_code, "rename one" in later.output) == (1, True)
    assert stored(settings) == [first]
    assert upload(one).exit_code == 0, "the same name again is the same file"


def test_refuses_a_version_that_differs_in_capitals_only(upload: Any, tmp_path: Path) -> None:
    assert upload(make(tmp_path, "a.zip")).exit_code == 0
    for version, code in (("4.0-RC", 0), ("4.0-rc", 1), ("4.0-RC", 0)):
        done = upload(make(tmp_path, "a.zip"), version=version)
        assert (done.exit_code, "use 4.0-RC" in done.output) == (code, bool(code))


def test_lets_names_be_uploaded_again_that_were_taken_while_nobody_asked(
    app: Flask, upload: Any, tmp_path: Path
) -> None:
    """A script that uploads all files of a release at each run goes on working, and so does an old version."""
    for name in ("tool.zip", "b.zip"):
        assert upload(make(tmp_path, name)).exit_code == 0
    assert upload(make(tmp_path, "a.zip"), version="4.0").exit_code == 0
    change_rows(app, "UPDATE release_files SET filename = 'Tool.zip' WHERE filename = 'b.zip'")
    assert upload(make(tmp_path, "a.zip"), version="4.0-RC").exit_code == 0
    change_rows(app, "UPDATE releases SET version = '4.0-rc' WHERE version = '4.0'")
    both_files = make(tmp_path / "x", "tool.zip"), make(tmp_path / "y", "Tool.zip")
    before = count_rows(app, Release, ReleaseFile)
    assert upload(both_files[0]).exit_code == 0
    assert upload(*both_files).exit_code == 0
    assert count_rows(app, Release, ReleaseFile) == before
    third = upload(both_files[0], make(tmp_path, "TOOL.zip"))
    assert (third.exit_code, "rename one" in third.output) == (1, True)
    for version, code in (("4.0-rc", 0), ("4.0-RC", 0), ("4.0-Rc", 1)):
        assert upload(make(tmp_path, "more.zip"), version=version).exit_code == code


def test_asks_about_an_empty_file(upload: Any, settings: Settings, tmp_path: Path) -> None:
    files = make(tmp_path, "full.zip"), make(tmp_path, "empty.txt", "")
    refused = upload(*files)
    assert (refused.exit_code, "empty.txt: 0 bytes" in refused.output, "--allow-empty" in refused.output) == (
        1,
        True,
        True,
    )
    assert stored(settings) == []
    assert upload(*files, "--allow-empty").exit_code == 0
    assert stored(settings) == ["empty.txt", "full.zip"]


@pytest.mark.parametrize(
    "name", ["CON.txt", "con .zip", "com\u00b9.zip", "a.zip.", "NUL", "Aux.tar.gz", "CONOUT$"]
)
def test_refuses_a_name_that_windows_keeps_for_itself(upload: Any, tmp_path: Path, name: str) -> None:
    refused = upload(make(tmp_path, name))
    assert (refused.exit_code, "'" in refused.output) == (1, True)


def test_takes_no_published_release_for_a_draft(upload: Any, tmp_path: Path, buyer: Buyer) -> None:
    assert upload(make(tmp_path, "a.zip")).exit_code == 0
    refused = upload("--draft", make(tmp_path, "c.zip"))
    assert (refused.exit_code, "a draft needs a version of its own" in refused.output) == (1, True)
    assert "c.zip" not in buyer.get("/products/twinspot").text


def test_adds_more_files_to_a_draft_which_stays_one(upload: Any, tmp_path: Path) -> None:
    assert upload("--draft", make(tmp_path, "a.zip")).exit_code == 0
    assert "3.0 is a draft" in upload("--draft", make(tmp_path, "b.zip")).output
    assert "3.0 is a draft" in upload(make(tmp_path, "c.zip")).output


def test_refuses_other_notes_with_the_command_that_changes_them(app: Flask, upload: Any, tmp_path: Path) -> None:
    notes = make(tmp_path, "notes.md", "Faster.")
    first = ("--notes-file", notes, make(tmp_path, "a.zip"))
    assert upload(*first).exit_code == 0
    assert upload(*first).exit_code == 0, "the same command again changes nothing"
    notes.write_text("Slower.")
    refused = upload("--notes-file", notes, make(tmp_path, "b.zip"))
    assert refused.exit_code == 1
    assert "storefront releases publish twinspot 3.0 --notes-file" in refused.output
    assert read_rows(app, "SELECT notes FROM releases WHERE version = '3.0'") == [{"notes": "Faster."}]


def at_once(app: Flask, sources: list[Path], version: str) -> list[int | type[Exception]]:
    """The files' ids, or why not."""
    meet = Barrier(len(sources))

    def add(source: Path) -> int | type[Exception]:
        with app.app_context():
            meet.wait(10)
            try:
                return add_release_file(slug="twinspot", version=version, source=source)
            except ReleaseFileExists as error:
                return type(error)
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(sources)) as pool:
        return list(pool.map(add, sources))


@both
def test_takes_all_uploads_to_one_new_release_at_once(app: Flask, tmp_path: Path) -> None:
    for number in range(6):
        sources = [make(tmp_path, f"{number}-{part}.zip", str(part)) for part in range(4)]
        ids = at_once(app, sources, f"8.{number}")
        assert len(set(ids)) == 4
        assert all(isinstance(file_id, int) for file_id in ids)
    assert read_rows(app, "SELECT count(*) AS n FROM releases WHERE version LIKE '8.%'") == [{"n": 6}]


@both
def test_keeps_one_of_two_contents_under_one_name_at_once(app: Flask, settings: Settings, tmp_path: Path) -> None:
    for number in range(6):
        sources = [make(tmp_path / str(part), "one.zip", str(part)) for part in range(3)]
        done = at_once(app, sources, f"9.{number}")
        assert done.count(ReleaseFileExists) == 2
        kept = settings.files_path / "twinspot" / f"9.{number}" / "one.zip"
        assert kept.read_text() == str([isinstance(result, int) for result in done].index(True))


@both
def test_takes_the_same_file_at_once_for_one_file(app: Flask, tmp_path: Path) -> None:
    source = make(tmp_path, "one.zip")
    assert len(set(at_once(app, [source] * 4, "9.0"))) == 1


def test_lets_nginx_read_what_is_new_whatever_the_umask(upload: Any, settings: Settings, tmp_path: Path) -> None:
    path = make(tmp_path, "a.zip")
    before = os.umask(0o077)
    try:
        assert upload(path).exit_code == 0
    finally:
        os.umask(before)
    file = settings.files_path / "twinspot" / "3.0" / "a.zip"
    modes = [path.stat().st_mode & 0o777 for path in (file.parent, file)]
    assert modes == [0o755, 0o644]


class CapitalsBlind(Folder):
    """A disk that takes names which differ in capitals for one file, as Windows and most Macs have it."""

    def _put(self, content: IO[bytes], path: str) -> Stored:
        return replace(super()._put(content, path.lower()), path=path)

    def find_local_path(self, path: str) -> Path | None:
        return super().find_local_path(path.lower())

    def delete(self, path: str) -> None:
        super().delete(path.lower())


def test_deletes_no_file_that_a_release_names_in_other_capitals(app: Flask, settings: Settings) -> None:
    with app.app_context():
        STORAGE.set(CapitalsBlind(settings.files_path), app)
        bring_into_draft(BytesIO(b"one"), slug="twinspot", version="9.0", filename="Setup.exe")
        with pytest.raises(ReleaseFileExists):
            bring_into_draft(BytesIO(b"two"), slug="twinspot", version="9.0", filename="setup.exe")
        db.session.remove()
        named = storage().find_local_path("twinspot/9.0/Setup.exe")
        assert named is not None
        assert named.read_bytes() == b"one"
