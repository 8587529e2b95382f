"""An upgrade and the refund of what it upgrades, told at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from flask import Flask

from tests.support.databases import BOTH
from tests.support.fulfill import look
from tests.support.rows import read_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.upgrades import allow_upgrade, pay_upgrade, sell_upgrade, start_upgrade, states

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("engine", BOTH, indirect=True)]


def look_at_once(app: Flask, *session_ids: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(partial(look, app), session_ids * 3))


def left_to_refund(app: Flask) -> int:
    rows = read_rows(app, "SELECT id FROM notices WHERE kind = 'upgrade_unused' AND closed_at IS NULL")
    return len(rows)


def test_leaves_its_money_to_the_owner_whichever_comes_first(app: Flask, sandbox: SandboxClient) -> None:
    allow_upgrade(app)
    sale = sell(app, sandbox)
    upgrade = start_upgrade(sale)
    sandbox.pay(upgrade)
    sale.refund()
    look_at_once(app, sale.session_id, upgrade)
    assert states(app) in (["applied"], ["closed"])
    assert left_to_refund(app) == 1


def test_asks_for_nothing_when_both_orders_are_refunded_at_once(app: Flask, sandbox: SandboxClient) -> None:
    sale, upgrade = sell_upgrade(app, sandbox)
    both: tuple[Sale, Sale] = (sale, upgrade)
    for each in both:
        each.refund()
    look_at_once(app, *(each.session_id for each in both))
    assert left_to_refund(app) == 0
    again = sell(app, sandbox)
    pay_upgrade(again, start_upgrade(again))
    assert left_to_refund(app) == 0
