"""A real server and the client from PyPI: killed within a piece, cut off, two at once; no byte is lost."""

import hashlib
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO

import pytest
import requests
from flask import Flask
from tusclient.exceptions import TusUploadFailed

from tests.owner.uploads.program import MB, Owner
from tests.owner.uploads.tus import SLUG, find_release, parts, stored_file
from tests.races.served import served
from tests.support.people import link_for, make_person
from tests.support.processes import processes_of
from tests.support.rows import read_rows
from tests.support.shop import wait_for

pytestmark = pytest.mark.slow
SIZE = 21 * MB + 7


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@cache
def content() -> bytes:
    return random.Random(12).randbytes(SIZE)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[BinaryIO]:
    path = tmp_path / "tool.zip"
    path.write_bytes(content())
    with path.open("rb") as opened:
        yield opened


@pytest.fixture
def door(app: Flask) -> str:
    return link_for(app, make_person(app))


@pytest.fixture
def owner(environment: dict[str, str], free_port: int, door: str) -> Iterator[Owner]:
    with served(environment, workers=1) as url:
        yield Owner(url, door)


@pytest.fixture
def owner_of_two(environment: dict[str, str], free_port: int, door: str) -> Iterator[Owner]:
    """At a shop of two processes, which know of each other what the database says."""
    with served(environment, workers=2) as url:
        yield Owner(url, door)


def assert_whole(app: Flask) -> None:
    expected = hashlib.sha256(content()).hexdigest()
    release = find_release(app)
    assert release
    assert [(entry.size_bytes, entry.sha256) for entry in release.files] == [(SIZE, expected)]
    assert hashlib.sha256(stored_file(app).read_bytes()).hexdigest() == expected
    assert parts(app) == []


def test_takes_a_file_from_a_client_that_others_wrote(app: Flask, owner: Owner, file: BinaryIO) -> None:
    uploader = owner.uploader(file)
    uploader.upload()
    assert uploader.offset == SIZE
    assert_whole(app)


def test_goes_on_after_the_server_was_killed_in_the_middle_of_a_piece(
    app: Flask, environment: dict[str, str], free_port: int, door: str, file: BinaryIO
) -> None:
    with served(environment, workers=1) as url:
        owner = Owner(url, door)
        address = owner.begin(file)
        with closing(owner.start_piece(address, offset=0, length=16 * MB, data=content()[: 11 * MB])):
            wait_for(lambda: owner.offset(address) >= 4 * MB)
            for pid in processes_of(environment["DATABASE_URL"]):
                os.kill(pid, signal.SIGKILL)
            wait_for(lambda: not processes_of(environment["DATABASE_URL"]))
    (part,) = parts(app)
    with part.open("ab") as torn:  # what was written and never counted
        torn.write(b"garbage" * 1000)
    with served(environment, workers=1):
        assert 4 * MB <= owner.offset(address) <= 11 * MB
        owner.uploader(file, url=address, retries=20, retry_delay=2).upload()
    assert_whole(app)


def test_keeps_what_came_before_a_connection_was_cut(app: Flask, owner: Owner, file: BinaryIO) -> None:
    address = owner.begin(file)
    owner.start_piece(address, offset=0, length=16 * MB, data=content()[: 5 * MB]).close()
    wait_for(lambda: owner.offset(address) > 0)
    wait_for(lambda: read_rows(app, "SELECT writer FROM uploads")[0]["writer"] is None)
    assert owner.offset(address) <= 5 * MB
    owner.uploader(file, url=address, retries=3, retry_delay=1).upload()
    assert_whole(app)


def test_takes_over_from_a_sender_that_fell_silent(app: Flask, owner_of_two: Owner, file: BinaryIO) -> None:
    """A phone that lost its network: its connection stays open for the server, for hours."""
    owner = owner_of_two
    address = owner.begin(file)
    with closing(owner.start_piece(address, offset=0, length=16 * MB, data=content()[:MB])) as silent:
        wait_for(lambda: read_rows(app, "SELECT writer FROM uploads")[0]["writer"])
        with pytest.raises(TusUploadFailed) as refused:
            owner.uploader(file, url=address).upload()
        assert refused.value.status_code == 423
        owner.uploader(file, url=address, retries=20, retry_delay=2).upload()
        assert_whole(app)
        with suppress(OSError):  # it is refused at its first piece
            silent.sendall(content()[MB : 16 * MB])
    assert_whole(app)


def test_counts_no_byte_twice_when_two_send_at_once(app: Flask, owner_of_two: Owner, file: BinaryIO) -> None:
    owner = owner_of_two
    address = owner.begin(file)
    senders = [owner.start_piece(address, offset=0, length=8 * MB, data=content()[:MB]) for _number in range(4)]
    time.sleep(1)
    for sender in senders:
        with suppress(OSError):  # refused before its body was read
            sender.sendall(content()[MB : 8 * MB])
    statuses = []
    for sender in senders:
        with closing(sender):
            try:
                statuses.append(sender.recv(12)[-3:])
            except OSError:
                statuses.append(b"")
    assert statuses.count(b"204") == 1
    assert set(statuses) <= {b"204", b"409", b"423", b""}
    assert owner.offset(address) == 8 * MB
    owner.uploader(file, url=address, retries=3, retry_delay=1).upload()
    assert_whole(app)


def test_keeps_no_page_waiting_for_slow_pieces(
    environment: dict[str, str], free_port: int, door: str, file: BinaryIO
) -> None:
    with served(environment | {"WEB_THREADS": "1", "DOWNLOAD_THREADS": "1"}, workers=1) as url:
        owner = Owner(url, door)
        slow = [
            owner.start_piece(owner.begin(file), offset=0, length=8 * MB, data=b"a" * MB) for _number in range(3)
        ]
        assert requests.get(f"{url}/", timeout=60).status_code == 200
        assert requests.get(f"{url}/products/{SLUG}", timeout=60).status_code == 200
        for sender in slow:
            sender.close()
