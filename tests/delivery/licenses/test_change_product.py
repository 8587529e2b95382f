"""What an owner may set for licenses: no setting sells a key that never works."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from storefront.core import clock
from tests.delivery.licenses.licensed import ask
from tests.support.rows import read_license_keys, read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--prefix", "TEST"), "keys of test orders"),
        (("--license-days", "0"), "never works"),
        (("--license-until", "2001-01-01"), "is over"),
        (("--license-until", f"{clock.now() - timedelta(days=1):%Y-%m-%d}"), "is over"),
    ],
)
def test_refuses_what_would_never_work(run: Any, words: tuple[str, ...], said: str) -> None:
    done = run("products", "set", "twinspot", *words)
    assert (done.exit_code, said in done.output) == (1, True)


def test_lets_a_license_work_through_its_last_day(app: Flask, sandbox: SandboxClient, run: Any) -> None:
    today = f"{clock.now():%Y-%m-%d}"
    assert run("products", "set", "twinspot", "--license-until", today).exit_code == 0
    key = sell(app, sandbox).keys[0]
    assert ask(app, "validate", license_key=key).get_json()["code"] == "VALID"
    assert str(read_rows(app, "SELECT expires_at FROM licenses")[0]["expires_at"]).startswith(f"{today} 23:59:59")


@pytest.mark.parametrize("none", ["none", ""])
def test_lets_a_product_have_no_prefix(app: Flask, sandbox: SandboxClient, run: Any, none: str) -> None:
    done = run("products", "set", "twinspot", "--prefix", none)
    assert done.exit_code == 0, done.output
    sell(app, sandbox)
    assert read_license_keys(app)[0].count("-") == 3
