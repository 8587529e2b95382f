"""The list of orders costs the same however many there are, and has one rule for what a state is."""

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.orders.access import Reason
from storefront.owner.history import newest
from tests.support.databases import BOTH
from tests.support.rows import change_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.statements import counted

pytestmark = pytest.mark.parametrize("engine", BOTH, indirect=True)


def test_costs_two_statements_and_with_a_state_one(app: Flask, sandbox: SandboxClient) -> None:
    for number in range(5):
        sell(app, sandbox, email=f"buyer{number}@example.com")
        for state, statements in ((None, 2), (Reason.PAID, 1)):
            with app.app_context(), counted(app) as counts:
                page = newest.find_newest(limit=2, state=state)
                db.session.remove()
            assert len(counts) == statements
            assert (len(page.orders), page.more) == (min(number + 1, 2), max(number - 1, 0))


def test_finds_a_state_behind_more_orders_than_it_reads_at_once(app: Flask, sandbox: SandboxClient) -> None:
    first = sell(app, sandbox)
    change_rows(app, "UPDATE orders SET refunded_minor = total_minor, placed_at = '2020-01-01 00:00:00+00:00'")
    columns = (
        "mode, customer_id, email, tax_ids, taxes, answers, excess_minor, currency, subtotal_minor,"
        " discount_minor, tax_minor, total_minor"
    )
    facts = (
        "is_paid, has_failed, refunded_minor, is_disputed, decision, look_ticket, facts_ticket, token_seed,"
        " has_accepted"
    )
    change_rows(
        app,
        f"INSERT INTO orders (number, checkout_session_id, token_hash, {columns}, {facts}, token_version,"
        " placed_at, created_at)"
        " WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 2500)"
        f" SELECT CAST(n AS VARCHAR), 'cs_' || n, 'hash' || n, {columns}, is_paid, has_failed, 0, is_disputed,"
        " decision, look_ticket, facts_ticket, token_seed, has_accepted, token_version, created_at, created_at"
        " FROM orders CROSS JOIN counted",
    )
    with app.app_context():
        page = newest.find_newest(limit=3, state=Reason.REFUNDED)
        paid = newest.find_newest(limit=3, state=Reason.PAID)
        db.session.remove()
    assert [order.email for order in page.orders] == ["ada@example.com"]
    assert page.more == 0
    assert (len(paid.orders), paid.more) == (3, 2497)
    assert first.keys
