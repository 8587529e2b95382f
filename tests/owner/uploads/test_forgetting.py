"""Uploads that nobody continues go away with their bytes, and nothing else does."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from flask import Flask
from sqlalchemy.exc import DBAPIError

from storefront.core import clock
from storefront.core.db import db
from storefront.owner.people.people import remove
from storefront.owner.uploads.forget import forget_idle
from storefront.owner.uploads.models import Upload
from storefront.worker import forget_hourly
from tests.faults.database_trouble import read_only
from tests.owner.uploads.tus import Tus, find_release, parts
from tests.support.databases import BOTH
from tests.support.people import make_person
from tests.support.rows import change_rows, count_rows, read_rows

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def clean(app: Flask) -> None:
    change_rows(app, "DELETE FROM leases")
    with app.app_context():
        forget_hourly()
        db.session.remove()


@both
def test_removes_what_is_idle_for_seven_days(app: Flask) -> None:
    tus = Tus(app)
    old = tus.begin(1000, filename="old.zip")
    tus.begin(1000, filename="new.zip")
    tus.patch(old, 0, b"a" * 500)
    with time_machine.travel(clock.now() + timedelta(days=6), tick=False):
        change_rows(app, "UPDATE uploads SET last_at = :now WHERE filename = 'new.zip'", now=str(clock.now()))
        clean(app)
        assert count_rows(app, Upload) == {"uploads": 2}
    with time_machine.travel(clock.now() + timedelta(days=7, minutes=1), tick=False):
        clean(app)
    assert count_rows(app, Upload) == {"uploads": 1}
    assert parts(app) == []
    assert read_rows(app, "SELECT filename FROM uploads") == [{"filename": "new.zip"}]


def test_frees_the_bytes_of_idle_uploads_though_the_database_takes_nothing(app: Flask) -> None:
    """The disk may be full, and their bytes are what gives room back."""
    tus = Tus(app)
    tus.patch(tus.begin(100), 0, b"x" * 10)
    with time_machine.travel(clock.now() + timedelta(days=8), tick=True), read_only(app), app.app_context():
        with pytest.raises(DBAPIError):
            forget_idle()
        db.session.remove()
    assert parts(app) == []


def test_removes_bytes_without_a_row_and_keeps_those_of_open_uploads(app: Flask) -> None:
    tus = Tus(app)
    kept = tus.begin(1000)
    tus.patch(kept, 0, b"a" * 500)
    folder = parts(app)[0].parent
    for name in ("orphan.part", "note.txt"):
        (folder / name).write_text("left")
    clean(app)
    assert [path.name for path in parts(app)] == sorted([f"{kept.rpartition('/')[2]}.part", "note.txt"])
    assert tus.patch(kept, 500, b"a" * 500).status_code == 204


def test_removes_the_uploads_of_a_person_who_left(app: Flask) -> None:
    make_person(app, "another@example.com")
    tus = Tus(app)
    tus.patch(tus.begin(1000), 0, b"a" * 500)
    with app.app_context():
        remove(tus.person_id)
        db.session.remove()
    assert count_rows(app, Upload) == {"uploads": 0}
    clean(app)
    assert parts(app) == []


def test_cleans_where_nothing_was_ever_sent(app: Flask) -> None:
    clean(app)
    assert parts(app) == []


@both
def test_begins_one_upload_of_one_file_however_often_it_is_asked(app: Flask) -> None:
    tus = Tus(app)
    barrier = Barrier(6)

    def begin(_number: int) -> str:
        barrier.wait()
        answer = tus.announce(1000)
        return str(answer.headers.get("Location"))

    with ThreadPoolExecutor(6) as threads:
        paths = set(threads.map(begin, range(6)))
    assert len(paths) == 1
    assert count_rows(app, Upload) == {"uploads": 1}


@both
def test_stores_once_when_two_finish_at_once(app: Flask) -> None:
    data = b"a" * 3_000_000
    tus = Tus(app)
    path = tus.begin(len(data))
    tus.patch(path, 0, data[:-1])
    barrier = Barrier(4)

    def end(_number: int) -> int:
        barrier.wait()
        return tus.patch(path, len(data) - 1, b"a").status_code

    with ThreadPoolExecutor(4) as threads:
        statuses = list(threads.map(end, range(4)))
    assert 204 in statuses
    assert set(statuses) <= {204, 409, 423}
    release = find_release(app)
    assert release
    assert len(release.files) == 1
    assert parts(app) == []
