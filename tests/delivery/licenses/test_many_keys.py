"""Long lists of keys: what takes long is done before the transaction, for which every sale waits."""

import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import String, select, type_coerce

from storefront.core.data_keys import SEALED
from storefront.core.db import db, transaction
from storefront.delivery.licenses.models import PoolKey
from storefront.delivery.licenses.pools import remove_keys as removing
from storefront.delivery.licenses.pools.insert_keys import insert_keys, rows_of
from storefront.delivery.licenses.pools.key_files import read_keys
from storefront.delivery.licenses.pools.refusal import KeysRefused
from storefront.delivery.licenses.seal_keys import seal_keys
from tests.delivery.licenses.pools import bring, fulfill, make_pool, numbered, pay, sold_keys, unseal
from tests.support.databases import BOTH
from tests.support.rows import count_rows, read_rows
from tests.support.sandbox_client import SandboxClient

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
LINES = read_keys("\n".join(numbered(3)).encode()).keys


def kept_keys() -> list[str]:
    """What lies in the database, as it lies there."""
    return list(db.session.scalars(select(type_coerce(PoolKey.key, String)).order_by(PoolKey.id)))


def product_id() -> int:
    return int(db.session.execute(db.text("SELECT id FROM products WHERE slug = 'twinspot'")).scalar_one())


@both
def test_writes_what_was_sealed_before(app: Flask) -> None:
    make_pool(app)
    with app.app_context():
        rows, product = rows_of(LINES), product_id()
        with transaction() as session:
            insert_keys(session, product, LINES, rows)
        kept = kept_keys()
        keys = list(db.session.scalars(select(PoolKey.key).order_by(PoolKey.id)))
        db.session.remove()
    assert kept == [row["kept_key"] for row in rows]
    assert all(key.startswith(SEALED) for key in kept)
    assert keys == numbered(3)
    events = read_rows(app, "SELECT what FROM key_events")
    assert [row["what"] for row in events] == ["imported"] * 3


def test_seals_where_the_shop_has_begun_to_since(app: Flask) -> None:
    make_pool(app)
    unseal(app)
    with app.app_context():
        rows, product = rows_of(LINES), product_id()
        seal_keys(lambda _seconds: None)
        with transaction() as session:
            insert_keys(session, product, LINES, rows)
        kept = kept_keys()
        db.session.remove()
    assert [row["kept_key"] for row in rows] == numbered(3)
    assert [key.startswith(SEALED) for key in kept] == [True] * 3


@both
def test_removes_none_where_one_is_sold_meanwhile(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_pool(app)
    bring(app, numbered(3))
    (session_id,) = pay(app, sandbox, 1)
    remove_all = removing._remove_all  # a sale comes between the look and the transaction

    def remove_late(*arguments: Any) -> removing.Removed:
        fulfill(app, session_id)
        return remove_all(*arguments)

    monkeypatch.setattr(removing, "_remove_all", remove_late)
    with app.app_context():
        with pytest.raises(KeysRefused) as refused:
            removing.remove_keys("twinspot", read_keys("\n".join(numbered(3)).encode()))
        db.session.remove()
    assert [problem.text for problem in refused.value.problems] == [
        "\u2026-0001 is sold: `storefront keys withdraw` stops it"
    ]
    assert sold_keys(app) == numbered(1)
    assert read_rows(app, "SELECT id FROM pool_keys WHERE removed_at IS NOT NULL") == []
    assert count_rows(app, PoolKey) == {"pool_keys": 3}


@pytest.mark.parametrize("act", ["import", "remove"])
def test_reads_no_more_of_a_file_than_it_takes(app: Flask, run: Any, tmp_path: Path, act: str) -> None:
    make_pool(app)
    huge = tmp_path / "disk.img"
    with huge.open("wb") as file:
        file.truncate(300 * 1024 * 1024)
    tracemalloc.start()
    try:
        said = run("keys", act, "twinspot", str(huge))
        most_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (said.exit_code, "The file is larger than 20 MB: split it." in said.output) == (1, True)
    assert most_bytes < 100 * 1024 * 1024
