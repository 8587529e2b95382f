"""Replacing and withdrawing one key: a new one of the same kind, and no promise that cannot be kept."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from storefront.core import clock
from storefront.core.db import transaction
from storefront.delivery.licenses.keys import hint
from storefront.delivery.licenses.models import License
from storefront.delivery.licenses.owner_actions import replace_key, withdraw_key
from tests.delivery.licenses.licensed import ask, sell_license
from tests.delivery.licenses.pools import bring, fulfill, make_pool, numbered, pay, sold_keys
from tests.support.rows import change_rows, read_license_keys, read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient


def replaced(app: Flask, key: str) -> str:
    with app.app_context():
        return replace_key(key).key


def test_takes_the_devices_of_a_replaced_key_along(app: Flask, sandbox: SandboxClient, run: Any) -> None:
    sale = sell_license(app, sandbox)
    activated = ask(app, "activate", license_key=sale.keys[0], instance_name="a", fingerprint="d").get_json()
    done = run("keys", "replace", sale.keys[0])
    assert "1 devices were deactivated" in done.output
    (new,) = sold_keys(app)
    gone = ask(app, "validate", license_key=new, instance_id=activated["instance"]["id"]).get_json()
    assert gone["code"] == "INSTANCE_NOT_FOUND"
    assert run("keys", "replace", new, "--keep-devices").exit_code == 2


def test_gives_an_expired_license_no_other_key(app: Flask, sandbox: SandboxClient, run: Any) -> None:
    make_pool(app)
    bring(app, numbered(3))
    sell(app, sandbox)
    with app.app_context(), transaction() as session:
        session.execute(update(License).values(expires_at=clock.now() - timedelta(days=3)))
    refused = run("keys", "replace", "IMPORTED-KEY-0001")
    assert (refused.exit_code, "This license expired on" in refused.output) == (1, True)
    assert sold_keys(app) == numbered(1)
    assert len(read_rows(app, "SELECT id FROM pool_keys WHERE grant_id IS NOT NULL")) == 1
    assert read_rows(app, "SELECT id FROM outbox WHERE kind = 'key_replaced'") == []


def test_lets_a_withdrawn_key_work_again_as_another_one(app: Flask, sandbox: SandboxClient, run: Any) -> None:
    sale = sell_license(app, sandbox)
    with app.app_context():
        withdraw_key(sale.keys[0])
    done = run("keys", "replace", sale.keys[0])
    assert "The old key was withdrawn; the new one works." in done.output
    assert ask(app, "validate", license_key=sold_keys(app)[0]).get_json()["valid"] is True


@pytest.mark.parametrize("what", ["replace", "withdraw", "restore"])
def test_says_of_a_replaced_key_when_and_for_which_order(
    app: Flask, sandbox: SandboxClient, run: Any, what: str
) -> None:
    sale = sell_license(app, sandbox)
    replaced(app, sale.keys[0])
    number = read_rows(app, "SELECT number FROM orders")[0]["number"]
    refused = run("keys", what, sale.keys[0])
    assert refused.exit_code == 1
    assert f"was replaced on {clock.now():%Y-%m-%d} by another one of order {number}" in refused.output
    change_rows(app, "UPDATE licenses SET mode = 'live'")
    assert "no such key" in run("keys", what, sale.keys[0]).output


def test_makes_a_new_key_of_the_kind_that_the_license_has(app: Flask, sandbox: SandboxClient, run: Any) -> None:
    """Whatever the product sells by now."""
    made_here = sell_license(app, sandbox).keys[0]
    make_pool(app)
    for_test = sell(app, sandbox).keys[0]
    bring(app, numbered(2))
    fulfill(app, pay(app, sandbox, 1)[0])
    assert replaced(app, made_here).startswith("TWIN-")
    assert replaced(app, for_test).startswith("TEST-")
    assert run("products", "set", "twinspot", "--key-source", "generated").exit_code == 0
    assert replaced(app, "IMPORTED-KEY-0001") == "IMPORTED-KEY-0002"
    empty = run("keys", "replace", "IMPORTED-KEY-0002")
    assert (empty.exit_code, "keys import" in empty.output) == (1, True)


def test_shows_a_short_key_in_no_line_of_any_history(app: Flask, sandbox: SandboxClient, run: Any) -> None:
    make_pool(app)
    bring(app, ["AB12C", "XY34Z", "ZW56Y"])
    sell(app, sandbox)
    done = run("keys", "replace", "AB12C", "--because", "leaked")
    assert "AB12C" not in done.output
    assert "ZW56Y" not in run("keys", "withdraw", "ZW56Y").output
    for table, column in (("key_events", "detail"), ("order_changes", "detail"), ("retired_keys", "hint")):
        told = " ".join(str(row[column]) for row in read_rows(app, f"SELECT {column} FROM {table}"))
        assert not [key for key in ("AB12C", "XY34Z", "ZW56Y") if key in told]
    assert hint("TWIN-7KQ4X-AAAAA") == "\u2026AAAAA"


def test_imports_no_generated_key_that_was_replaced(app: Flask, sandbox: SandboxClient, run: Any) -> None:
    old = sell_license(app, sandbox).keys[0]
    new = replaced(app, old)
    make_pool(app)
    refused = run("keys", "import", "twinspot", "-", stdin=f"{old}\n{new.lower()}\nSOME-KEY-1\n".encode())
    assert refused.exit_code == 1
    assert f"line 1: {hint(old)} was sold once and replaced" in refused.output
    assert f"line 2: {hint(new.lower())} is sold already" in refused.output
    assert "line 3" not in refused.output
    assert old not in read_license_keys(app, "SELECT key FROM pool_keys")
