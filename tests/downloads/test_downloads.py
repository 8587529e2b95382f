"""Files at the click: to whom, how many at a time, and what a missing one says."""

import re
from pathlib import Path
from threading import BoundedSemaphore

import pytest
from flask import Flask

from tests.sandbox_client import SandboxClient
from tests.shop import Buyer


@pytest.fixture
def link(buyer: Buyer, sandbox: SandboxClient) -> str:
    buyer.add("the-patient-toolmaker")
    session_id = buyer.check_out()
    sandbox.pay(session_id)
    found = re.search(r'href="[^"]*(/downloads/[^"]+)"', buyer.land(session_id).text)
    assert found
    return found[1]


def test_keeps_half_of_the_threads_free_of_slow_readers(app: Flask, buyer: Buyer, link: str) -> None:
    slots: BoundedSemaphore = app.extensions["download_slots"]
    taken = 0
    while slots.acquire(blocking=False):
        taken += 1
    assert taken == app.extensions["settings"].web_threads // 2
    busy = buyer.get(link)
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "10")
    slots.release()
    for _ in range(3):
        with buyer.client.head(link) as head:
            assert head.status_code == 200
        with buyer.get(link) as answer:
            assert answer.status_code == 200
            assert answer.headers["Cache-Control"] == "private, no-store"


def test_gives_a_file_to_nobody_else(app: Flask, buyer: Buyer, link: str) -> None:
    token = link.split("/")[2]
    stranger = Buyer(app)
    assert stranger.get(link.replace(token, "0" * 32)).status_code == 404
    other_file = re.sub(r"/(\d+)/", lambda found: f"/{int(found[1]) + 1}/", link)
    assert stranger.get(other_file).status_code == 404
    assert stranger.get(re.sub(r"/\d+/", "/99999999999999999999/", link)).status_code == 404


def test_says_so_when_the_file_is_gone(app: Flask, buyer: Buyer, link: str) -> None:
    folder: Path = app.extensions["settings"].files_path
    for path in folder.rglob("*.epub"):
        path.unlink()
    answer = buyer.get(link)
    assert answer.status_code == 503
    assert "your order is safe" in answer.text


def test_resumes_an_interrupted_download(buyer: Buyer, link: str) -> None:
    with buyer.get(link) as whole, buyer.get(link, headers={"Range": "bytes=100-"}) as rest:
        assert rest.status_code == 206
        assert rest.data == whole.data[100:]
