"""Devices of a buyer who was erased: the shop forgets what they are called, and their programs notice nothing."""

from typing import Any

import pytest
from flask import Flask

from storefront.buyers.account.export import export_address
from storefront.core.db import db
from storefront.delivery.licenses.device_names import ERASED
from storefront.delivery.licenses.seal_keys import seal_keys
from tests.buyers.account.customers import erase
from tests.delivery.licenses.licensed import ask, sell_license
from tests.delivery.licenses.pools import unseal
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def answer(app: Flask, what: str, key: str, **fields: str) -> dict[str, Any]:
    body: dict[str, Any] = ask(app, what, license_key=key, **fields).get_json()
    return body


def activate(app: Flask, key: str, fingerprint: str) -> str:
    body = answer(app, "activate", key, instance_name="Ada's laptop", fingerprint=fingerprint)
    assert body["license_file"]
    return str(body["instance"]["id"])


def kept(app: Flask) -> list[str]:
    return [
        row["fingerprint"] for row in read_rows(app, "SELECT fingerprint FROM activations ORDER BY created_at")
    ]


@both
def test_leaves_each_the_device_that_it_was(app: Flask, sandbox: SandboxClient) -> None:
    (key,) = sell_license(app, sandbox, activation_limit=2).keys
    ids = [activate(app, key, fingerprint) for fingerprint in ("disk-1", "disk-2")]
    erase(app, ADA)
    assert not any("disk" in fingerprint for fingerprint in kept(app))
    assert answer(app, "validate", key, fingerprint="disk-1")["instance"]["id"] == ids[0]
    assert answer(app, "validate", key, fingerprint="disk-2", instance_id=ids[1])["code"] == "VALID"
    assert answer(app, "validate", key, fingerprint="disk-2", instance_id=ids[0])["code"] == "FINGERPRINT_MISMATCH"
    assert answer(app, "validate", key, fingerprint="disk-3")["code"] == "FINGERPRINT_MISMATCH"
    assert [activate(app, key, fingerprint) for fingerprint in ("disk-1", "disk-2\n")] == ids
    assert (
        answer(app, "activate", key, instance_name="b", fingerprint="disk-3")["code"] == "ACTIVATION_LIMIT_REACHED"
    )


@both
def test_knows_them_again_after_the_shop_began_to_seal(app: Flask, sandbox: SandboxClient) -> None:
    unseal(app)
    (key,) = sell_license(app, sandbox).keys
    ids = [activate(app, key, fingerprint) for fingerprint in ("disk-1", f"{ERASED.upper()}disk-2")]
    erase(app, ADA)
    before = kept(app)
    assert [activate(app, key, fingerprint) for fingerprint in ("disk-1", f"{ERASED.upper()}disk-2")] == ids
    with app.app_context():
        seal_keys(lambda _seconds: None)
        assert not set(kept(app)) & set(before)
        seal_keys(lambda _seconds: None)
        db.session.remove()
    assert [activate(app, key, fingerprint) for fingerprint in ("disk-1", f"{ERASED.upper()}disk-2")] == ids


def test_matches_nobody_who_sends_what_is_kept_of_one(app: Flask, sandbox: SandboxClient) -> None:
    (key,) = sell_license(app, sandbox).keys
    erased_id = activate(app, key, "disk-1")
    erase(app, ADA)
    (stolen,) = kept(app)
    assert answer(app, "validate", key, fingerprint=stolen)["code"] == "FINGERPRINT_MISMATCH"
    other_id = activate(app, key, stolen)
    assert other_id != erased_id
    assert activate(app, key, stolen) == other_id
    assert stolen not in kept(app)[1:]


def test_shows_no_hash_in_an_export(app: Flask, sandbox: SandboxClient) -> None:
    (key,) = sell_license(app, sandbox).keys
    activate(app, key, "disk-1")
    with app.app_context():
        assert "disk-1" in str(export_address(ADA))
    change_rows(app, f"UPDATE activations SET fingerprint = '{ERASED}abc'")
    with app.app_context():
        assert ERASED not in str(export_address(ADA))
