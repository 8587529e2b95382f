"""A buyer who paid twice: one notice for the pair, from whichever order, until one of them is closed."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.orders.decide import decide
from storefront.orders.models import Decision
from storefront.orders.notices import close_notices
from storefront.payments.fulfillment.fulfill import Look
from storefront.payments.fulfillment.outcome import Outcome
from tests.payments.reconcile.sales import days_ago
from tests.support.databases import BOTH
from tests.support.fulfill import look
from tests.support.rows import read_rows
from tests.support.sale import COMPLETED, Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
NOTICES = "SELECT id, subject, text FROM notices WHERE kind = 'double_purchase' AND closed_at IS NULL"


def decide_on(sale: Sale, decision: Decision) -> None:
    with sale.app.app_context():
        decide(sale.session_id, decision)
        db.session.remove()


def numbers(app: Flask) -> list[str]:
    return [row["number"] for row in read_rows(app, "SELECT number FROM orders ORDER BY number")]


def buy(app: Flask, sandbox: SandboxClient, quantity: int = 1, email: str = "ada@example.com") -> str:
    buyer = Buyer(app)
    buyer.add("twinspot", "Personal", quantity)
    session_id = buyer.check_out()
    sandbox.pay(session_id, email=email)
    buyer.land(session_id)
    return session_id


@both
def test_is_told_once_however_often_both_are_looked_at(app: Flask, sandbox: SandboxClient) -> None:
    sales = [sell(app, sandbox, email=email) for email in ("ada@example.com", " Ada@EXAMPLE.com")]
    for sale in sales * 2:
        sale.deliver(COMPLETED)
        look(app, sale.session_id)
    (notice,) = read_rows(app, NOTICES)
    first, second = numbers(app)
    assert notice["subject"] == f"{first}+{second}"
    assert f"Orders {first} and {second} have the same lines and address within 24 hours." in notice["text"]


@pytest.mark.parametrize("turned", [False, True])
def test_knows_the_same_lines_in_another_order(app: Flask, sandbox: SandboxClient, turned: bool) -> None:
    goods = [("twinspot", "Personal"), ("the-patient-toolmaker", "")]
    sell(app, sandbox, *goods)
    sell(app, sandbox, *(goods[::-1] if turned else goods))
    assert len(read_rows(app, NOTICES)) == 1


@pytest.mark.parametrize(
    ("goods", "email"),
    [
        ([("twinspot", "Team")], "ada@example.com"),
        ([("twinspot", "Personal"), ("the-patient-toolmaker", "")], "ada@example.com"),
        ([("twinspot", "Personal")], "bob@example.com"),
    ],
    ids=["other edition", "one line more", "other address"],
)
def test_leaves_other_lines_and_addresses_alone(
    app: Flask, sandbox: SandboxClient, goods: list[tuple[str, str]], email: str
) -> None:
    for sale in [sell(app, sandbox), sell(app, sandbox, *goods, email=email)] * 2:
        look(app, sale.session_id)
    assert read_rows(app, NOTICES) == []


def test_leaves_another_quantity_alone(app: Flask, sandbox: SandboxClient) -> None:
    for session_id in [buy(app, sandbox, quantity) for quantity in (1, 2)] * 2:
        look(app, session_id)
    assert read_rows(app, NOTICES) == []


def test_leaves_free_things_alone(app: Flask, sandbox: SandboxClient) -> None:
    for sale in [sell(app, sandbox, ("gridling", ""), payment_method=None) for _ in range(2)] * 2:
        look(app, sale.session_id)
    assert len(numbers(app)) == 2
    assert read_rows(app, NOTICES) == []


@pytest.mark.parametrize(("hours", "count"), [(23, 1), (25, 0)])
@both
def test_looks_a_day_back(app: Flask, sandbox: SandboxClient, hours: int, count: int) -> None:
    with days_ago(hours / 24):
        earlier = sell(app, sandbox)
    for sale in [earlier, sell(app, sandbox)] * 2:
        look(app, sale.session_id)
    assert len(read_rows(app, NOTICES)) == count


@both
def test_leaves_a_purchase_alone_that_follows_a_refund(app: Flask, sandbox: SandboxClient) -> None:
    """Bought, given back, bought again: what the buyer wanted."""
    earlier = sell(app, sandbox)
    earlier.refund()
    earlier.deliver("refund.", "charge.refunded")
    for sale in [earlier, sell(app, sandbox)] * 2:
        look(app, sale.session_id)
    assert read_rows(app, NOTICES) == []


@both
def test_is_told_once_of_two_bought_at_the_same_moment(app: Flask, sandbox: SandboxClient) -> None:
    sessions = []
    for _twice in range(2):
        buyer = Buyer(app)
        buyer.add("twinspot", "Personal")
        sessions.append(buyer.check_out())
    for session_id in sessions:
        sandbox.pay(session_id)
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda session_id: look(app, session_id, Look.IF_NEEDED), sessions))
    assert outcomes == [Outcome.FULFILLED] * 2
    (notice,) = read_rows(app, NOTICES)
    assert notice["subject"] == "+".join(numbers(app))


@pytest.mark.parametrize("which", [0, 1])
@both
def test_is_settled_by_a_refund_or_the_owners_word_on_either(
    app: Flask, sandbox: SandboxClient, which: int
) -> None:
    sales = [sell(app, sandbox), sell(app, sandbox)]
    for decision, count in ((Decision.WITHDRAW, 0), (Decision.FOLLOW_PAYMENT, 1)):
        decide_on(sales[which], decision)
        for _twice in range(2):
            look(app, sales[which].session_id)
            assert len(read_rows(app, NOTICES)) == count
    sales[which].refund()
    sales[which].deliver("charge.refunded")
    assert read_rows(app, NOTICES) == []
    for sale in sales:
        look(app, sale.session_id)
    assert read_rows(app, NOTICES) == []


@pytest.mark.parametrize("which", [0, 1])
@both
def test_stays_done_when_the_owner_called_it_done(app: Flask, sandbox: SandboxClient, which: int) -> None:
    sales = [sell(app, sandbox), sell(app, sandbox)]
    (notice,) = read_rows(app, NOTICES)
    with app.app_context():
        close_notices([notice["id"]])
        db.session.remove()
    refund = sales[which].at_charge("refund", outcome="pending")
    look(app, sales[which].session_id)
    sandbox.control(f"refunds/{refund}/settle", result="canceled")
    for sale in sales * 2:
        look(app, sale.session_id)
    assert read_rows(app, NOTICES) == []
