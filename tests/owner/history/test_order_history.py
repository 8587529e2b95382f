"""An order's history: the same statements for one line and for twenty, on both engines."""

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.orders.lookup import get_order
from storefront.owner.history.order import OrderHistory, read_history
from tests.support.databases import BOTH
from tests.support.goods import make_product
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.statements import counted

# The order, items, notices, money, devices, notes, answers, six of what happened, two of files, two of attempts.
STATEMENTS = 17


def read(sale: Sale, *, with_keys: bool = False) -> tuple[OrderHistory, int]:
    """And how many statements it took."""
    with sale.app.app_context(), counted(sale.app) as statements:
        history = read_history(get_order(sale.session_id), with_keys=with_keys)
        db.session.remove()
    return history, len(statements)


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_costs_as_much_for_twenty_lines_as_for_one(app: Flask, sandbox: SandboxClient) -> None:
    one = sell(app, sandbox)
    slugs = [f"good-{number}" for number in range(20)]
    for number, slug in enumerate(slugs, start=1):
        make_product(app, slug, (number * 100, "usd"), grants_license=True)
    many = sell(app, sandbox, *[(slug, "") for slug in slugs])
    for amount in (100, 200, 300):
        many.refund(amount=amount)
    many.deliver("checkout.", "refund.", "charge.")
    history, statements = read(many)
    assert len(history.items) == 20
    assert [item.position for item in history.items] == list(range(1, 21))
    assert all(len(item.grants) >= 1 for item in history.items)
    assert statements == read(one)[1] == STATEMENTS


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_shows_keys_whole_only_when_asked(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    masked, _count = read(sale)
    (shown,) = [grant.key for item in masked.items for grant in item.grants if grant.key]
    assert shown == f"\u2026{sale.keys[0][-5:]}"
    whole, _count = read(sale, with_keys=True)
    assert [grant.key for item in whole.items for grant in item.grants if grant.key] == sale.keys


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_merges_what_happened_in_order_of_time(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    sale.deliver("checkout.session.completed")
    sale.refund(amount=500)
    sale.at_charge("fraud_warning")
    sale.at_charge("dispute", status="needs_response")
    sale.deliver("refund.", "charge.refunded", "charge.dispute.", "radar.")
    history, _count = read(sale)
    times = [moment.at for moment in history.timeline]
    assert times == sorted(times)
    texts = [moment.text for moment in history.timeline]
    assert texts[0] == "placed"
    assert texts.index("paid") < texts.index("fulfilled")
    kinds = {moment.kind for moment in history.timeline}
    assert kinds == {"sale", "refund", "dispute", "fraud_warning", "change", "mail", "event"}
    events = [moment for moment in history.timeline if moment.kind == "event"]
    assert len({moment.subject for moment in events}) == len(events)
    assert all("looked at once" in moment.text for moment in events)
    assert {notice.kind for notice in history.notices} == {"dispute_open"}
