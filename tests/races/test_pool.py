"""Sales, imports and the worker at once: no key twice, none lost, nobody forgotten, no sale in a line."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storefront.core.db import db
from storefront.delivery.licenses.keys import hash_exact
from storefront.delivery.licenses.models import PoolKey
from storefront.delivery.licenses.pools.fill_backorders import fill_backorders
from storefront.delivery.licenses.pools.refusal import KeysRefused
from storefront.delivery.licenses.sealed import kept_hash
from storefront.orders.models import Decision, Order
from storefront.shop.catalog.models import Product
from tests.delivery.licenses.pools import bring, fulfill, make_pool, numbered, pay, sold_keys
from tests.races.waiting import held
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_license_keys, read_rows
from tests.support.sandbox_client import SandboxClient

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
postgresql = pytest.mark.parametrize("engine", BOTH[1:], indirect=True)


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    """Of eight threads not all may be at Stripe at once."""
    return environment | {"WEB_THREADS": "16"}


@both
def test_serves_thirty_sales_of_twenty_keys_with_twenty_keys_and_ten_who_wait(
    app: Flask, sandbox: SandboxClient
) -> None:
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
def test_forgets_nobody_when_an_import_comes_in_the_middle(app: Flask, sandbox: SandboxClient) -> None:
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
        fill_backorders()
        db.session.remove()
    keys = sold_keys(app)
    assert len(keys) == len(set(keys)) == 11


def let_one_wait_though_there_are_keys(app: Flask, sandbox: SandboxClient) -> None:
    """As after a sale and an import that missed each other."""
    make_pool(app)
    (session_id,) = pay(app, sandbox, 1)
    bring(app, numbered(1))
    change_rows(app, "UPDATE pool_keys SET withdrawn_at = created_at")
    fulfill(app, session_id)
    change_rows(app, "UPDATE pool_keys SET withdrawn_at = NULL")
    change_rows(app, "UPDATE orders SET mode = 'live'")
    bring(app, numbered(4, start=2))
    change_rows(app, "UPDATE orders SET mode = 'sandbox'")
    assert sold_keys(app) == []


@postgresql
def test_takes_one_key_for_two_that_serve_the_same_buyer(app: Flask, sandbox: SandboxClient) -> None:
    let_one_wait_though_there_are_keys(app, sandbox)

    def lock(session: Session) -> None:
        session.execute(select(Order.id).with_for_update())

    with held(app, lock, fill_backorders, fill_backorders) as serving:
        pass
    assert sorted(future.result() for future in serving) == [0, 1]
    used_keys = read_license_keys(app, "SELECT key FROM pool_keys WHERE grant_id IS NOT NULL")
    assert used_keys == sold_keys(app) == numbered(1)
    assert len(read_rows(app, "SELECT id FROM key_events WHERE what = 'handed_out'")) == 1
    assert len(read_rows(app, "SELECT id FROM outbox WHERE kind = 'keys_arrived'")) == 1


@postgresql
def test_takes_no_key_for_an_order_that_closes_while_it_is_served(app: Flask, sandbox: SandboxClient) -> None:
    let_one_wait_though_there_are_keys(app, sandbox)

    def close(session: Session) -> None:
        session.execute(update(Order).values(decision=Decision.WITHDRAW))

    with held(app, close, fill_backorders) as serving:
        pass
    assert serving[0].result() == 0
    assert sold_keys(app) == []


@postgresql
def test_lets_no_sale_wait_for_an_import(app: Flask, sandbox: SandboxClient) -> None:
    """The import is in its transaction, and waits for another one that brings the same key elsewhere."""
    make_pool(app)
    bring(app, numbered(2))
    (session_id,) = pay(app, sandbox, 1)

    def bring_elsewhere(session: Session) -> None:
        product_id = session.scalars(select(Product.id).where(Product.slug == "soft-taps")).one()
        key = "IMPORTED-KEY-0004"
        session.add(PoolKey(product_id=product_id, mode="sandbox", key=key, key_hash=kept_hash(hash_exact(key))))
        session.flush()

    waits = held(app, bring_elsewhere, lambda: bring(app, numbered(2, start=3)))
    with ThreadPoolExecutor(1) as pool, waits as importing:
        assert pool.submit(fulfill, app, session_id).result(timeout=60) == "fulfilled"
        assert not importing[0].done()
    with pytest.raises(KeysRefused) as refused:
        importing[0].result()
    assert [problem.number for problem in refused.value.problems] == [2]
    assert len(read_rows(app, "SELECT id FROM pool_keys")) == 3


@both
def test_refuses_one_of_two_imports_of_one_file_line_by_line(app: Flask) -> None:
    make_pool(app)

    def act(_number: int) -> int:
        try:
            return bring(app, numbered(300)).imported
        except KeysRefused as refused:
            return -len(refused.problems)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(act, range(4))) == [-300, -300, -300, 300]
    rows = read_rows(app, "SELECT count(*) AS keys FROM pool_keys")
    events = read_rows(app, "SELECT count(*) AS events FROM key_events")
    assert (rows[0]["keys"], events[0]["events"]) == (300, 300)
