"""Thirty sales of twenty keys at once, and an import in their middle: no key twice, nobody forgotten."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from storefront.db import db
from storefront.licenses.import_keys import serve_waiting
from tests.databases import BOTH
from tests.licenses.pools import bring, fulfill, make_pool, numbered, pay, sold_keys
from tests.sandbox_client import SandboxClient

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@both
def test_thirty_sales_of_twenty_keys_are_twenty_keys_and_ten_who_wait(app: Flask, sandbox: SandboxClient) -> None:
    make_pool(app)
    bring(app, numbered(20))
    sessions = pay(app, sandbox, 30)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda session_id: fulfill(app, session_id), sessions + sessions))
    keys = sold_keys(app)
    assert len(keys) == len(set(keys)) == 20
    assert bring(app, numbered(15, start=21)).served_keys == 10
    keys = sold_keys(app)
    assert len(keys) == len(set(keys)) == 30


@both
def test_an_import_in_the_middle_forgets_nobody(app: Flask, sandbox: SandboxClient) -> None:
    make_pool(app)
    bring(app, numbered(2))
    sessions = pay(app, sandbox, 12)

    def act(number: int) -> None:
        if number == 6:
            bring(app, numbered(20, start=3))
        else:
            fulfill(app, sessions[number])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(act, range(12)))
    with app.app_context():
        serve_waiting()
        db.session.remove()
    keys = sold_keys(app)
    assert len(keys) == len(set(keys)) == 11
