"""A file that is gone, or not whole: the buyer reads a sentence, the owner is told once, and again next time."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from storefront.cli.release_text import missing_line
from storefront.core.config.settings import Settings
from storefront.core.db import db
from storefront.core.runtime import runtime
from storefront.core.storage import StorageUnavailable
from storefront.delivery.downloads.missing_files import Missing, check_files, report_missing
from storefront.orders.notices import close_notices, list_open_notices
from storefront.owner.uploads.page import check_stored
from storefront.shop.catalog.releases import list_releases
from tests.delivery.downloads.clicks import (
    BOOK,
    add_release,
    book_path,
    content,
    counted_downloads,
    short_link,
    status,
)
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def check(app: Flask) -> list[int | None]:
    with app.app_context():
        sizes = [file.found_bytes for file in check_files()]
        db.session.remove()
    return sizes


def stored(app: Flask) -> list[str]:
    """What the owner's page says of the book's files."""
    with app.app_context():
        version = list_releases(BOOK[0])[0].version
        sentences = check_stored(BOOK[0], version)
        db.session.remove()
    return sentences


def call_done(app: Flask) -> None:
    with app.app_context():
        for notice in list_open_notices():
            close_notices([notice.id])
        db.session.remove()


def test_tells_the_buyer_and_once_the_owner_of_a_missing_file(app: Flask, sale: Sale, link: str) -> None:
    path, kept = book_path(app), content(app)
    path.unlink()
    for _ in range(2):
        answer = sale.buyer.get(link)
        assert answer.status_code == 503
        assert "your order is safe" in answer.text
    assert sale.open_notices() == ["file_missing"]
    assert counted_downloads(app) == 0
    path.write_bytes(kept)
    assert check(app) == []
    assert sale.open_notices() == []
    path.write_bytes(kept[:-1])
    assert check(app) == [len(kept) - 1]
    assert sale.open_notices() == ["file_missing"]


def test_sends_no_file_that_is_not_whole(app: Flask, sale: Sale, link: str) -> None:
    short = short_link(sale.buyer, link)
    book_path(app).write_bytes(content(app)[:10])
    for method in ("GET", "HEAD"):
        with sale.buyer.client.open(short, method=method) as answer:
            assert answer.status_code == 503
    assert sale.open_notices() == ["file_missing"]
    assert counted_downloads(app) == 0


def test_tells_again_of_a_file_that_goes_missing_again_though_it_was_called_done(
    app: Flask, sale: Sale, link: str
) -> None:
    path, kept = book_path(app), content(app)
    path.unlink()
    assert check(app) == [None]
    call_done(app)
    assert check(app) == [None]
    assert sale.open_notices() == [], "done stays done while the cause lasts"
    path.write_bytes(kept)
    assert check(app) == []
    path.unlink()
    assert check(app) == [None]
    assert sale.open_notices() == ["file_missing"]


def test_tells_of_a_buyer_who_is_turned_away_after_the_owner_called_it_done(
    app: Flask, sale: Sale, link: str
) -> None:
    book_path(app).unlink()
    assert status(sale.buyer, link) == 503
    call_done(app)
    assert sale.open_notices() == []
    assert status(sale.buyer, link) == 503
    assert sale.open_notices() == ["file_missing"]


@pytest.fixture
def closed_book(app: Flask, sale: Sale, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The book is there, and closed to the shop's user. Root may read everything, so Python says it."""
    path, really_open = book_path(app), Path.open

    def refuse(self: Path, *how: Any, **more: Any) -> Any:
        if self == path:
            raise PermissionError(13, "Permission denied", str(self))
        return really_open(self, *how, **more)

    monkeypatch.setattr(Path, "open", refuse)
    return monkeypatch


@pytest.mark.parametrize("what", ["file", "all.zip"])
def test_tells_the_buyer_and_the_owner_of_a_file_that_the_shop_cannot_read(
    app: Flask, sale: Sale, link: str, closed_book: pytest.MonkeyPatch, what: str
) -> None:
    for _ in range(2):
        answer = sale.buyer.get(link if what == "file" else f"{link.rsplit('/', 2)[0]}/all.zip")
        assert answer.status_code == 503
        assert "your order is safe" in answer.text
    assert sale.open_notices() == ["file_missing"]
    assert counted_downloads(app) == 0
    assert check(app) == [None]
    assert "the shop cannot read it" in stored(app)[0]
    closed_book.undo()
    assert check(app) == []
    assert stored(app) == []
    assert sale.open_notices() == []
    assert status(sale.buyer, link) == 200


def test_counts_nothing_for_a_file_that_is_closed_once_its_size_was_asked(
    app: Flask, sale: Sale, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, really_open, opened = book_path(app), Path.open, []

    def close_after_first(self: Path, *how: Any, **more: Any) -> Any:
        opened.append(self)
        if opened.count(path) > 1:
            raise PermissionError(13, "Permission denied", str(self))
        return really_open(self, *how, **more)

    monkeypatch.setattr(Path, "open", close_after_first)
    assert status(sale.buyer, link) == 503
    assert sale.open_notices() == ["file_missing"]
    assert counted_downloads(app) == 0


TROUBLES = tuple(product((errno.EMFILE, errno.EIO), (("file", 0), ("file", 1), ("all.zip", 0))))


@pytest.mark.parametrize("trouble", TROUBLES)
def test_asks_the_buyer_to_try_again_and_nobody_to_mend_what_passes(
    app: Flask, sale: Sale, link: str, monkeypatch: pytest.MonkeyPatch, trouble: tuple[int, tuple[str, int]]
) -> None:
    """Too many open files, or a folder on the network that does not answer: the file is where it was."""
    code, (what, opened_before) = trouble
    path, really_open, opened = book_path(app), Path.open, []

    def refuse(self: Path, *how: Any, **more: Any) -> Any:
        opened.append(self)
        if opened.count(path) > opened_before:
            raise OSError(code, os.strerror(code), str(self))
        return really_open(self, *how, **more)

    address = link if what == "file" else f"{link.rsplit('/', 2)[0]}/all.zip"
    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", refuse)
        for _ in range(2):
            opened.clear()
            answer = sale.buyer.get(address)
            assert answer.status_code == 503
            assert answer.headers["Retry-After"] == "10"
            assert "The file storage does not answer" in answer.text
        opened.clear()
        if not opened_before:
            assert set(check(app)) == {None}
    assert sale.open_notices() == []
    assert counted_downloads(app) == 0
    assert status(sale.buyer, address) == 200


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch) -> set[Path]:
    """Paths whose disk says that it cannot read them."""
    paths: set[Path] = set()
    really_open = Path.open

    def refuse(self: Path, *how: Any, **more: Any) -> Any:
        if self in paths:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(self))
        return really_open(self, *how, **more)

    monkeypatch.setattr(Path, "open", refuse)
    return paths


def test_looks_at_every_other_file_where_one_cannot_be_read(
    app: Flask, sale: Sale, tmp_path: Path, unreadable: set[Path]
) -> None:
    add_release(app, tmp_path, "2.0")
    folder = book_path(app).parents[1]
    book, other = sorted(folder.rglob("*.epub"))
    kept = other.read_bytes()
    unreadable.add(book)
    assert check(app) == [None]
    assert sale.open_notices() == []
    other.write_bytes(kept[:3])
    assert check(app) == [None, 3]
    assert sale.open_notices() == ["file_missing"]
    other.write_bytes(kept)
    unreadable.clear()
    assert check(app) == []
    assert sale.open_notices() == []


def test_keeps_what_was_told_of_a_file_that_cannot_be_read_now(
    app: Flask, sale: Sale, link: str, tmp_path: Path, unreadable: set[Path]
) -> None:
    add_release(app, tmp_path, "2.0")
    book = book_path(app)
    kept = book.read_bytes()
    book.unlink()
    assert check(app) == [None]
    assert sale.open_notices() == ["file_missing"]
    book.write_bytes(kept)
    unreadable.add(book)
    assert check(app) == [None]
    assert sale.open_notices() == ["file_missing"]


def test_leaves_done_what_cannot_be_read_in_between(
    app: Flask, sale: Sale, tmp_path: Path, unreadable: set[Path]
) -> None:
    add_release(app, tmp_path, "2.0")
    book = book_path(app)
    kept = book.read_bytes()
    book.unlink()
    assert check(app) == [None]
    call_done(app)
    for _ in range(2):
        book.write_bytes(kept)
        unreadable.add(book)
        assert check(app) == [None]
        unreadable.clear()
        book.unlink()
        assert check(app) == [None]
        assert sale.open_notices() == [], "nobody saw it come back"
    book.write_bytes(kept)
    assert check(app) == []
    book.unlink()
    assert check(app) == [None]
    assert sale.open_notices() == ["file_missing"]


def test_names_the_one_file_of_a_shop_that_cannot_be_read(app: Flask, sale: Sale, unreadable: set[Path]) -> None:
    change_rows(app, "DELETE FROM release_files WHERE path NOT LIKE '%.epub'")
    book = book_path(app)
    unreadable.add(book)
    with app.app_context():
        path = book.relative_to(runtime(app).settings.files_path).as_posix()
        for _ in range(2):
            assert [(file.path, file.is_unread) for file in check_files()] == [(path, True)]
        db.session.remove()
    assert sale.open_notices() == []


def test_names_few_files_that_cannot_be_read_and_takes_more_for_the_storage(
    app: Flask, sale: Sale, tmp_path: Path, unreadable: set[Path]
) -> None:
    for version in range(2, 7):
        add_release(app, tmp_path, f"{version}.0")
    books = sorted(book_path(app).parents[1].rglob("*.epub"))
    assert len(books) == 6
    unreadable.update(books[:4])
    assert check(app) == [None] * 4
    unreadable.add(books[4])
    with pytest.raises(StorageUnavailable, match="does not answer"):
        check(app)
    assert sale.open_notices() == []


def test_says_that_the_storage_does_not_answer_where_many_files_cannot_be_read(
    app: Flask, sale: Sale, unreadable: set[Path]
) -> None:
    unreadable.update(path for path in book_path(app).parents[3].rglob("*") if path.is_file())
    with pytest.raises(StorageUnavailable, match="does not answer"):
        check(app)
    assert sale.open_notices() == []


def test_names_the_file_that_cannot_be_read_now() -> None:
    line = missing_line(Missing("books/one.epub", 7, None, is_unread=True))
    assert line.startswith("books/one.epub cannot be read now: the log says why")


class TestWithNginx:
    """It may read what the shop's user cannot."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, accel_prefix="/protected/")

    def test_lets_nginx_send_a_file_that_is_closed_to_the_shop(
        self, app: Flask, sale: Sale, link: str, closed_book: pytest.MonkeyPatch
    ) -> None:
        answer = sale.buyer.get(link)
        assert answer.status_code == 200
        assert answer.headers["X-Accel-Redirect"].startswith("/protected/")
        assert check(app) == []
        assert stored(app) == []
        assert sale.open_notices() == []
        assert counted_downloads(app) == 1
        assert status(sale.buyer, f"{link.rsplit('/', 2)[0]}/all.zip") == 503, "the shop itself makes that"
        assert counted_downloads(app) == 1
        closed_book.undo()
        book_path(app).unlink()
        assert status(sale.buyer, link) == 503
        assert sale.open_notices() == ["file_missing"]


@both
def test_writes_two_notices_for_two_files_reported_at_once(app: Flask) -> None:
    lost = []
    for number in range(12):
        meet = Barrier(2)

        def report(part: int, number: int = number, meet: Barrier = meet) -> None:
            with app.app_context():
                meet.wait(10)
                report_missing(f"{number}/{part}")
                db.session.remove()

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(report, range(2)))
        open_now = {
            row["subject"] for row in read_rows(app, "SELECT subject FROM notices WHERE closed_at IS NULL")
        }
        lost += [name for name in (f"{number}/0", f"{number}/1") if name not in open_now]
    assert lost == []


@both
def test_closes_no_other_report_with_one(app: Flask, sale: Sale) -> None:
    with app.app_context():
        for path in ("a", "b", "a"):
            report_missing(path)
        db.session.remove()
    rows = read_rows(app, "SELECT subject FROM notices WHERE closed_at IS NULL ORDER BY subject")
    assert [row["subject"] for row in rows] == ["a", "b"]
