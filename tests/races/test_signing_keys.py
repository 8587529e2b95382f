"""Signing keys made by several processes at once: one signs, and one is prepared."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from storefront.delivery.licenses.signing import keys as signing_keys
from storefront.delivery.licenses.signing.keys import NothingPrepared, ensure_signing_key
from tests.races.waiting import in_app
from tests.support.databases import BOTH
from tests.support.rows import read_rows

THREADS = 8
both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def at_once(app: Flask, act: Callable[[], Any]) -> list[Any]:
    start = threading.Barrier(THREADS)

    def one(_number: int) -> Any:
        def wait_and_act() -> Any:
            start.wait()
            try:
                return act()
            except NothingPrepared:
                return None

        return in_app(app, wait_and_act)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


def signers(app: Flask) -> list[str]:
    rows = read_rows(app, "SELECT kid FROM signing_keys WHERE signs_since IS NOT NULL AND retired_at IS NULL")
    return [row["kid"] for row in rows]


@both
def test_signs_with_the_same_key_for_all_who_are_first(app: Flask) -> None:
    kids = at_once(app, lambda: ensure_signing_key().kid)
    assert set(kids) == set(signers(app))
    assert len(read_rows(app, "SELECT kid FROM signing_keys")) == 1


@both
def test_prepares_one_key_and_uses_it_for_one_rotation(app: Flask) -> None:
    in_app(app, ensure_signing_key)
    (prepared,) = set(at_once(app, signing_keys.prepare))
    rotated = at_once(app, signing_keys.rotate)
    assert sorted(rotated, key=str) == sorted([prepared, *[None] * (THREADS - 1)], key=str)
    assert signers(app) == [prepared]


@both
def test_leaves_one_signer_after_rotations_for_a_leak(app: Flask) -> None:
    in_app(app, ensure_signing_key)
    kids = at_once(app, lambda: signing_keys.rotate(now=True))
    assert len(set(kids)) == THREADS
    assert signers(app)[0] in kids
    assert len(signers(app)) == 1
