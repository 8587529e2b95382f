"""Somebody replaces a key while its device goes, it is named, or its buyer is erased: nobody waits in a ring.

Each begins when the one before stands in line for the license, which somebody else has until then.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.buyers.account.erase import erase_address
from storefront.delivery.licenses.activations import deactivate_device
from storefront.delivery.licenses.labels import set_label
from storefront.delivery.licenses.models import License
from storefront.delivery.licenses.owner_actions import replace_key
from tests.delivery.licenses.licensed import ask, sell_license
from tests.races.waiting import count_in_line, held, in_app
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, wait_for

pytestmark = pytest.mark.parametrize(
    "engine", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)


def replace(key: str, _device: str) -> None:
    replace_key(key, by_hand=True)  # also of a buyer who is erased by then


def let_go(_key: str, device: str) -> None:
    deactivate_device(1, device)


def name(_key: str, _device: str) -> None:
    set_label(1, "Studio")


def erase(_key: str, _device: str) -> None:
    erase_address(ADA)


@pytest.mark.parametrize(
    ("first", "second"), [(replace, let_go), (replace, name), (replace, erase), (let_go, erase), (erase, replace)]
)
def test_lets_both_have_their_turn(
    app: Flask, sandbox: SandboxClient, first: Callable[[str, str], None], second: Callable[[str, str], None]
) -> None:
    (key,) = sell_license(app, sandbox).keys
    activated = ask(app, "activate", license_key=key, instance_name="a", fingerprint="disk-1").get_json()
    acts = [partial(act, key, activated["instance"]["id"]) for act in (first, second)]
    license_row = select(License.id).with_for_update()
    with (
        ThreadPoolExecutor(1) as pool,
        held(app, lambda session: session.execute(license_row), acts[0]) as started,
    ):
        started.append(pool.submit(in_app, app, acts[1]))
        wait_for(lambda: count_in_line(app) >= len(acts))
    for done in started:
        done.result()
