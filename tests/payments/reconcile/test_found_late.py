"""A sale that is found days after it was paid: it counts for its day, and opens nothing to strangers."""

import csv
import re
from datetime import date, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from storefront.core import clock
from storefront.core.db import db
from storefront.delivery.licenses.models import License
from storefront.orders.models import Order
from storefront.orders.queries import find_order
from storefront.owner.figures.count import count_days
from storefront.owner.figures.read import read_figures
from storefront.owner.figures.spans import Span
from storefront.owner.history.orders_csv import csv_of_orders
from storefront.payments.money.take_in import take_in_newest
from tests.delivery.licenses.pools import bring, make_pool, numbered
from tests.payments.reconcile.sales import (
    add_price_in_euros,
    charge_of,
    days_ago,
    payment_of,
    run,
    sell,
    start,
)
from tests.support.databases import BOTH
from tests.support.goods import change_product
from tests.support.rows import change_rows, read_rows
from tests.support.sale import FONT, link_of
from tests.support.sale import sell as sell_whole
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, keys_on
from tests.support.upgrades import allow_upgrade, start_upgrade, states

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
SECONDS = timedelta(seconds=60)  # of a busy machine


def order_of(app: Flask, session_id: str) -> Order:
    with app.app_context():
        order = find_order(session_id)
        db.session.remove()
    assert order is not None
    return order


def charged_at(sandbox: SandboxClient, session_id: str) -> datetime:
    return clock.from_unix(sandbox.stripe.v1.charges.retrieve(charge_of(sandbox, session_id)).created)


def count_all(app: Flask) -> None:
    """Count the days that are over: a day's sums are kept a minute after its row."""
    with app.app_context(), time_machine.travel(clock.now(), tick=False) as now:
        count_days()
        now.shift(61)
        count_days()
        db.session.remove()


def figures(app: Flask, first: date) -> dict[date, tuple[int, int, int]]:
    """Return orders, what was paid, and fees of each day that had any."""
    with app.app_context():
        currencies = read_figures(Span(first=first, last=clock.now().date())).currencies
        db.session.remove()
    return {
        day: (sums.orders, sums.paid_minor, sums.fee_minor)
        for currency in currencies
        for day, sums in currency.days
        if sums.orders or sums.fee_minor
    }


@both
def test_counts_for_the_day_on_which_it_was_paid(app: Flask, sandbox: SandboxClient) -> None:
    with days_ago(6):
        sell(app, sandbox, email="before@example.com")  # since then days are counted
    with days_ago(5):
        _buyer, session_id = start(app)
        sandbox.pay(session_id, email="late@example.com")
    with app.app_context():
        take_in_newest()
    count_all(app)
    paid_at = charged_at(sandbox, session_id)
    assert paid_at.date() not in figures(app, paid_at.date())

    run(app)

    order = order_of(app, session_id)
    assert order.paid_at == paid_at
    assert order.fulfilled_at is not None
    assert clock.now() - order.fulfilled_at < SECONDS
    assert figures(app, paid_at.date()) == {paid_at.date(): (1, 1900, 85)}
    count_all(app)
    assert figures(app, paid_at.date()) == {paid_at.date(): (1, 1900, 85)}
    with app.app_context():
        rows = list(csv.DictReader("".join(csv_of_orders()).lstrip("\ufeff").splitlines()))
        db.session.remove()
    assert rows[-1]["paid_at"] == paid_at.isoformat()


@both
def test_has_the_days_that_it_had_before_a_restore(app: Flask, sandbox: SandboxClient) -> None:
    change_product(app, "twinspot", license_days=30, update_days=30, download_days=14)
    with days_ago(5):
        buyer, session_id = start(app)
        sandbox.pay(session_id)
    run(app)
    order = order_of(app, session_id)
    assert order.bought_at == charged_at(sandbox, session_id)
    with app.app_context():
        (ends,) = db.session.scalars(select(License.expires_at)).all()
        db.session.remove()
    assert ends == order.bought_at + timedelta(days=30)
    day = f"{order.bought_at:%B} {order.bought_at.day}, {order.bought_at:%Y}"
    receipt = buyer.get(f"{link_of(app, session_id)}/receipt").text
    assert set(re.findall(r"[A-Z][a-z]+ \d+, 20\d\d", receipt)) == {day}
    page = buyer.land(session_id).text
    assert re.search(rf"<dt>Date</dt><dd>.*{day}", page), page


@both
def test_counts_for_the_day_on_which_it_was_begun_when_it_was_free(app: Flask, sandbox: SandboxClient) -> None:
    with days_ago(6):
        sell(app, sandbox, email="before@example.com")
    with days_ago(5):
        buyer = Buyer(app)
        buyer.add(*FONT)
        session_id = buyer.check_out()
        sandbox.pay(session_id, payment_method=None)
    count_all(app)
    run(app)
    order = order_of(app, session_id)
    assert order.paid_at == order.placed_at
    assert clock.now() - order.placed_at > timedelta(days=4)
    assert order.fulfilled_at is not None
    assert clock.now() - order.fulfilled_at < SECONDS
    day = order.placed_at.date()
    assert figures(app, day) == {day: (1, 0, 0)}


def test_counts_from_now_when_it_was_free_and_its_form_stood_open_for_an_hour(
    app: Flask, sandbox: SandboxClient
) -> None:
    """The page after it shows its keys, as for what was paid this minute."""
    with days_ago(1 / 24):
        buyer = Buyer(app)
        buyer.add(*FONT)
        session_id = buyer.check_out()
    sandbox.pay(session_id, payment_method=None)
    buyer.land(session_id)
    paid_at = order_of(app, session_id).paid_at
    assert paid_at is not None
    assert clock.now() - paid_at < SECONDS


@both
def test_is_paid_now_when_it_waited_for_a_bank(app: Flask, sandbox: SandboxClient) -> None:
    """A debit's charge is from the day it was begun, and says nothing of when the money came."""
    add_price_in_euros(app)
    with days_ago(5):
        buyer, session_id = start(app, "Euro")
        sandbox.pay(session_id, payment_method="sepa_success")
        assert buyer.state(session_id) == "awaiting_payment"
    sandbox.settle(payment_of(sandbox, session_id))
    run(app)
    order = order_of(app, session_id)
    assert order.paid_at is not None
    assert clock.now() - order.paid_at < SECONDS
    assert keys_on(Buyer(app).land(session_id).text) == [], "whoever has the address of days ago"
    assert len(keys_on(buyer.land(session_id).text)) == 1


@both
def test_is_paid_now_when_a_bank_had_paid_before_it_was_found(app: Flask, sandbox: SandboxClient) -> None:
    """It was mailed days that began with the money, and the charge is older."""
    add_price_in_euros(app)
    change_product(app, "twinspot", license_days=30)
    with days_ago(6):
        buyer, session_id = start(app, "Euro")
        sandbox.pay(session_id, payment_method="sepa_success")
    with days_ago(1):
        sandbox.settle(payment_of(sandbox, session_id))
    run(app)
    order = order_of(app, session_id)
    assert order.paid_at is not None
    assert clock.now() - order.paid_at < SECONDS
    (ends,) = read_rows(app, "SELECT expires_at FROM licenses")
    assert str(ends["expires_at"])[:10] == f"{clock.now() + timedelta(days=30):%Y-%m-%d}"
    assert keys_on(Buyer(app).land(session_id).text) == [], "whoever has the address of days ago"
    assert len(keys_on(buyer.land(session_id).text)) == 1


def test_opens_to_no_stranger_where_it_was_found_waiting_and_then_paid(app: Flask, sandbox: SandboxClient) -> None:
    add_price_in_euros(app)
    with days_ago(5):
        _buyer, session_id = start(app, "Euro")
        sandbox.pay(session_id, payment_method="sepa_success")
    run(app)
    sandbox.settle(payment_of(sandbox, session_id))
    run(app)
    assert order_of(app, session_id).is_paid
    assert keys_on(Buyer(app).land(session_id).text) == []


@both
def test_waits_for_a_bank_when_it_is_found(app: Flask, sandbox: SandboxClient) -> None:
    add_price_in_euros(app)
    with days_ago(5):
        _buyer, session_id = start(app, "Euro")
        sandbox.pay(session_id, payment_method="sepa_success")
    run(app)
    order = order_of(app, session_id)
    assert (order.is_paid, order.paid_at, order.fulfilled_at) == (False, None, None)


def test_opens_its_keys_to_no_stranger_who_has_the_address_of_days_ago(app: Flask, sandbox: SandboxClient) -> None:
    with days_ago(5):
        buyer, session_id = start(app)
        sandbox.pay(session_id)
    run(app)
    assert keys_on(Buyer(app).land(session_id).text) == []
    assert len(keys_on(buyer.land(session_id).text)) == 1, "its own browser"


def test_is_paid_when_it_was_charged_where_nothing_is_late(app: Flask, sandbox: SandboxClient) -> None:
    change_product(app, "twinspot", license_days=30)
    begun = clock.now().replace(microsecond=0)
    _buyer, session_id, keys = sell(app, sandbox, email="ada@example.com")
    order = order_of(app, session_id)
    assert order.paid_at is not None
    assert order.fulfilled_at is not None
    assert begun <= order.paid_at <= order.fulfilled_at <= clock.now()
    assert keys_on(Buyer(app).land(session_id).text) == keys


def test_is_never_paid_in_the_future(app: Flask, sandbox: SandboxClient) -> None:
    """Stripe's clock may be ahead."""
    sandbox.set_clock(600)
    _buyer, session_id, _keys = sell(app, sandbox, email="ada@example.com")
    order = order_of(app, session_id)
    assert order.paid_at is not None
    assert order.paid_at <= clock.now()


def test_gives_who_waits_for_an_imported_key_all_its_days(app: Flask, sandbox: SandboxClient) -> None:
    make_pool(app)
    change_product(app, "twinspot", license_days=30)
    with days_ago(5):
        bring(app, numbered(1))
        sell(app, sandbox, email="first@example.com")
        _buyer, session_id = start(app)
        sandbox.pay(session_id, email="late@example.com")
    run(app)
    bring(app, numbered(1, start=2))
    ends = read_rows(app, "SELECT expires_at FROM licenses ORDER BY id DESC")[0]["expires_at"]
    assert str(ends)[:10] == f"{clock.now() + timedelta(days=30):%Y-%m-%d}"


def test_upgrades_a_license_that_ended_after_it_was_paid(app: Flask, sandbox: SandboxClient) -> None:
    allow_upgrade(app)
    with days_ago(5):
        sale = sell_whole(app, sandbox)
        session_id = start_upgrade(sale)
        sandbox.pay(session_id)
    change_rows(app, "UPDATE licenses SET expires_at = :at", at=str(clock.now() - timedelta(days=2)))
    run(app)
    assert states(app) == ["applied"]
