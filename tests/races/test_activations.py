"""Many programs race for the slots of one key: the limit is exact, and a device has one instance."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from tests.delivery.licenses.licensed import ask, sell_license
from tests.support.databases import BOTH
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@both
def test_gives_three_of_sixty_four_the_three_slots(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell_license(app, sandbox, activation_limit=3)

    def activate(number: int) -> str:
        address = f"10.0.0.{number}"
        answer = ask(app, "activate", address, license_key=sale.keys[0], instance_name=f"device {number}")
        return str(answer.get_json()["code"])

    with ThreadPoolExecutor(16) as pool:
        codes = list(pool.map(activate, range(64)))
    assert codes.count("VALID") == 3
    assert codes.count("ACTIVATION_LIMIT_REACHED") == 61
    assert len(read_rows(app, "SELECT id FROM activations")) == 3


@both
def test_takes_one_device_that_asks_twenty_times_at_once_for_one_instance(
    app: Flask, sandbox: SandboxClient
) -> None:
    sale = sell_license(app, sandbox, activation_limit=3)

    def activate(number: int) -> str:
        answer = ask(
            app,
            "activate",
            f"10.0.0.{number}",
            license_key=sale.keys[0],
            instance_name="laptop",
            fingerprint="disk-1",
        )
        return str(answer.get_json()["instance"]["id"])

    with ThreadPoolExecutor(16) as pool:
        ids = set(pool.map(activate, range(20)))
    assert len(ids) == 1
    assert len(read_rows(app, "SELECT id FROM activations")) == 1
