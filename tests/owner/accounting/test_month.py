"""A month is closed: sales, a refund of an earlier sale, a lost dispute, a payout; compared with Stripe's sums."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.core.money import format_money
from storefront.owner.accounting.balance import read_balance
from storefront.owner.accounting.periods import time_of
from storefront.owner.figures.read import read_figures
from storefront.owner.figures.spans import Span
from tests.owner.accounting.reading import UTC as UTC_ZONE
from tests.owner.accounting.reading import read_file, sums_at_stripe, sums_of
from tests.payments.reconcile.sales import days_ago, run
from tests.support.databases import BOTH
from tests.support.people import make_person, sign_in_at_admin
from tests.support.sale import number_of, sell
from tests.support.sandbox_client import SandboxClient

BEFORE = 35  # days


@pytest.mark.slow
@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_closes_a_month_with_the_sums_of_stripe(app: Flask, sandbox: SandboxClient) -> None:
    with days_ago(BEFORE):
        early = sell(app, sandbox)
        sell(app, sandbox, ("the-patient-toolmaker", ""))
    kept, disputed = sell(app, sandbox), sell(app, sandbox)
    early.refund()
    early.deliver("refund.")
    disputed.at_charge("dispute", status="lost")
    (payout,) = sandbox.control("payouts")["data"]
    run(app)

    today = clock.now().date()
    month = Span(first=today - timedelta(days=20), last=today)
    start = int(datetime.combine(month.first, time(), UTC).timestamp())
    rows = read_file(app, month)
    before = read_file(app, Span(first=month.first - timedelta(days=20), last=month.first - timedelta(days=1)))
    assert sums_of(rows) == sums_at_stripe(sandbox, created={"gte": start})
    assert sums_of(before) == sums_at_stripe(sandbox, created={"lt": start})

    found: dict[str, list[Any]] = {row["kind"]: [] for row in rows}
    for row in rows:
        found[row["kind"]].append(row)
    assert {kind: len(of) for kind, of in found.items()} == {"sale": 2, "refund": 1, "dispute": 1, "payout": 1}
    assert {row["order"] for row in found["sale"]} == {number_of(kept), number_of(disputed)}
    assert [row["order"] for row in found["refund"]] == [number_of(early)]
    assert Decimal(found["payout"][0]["settled"]).scaleb(2) == -payout["amount"]
    assert {row["payout"] for row in before} == {payout["id"]}
    assert sum(Decimal(row["settled_net"]).scaleb(2) for row in before) == payout["amount"]

    with app.app_context():
        (figures,) = read_figures(month).currencies
        sums = read_balance(time_of(month, UTC_ZONE)).sums
        db.session.remove()
    assert (figures.sums.orders, figures.sums.refunded_minor, figures.sums.disputed_minor) == (2, 1900, 1900)
    of_orders = sum(line.net_minor for line in sums if line.kind != "payout")
    assert figures.sums.net_minor == of_orders
    page = sign_in_at_admin(app, make_person(app)).get(f"/admin/accounting?first={month.first}&last={month.last}")
    assert all(format_money(line.net_minor, "usd") in page.text for line in sums)
    assert "of these days yet" not in page.text


def test_names_what_stripe_has_not_booked_before_a_month_is_taken_out(app: Flask, sandbox: SandboxClient) -> None:
    """A sale is booked on its day; the refund of it may wait, and then falls into the next month."""
    today = clock.now().date()
    owner = sign_in_at_admin(app, make_person(app))

    def page() -> str:
        return owner.get(f"/admin/accounting?first={today}&last={today}").text

    sale = sell(app, sandbox)
    run(app)
    sandbox.control("config", fees_after_seconds=3600)
    sale.refund(amount=500)
    sale.deliver("refund.")
    assert ("booked 1 refund of these days" in page(), "booked 1 sale" in page()) == (True, False)
    sell(app, sandbox)
    assert "booked 1 sale of these days" in page()
    sandbox.advance(3600)
    run(app)
    assert "of these days yet" not in page()
