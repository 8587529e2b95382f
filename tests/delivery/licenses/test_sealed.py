"""License keys in the database: unreadable without SECRET_KEY, from the first day or when an owner says so."""

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.core.data_keys import KEYED, KNOWN, SEALED, make_data_key
from storefront.core.db import db
from storefront.delivery.licenses.keys import hash_exact, hash_key
from storefront.delivery.licenses.models import License
from storefront.delivery.licenses.owner_actions import replace_key
from storefront.delivery.licenses.pools.refusal import KeysRefused
from storefront.delivery.licenses.seal_keys import SealedKeys, seal_keys, seal_new_shop
from storefront.delivery.licenses.sealed import LICENSE_KEYS
from tests.delivery.licenses.licensed import ask, sell_license
from tests.delivery.licenses.pools import bring, fulfill, make_pool, numbered, pay, sold_keys, unseal
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_rows
from tests.support.sandbox_client import SandboxClient

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def seal(app: Flask) -> tuple[SealedKeys, list[float]]:
    waited: list[float] = []
    with app.app_context():
        sealed = seal_keys(waited.append)
        db.session.remove()
    return sealed, waited


def everything(app: Flask) -> str:
    rows = [read_rows(app, f"SELECT * FROM {table}") for table in ("licenses", "pool_keys", "retired_keys")]
    return json.dumps(rows, default=str)


def is_valid(app: Flask, key: str) -> bool:
    return bool(ask(app, "validate", license_key=key).get_json()["valid"])


@both
def test_leaves_nothing_in_a_new_shop_that_a_thief_of_its_database_could_use(
    app: Flask, sandbox: SandboxClient
) -> None:
    old = sell_license(app, sandbox).keys[0]
    with app.app_context():
        new = replace_key(old).key
    make_pool(app)
    bring(app, numbered(2))
    stolen = everything(app)
    for key in (old, new, *numbered(2)):
        assert not any(useful in stolen for useful in (key, hash_key(key), hash_exact(key)))
    assert is_valid(app, new.lower().replace("-", " "))
    assert ask(app, "validate", license_key=old).get_json()["code"] == "REPLACED"


@both
def test_seals_the_keys_of_a_shop_that_sold_before(app: Flask, sandbox: SandboxClient) -> None:
    unseal(app)
    replaced = sell_license(app, sandbox).keys[0]
    with app.app_context():
        assert not seal_new_shop(), "an upgrade alone seals nothing: older code may still serve"
        kept = replace_key(replaced).key
    make_pool(app)
    bring(app, numbered(4))
    fulfill(app, pay(app, sandbox, 1)[0])
    before = everything(app)
    assert SEALED not in before
    assert KEYED not in before
    assert all(key in before for key in (kept, *numbered(4)))
    sealed, (waited,) = seal(app)
    assert sealed == SealedKeys(sold=2, imported=4, retired=1, is_resealed=False)
    assert 8 < waited <= 10
    stolen = everything(app)
    assert not any(key in stolen for key in (replaced, kept, *numbered(4)))
    assert sold_keys(app) == [kept, *numbered(1)]
    assert [is_valid(app, key) for key in (kept, numbered(1)[0], replaced)] == [True, True, False]
    fulfill(app, pay(app, sandbox, 1)[0])
    assert sold_keys(app)[-1] == numbered(1, start=2)[0]
    assert seal(app)[0] == SealedKeys(sold=0, imported=0, retired=0, is_resealed=False)


def test_knows_a_key_again_in_whatever_form_it_is_kept(app: Flask, sandbox: SandboxClient, run: Any) -> None:
    """While keys are being sealed some rows are, and others not yet."""
    unseal(app)
    make_pool(app)
    bring(app, numbered(3))
    fulfill(app, pay(app, sandbox, 1)[0])
    with app.app_context():
        make_data_key(LICENSE_KEYS)
    assert is_valid(app, numbered(1)[0])
    with pytest.raises(KeysRefused, match="3 lines cannot be used"):
        bring(app, numbered(3))
    assert run("keys", "remove", "twinspot", numbered(1, start=3)[0]).exit_code == 0
    assert "handed_out" in run("keys", "show", numbered(1)[0]).output
    assert run("keys", "withdraw", numbered(1, start=2)[0]).exit_code == 0
    bring(app, numbered(1, start=7))
    assert run("keys", "replace", numbered(1)[0]).exit_code == 0
    assert is_valid(app, numbered(1, start=7)[0])
    assert run("keys", "import", "twinspot", "-", stdin=numbered(1)[0].encode()).exit_code == 1


def test_asks_before_it_seals_for_good(app: Flask, sandbox: SandboxClient, run: Any) -> None:
    key = sell_license(app, sandbox).keys[0]
    assert "Every key is sealed already." in run("keys", "seal").output
    unseal(app)
    refused = run("keys", "seal", stdin=b"n\n")
    assert refused.exit_code == 1
    assert "Does every web process and worker run this code?" in refused.output
    assert key in everything(app)


def test_changes_no_key_when_it_is_read(app: Flask, sandbox: SandboxClient) -> None:
    sell_license(app, sandbox)
    before = everything(app)
    with app.app_context():
        sold = db.session.scalars(select(License)).one()
        assert sold.key.startswith("TWIN-")
        db.session.commit()
        db.session.remove()
    assert everything(app) == before


def test_seals_what_was_sold_out_of_a_plain_pool_after_the_data_key_was_made(
    app: Flask, sandbox: SandboxClient, run: Any
) -> None:
    unseal(app)
    make_pool(app)
    bring(app, numbered(2))
    with app.app_context():
        make_data_key(LICENSE_KEYS)
    fulfill(app, pay(app, sandbox, 1)[0])
    assert (
        f"order {read_rows(app, 'SELECT number FROM orders')[0]['number']}"
        in run("keys", "show", *numbered(1)).output
    )
    seal(app)
    stolen = everything(app)
    assert not any(hash_exact(key) in stolen for key in numbered(2))
    assert "handed_out" in run("keys", "show", *numbered(1)).output
    assert is_valid(app, numbered(1)[0])


def test_goes_on_waiting_where_another_run_was_ended(app: Flask) -> None:
    unseal(app)
    with app.app_context():
        make_data_key(LICENSE_KEYS)
    assert seal(app)[1], "the processes of the shop may not know of it yet"
    change_rows(app, "UPDATE data_keys SET created_at = '2020-01-01 00:00:00+00:00'")
    assert seal(app)[1] == []


def test_hands_out_no_sealed_text_where_the_data_key_is_gone(app: Flask, sandbox: SandboxClient) -> None:
    key = sell_license(app, sandbox).keys[0]
    change_rows(app, "DELETE FROM data_keys")
    with app.app_context():
        KNOWN.get().forget()
    answer = ask(app, "validate", license_key=key)
    assert "sealed:" not in answer.text
    assert answer.get_json()["valid"] is not True


def test_imports_no_key_that_looks_sealed(app: Flask, run: Any) -> None:
    make_pool(app)
    refused = run("keys", "import", "twinspot", "-", stdin=b"sealed:1:AAAABBBB")
    assert refused.exit_code == 1
    assert "begins with sealed:1:" in refused.output
