"""Amounts above 2,147,483,647 minor units, where PostgreSQL's integer ends: orders, presented amounts, payouts."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from storefront.core import clock
from storefront.payments.money import take_in
from storefront.stripe_api.lists import Page
from storefront.stripe_api.seen_money import SeenMoney, list_money
from tests.payments.reconcile.sales import refund, run, start
from tests.support.databases import BOTH
from tests.support.goods import make_edition
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import keys_on

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
MILLIONS = 2_500_000_000  # of rupiah: 1,500 dollars


@both
def test_sells_and_refunds_for_millions_of_rupiah(app: Flask, sandbox: SandboxClient) -> None:
    make_edition(app, "twinspot", "Company", MILLIONS, "idr")
    buyer, session_id = start(app, "Company")
    sandbox.pay(session_id)
    assert keys_on(buyer.land(session_id).text)
    refund(sandbox, session_id)
    run(app)
    amounts = (
        "SELECT orders.total_minor, refunded_minor, amount_minor FROM orders JOIN refunds ON order_id = orders.id"
    )
    assert [tuple(row.values()) for row in read_rows(app, amounts)] == [(MILLIONS, MILLIONS, MILLIONS)]


@both
def test_sells_to_a_buyer_who_is_shown_millions(app: Flask, sandbox: SandboxClient) -> None:
    make_edition(app, "twinspot", "Company", 140_000, "usd")
    buyer, session_id = start(app, "Company")
    sandbox.pay(session_id, email="ada+location_ID@example.com", country="ID")
    assert keys_on(buyer.land(session_id).text)
    (order,) = read_rows(app, "SELECT presentment_minor, presentment_currency FROM orders")
    assert order == {"presentment_minor": 2_379_300_000, "presentment_currency": "idr"}


def _with_payout(listing: Callable[..., Page[SeenMoney]], amount_minor: int) -> Callable[..., Page[SeenMoney]]:
    now = clock.now()
    payout = SeenMoney(
        id="txn_large",
        kind="payout",
        source_id="po_large",
        source_currency="huf",
        payment_intent_id=None,
        amount_minor=amount_minor,
        fee_minor=0,
        net_minor=amount_minor,
        currency="huf",
        exchange_rate=None,
        created_at=now,
        available_at=now,
    )

    def listed(**where: Any) -> Page[SeenMoney]:
        page = listing(**where)
        return replace(page, items=(*page.items, payout))

    return listed


@both
def test_takes_in_a_payout_of_millions(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(take_in, "list_money", _with_payout(list_money, -MILLIONS))
    run(app)
    assert read_rows(app, "SELECT amount_minor FROM money_lines") == [{"amount_minor": -MILLIONS}]


def test_ends_no_pass_for_a_bug_with_the_money(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is raised when the rest is done, and the next pass looks at the same days."""
    run(app)

    def break_down(**_where: Any) -> Page[SeenMoney]:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(take_in, "list_money", break_down)
        for times in (1, 2):
            _buyer, session_id = start(app)
            sandbox.pay(session_id)
            with pytest.raises(ZeroDivisionError):
                run(app)
            assert len(read_rows(app, "SELECT id FROM orders")) == times
    passes = read_rows(app, "SELECT checkpoint, finished_at FROM reconcile_passes ORDER BY id")
    assert all(row["finished_at"] for row in passes)
    assert {row["checkpoint"] for row in passes} == {passes[0]["checkpoint"]}
    run(app)
    assert len(read_rows(app, "SELECT id FROM money_lines")) == 2
    (newest,) = read_rows(app, "SELECT checkpoint FROM reconcile_passes ORDER BY id DESC LIMIT 1")
    assert newest["checkpoint"] > passes[0]["checkpoint"]
