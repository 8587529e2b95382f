"""Many ask for the revocation list at once: one request makes it, and nobody waits for a newer one."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from storefront.delivery.licenses.signing import revocations
from storefront.delivery.licenses.signing.revocations import KEPT_SECONDS, NEWEST_LIST, signed_revocation_list
from tests.races.waiting import in_app

THREADS = 6


def test_makes_one_list_however_many_ask(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The window is widened: a list takes until the test lets it go."""
    builds: list[int] = []
    started, may_end = threading.Event(), threading.Event()

    def slow() -> str:
        builds.append(len(builds))
        started.set()
        assert may_end.wait(20)
        return f"list {len(builds)}"

    monkeypatch.setattr(revocations, "_make_list", slow)
    with ThreadPoolExecutor(THREADS) as pool:
        first = [pool.submit(in_app, app, signed_revocation_list) for _ in range(THREADS)]
        assert started.wait(20)
        may_end.set()
        assert {future.result() for future in first} == {"list 1"}
        NEWEST_LIST.get(app).made_at -= KEPT_SECONDS
        started.clear()
        may_end.clear()
        slowest = pool.submit(in_app, app, signed_revocation_list)
        assert started.wait(20)
        assert in_app(app, signed_revocation_list) == "list 1"
        may_end.set()
        assert slowest.result() == "list 2"
    assert in_app(app, signed_revocation_list) == "list 2"
    assert builds == [0, 1]
