"""Money that comes for a transfer after its order was given up: told once, of one order, until it went back."""

import html
import itertools
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.orders.notices import close_notices
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from storefront.stripe_api.seen_balance import read_excess_minor
from tests.payments.reconcile.sales import add_price_in_euros, payment_of, run_later
from tests.support.databases import BOTH
from tests.support.payment_links import make_link_by_hand, mirror_of, visit
from tests.support.rows import change_rows, read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, post_event

NOTICES = "SELECT text FROM notices WHERE kind = 'excess_paid' AND closed_at IS NULL"
EXCESSES = "SELECT excess_minor FROM orders ORDER BY id"

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@dataclass(frozen=True)
class Account:
    """A Customer at Stripe who orders and transfers money, and the shop that hears of it."""

    app: Flask
    sandbox: SandboxClient
    customer: str

    def order(self, edition: str = "Personal", method: str = "customer_balance") -> str:
        """Return the Session; the shop has seen it while it waits for its money, or was paid by card."""
        line = {"price": mirror_of(self.app, edition), "quantity": 1}
        session_id = self.sandbox.create_session([line], customer=self.customer)
        self.sandbox.pay(session_id, payment_method=method)
        self.look(session_id)
        return session_id

    def look(self, *sessions: str) -> None:
        for session_id in sessions:
            with self.app.app_context():
                fulfill_checkout(session_id, look=Look.NOW)
                db.session.remove()

    def give_up(self, session_id: str) -> None:
        self.sandbox.stripe.v1.payment_intents.cancel(payment_of(self.sandbox, session_id))
        self.look(session_id)

    def given_up(self, edition: str = "Personal") -> str:
        session_id = self.order(edition)
        self.give_up(session_id)
        return session_id

    def send(self, amount: int, currency: str = "usd") -> None:
        transfer: Any = {"amount": amount, "currency": currency}
        self.sandbox.stripe.v1.test_helpers.customers.fund_cash_balance(self.customer, transfer)

    def send_back(self, amount: int) -> None:
        body: Any = {"amount": amount, "currency": "usd", "customer": self.customer, "origin": "customer_balance"}
        self.sandbox.stripe.v1.refunds.create(body)

    def hear(self) -> None:
        """Every event of its balance so far comes, and comes again."""
        events = [one for one in self.sandbox.read("events")["data"] if one["type"].startswith("cash_balance")]
        assert events
        assert {post_event(self.app, event).status_code for event in events * 2} == {200}

    def excesses(self) -> list[int]:
        return [row["excess_minor"] for row in read_rows(self.app, EXCESSES)]

    def notices(self) -> list[str]:
        return [row["text"] for row in read_rows(self.app, NOTICES)]


@pytest.fixture
def account(app: Flask, sandbox: SandboxClient) -> Account:
    customer = sandbox.stripe.v1.customers.create({"email": "ada@example.com"})
    return Account(app, sandbox, customer.id)


def test_tells_owner_and_buyer_what_came_for_a_transfer_that_was_given_up(account: Account) -> None:
    session_id = account.given_up()
    assert account.notices() == []
    account.send(1900)
    account.hear()
    assert [
        "$19.00 that was sent before the transfer was given up lies" in said for said in account.notices()
    ] == [True]
    page = " ".join(html.unescape(Buyer(account.app).land(session_id).text).split())
    assert "Stripe still holds the $19.00 that you sent. Contact us to get it back." in page
    assert "haven't been charged" not in page
    assert run_later(account.app) == []


def test_closes_the_line_when_it_went_back_and_opens_it_for_the_next(account: Account) -> None:
    account.given_up()
    account.send(1900)
    account.hear()
    account.send_back(1900)
    assert ["$0.00 sent too much at Stripe, $19.00 here" in said for said in run_later(account.app)] == [True]
    assert (account.notices(), account.excesses()) == ([], [0])
    account.send(700)
    account.hear()
    assert ["$7.00 that was sent" in said for said in account.notices()] == [True]


def test_finds_it_by_reconciliation_where_the_event_was_lost(account: Account) -> None:
    account.given_up()
    account.send(1900)
    assert ["$19.00 sent too much at Stripe, $0.00 here" in said for said in run_later(account.app)] == [True]
    assert len(account.notices()) == 1


def test_reads_no_order_that_was_given_up_again_where_nothing_came(account: Account) -> None:
    sessions = [account.given_up() for _ in range(2)]
    assert run_later(account.app) == []
    account.sandbox.forget_calls()
    assert run_later(account.app) == []
    paths = [path for _method, path in account.sandbox.calls()]
    assert [path for path in paths if path.endswith(tuple(sessions))] == []


@pytest.mark.parametrize("looks", [(0, 1), (1, 0)])
def test_says_it_of_the_last_of_two_that_were_given_up(looks: tuple[int, ...], account: Account) -> None:
    sessions = [account.given_up(), account.given_up()]
    account.send(1900)
    account.look(*(sessions[place] for place in looks * 2))
    account.hear()
    assert account.excesses() == [0, 1900]
    assert len(account.notices()) == 1
    assert run_later(account.app) == []


def test_says_it_of_the_last_though_an_earlier_one_was_sent_a_part(account: Account) -> None:
    """That part was applied, and is what Stripe's list has of any payment; it went back."""
    first = account.order()
    account.send(900)
    account.give_up(first)
    assert account.excesses() == [900]
    account.send_back(900)
    run_later(account.app)
    account.given_up()
    account.send(1900)
    account.hear()
    assert account.excesses() == [0, 1900]
    assert run_later(account.app) == []


def test_says_it_of_an_order_that_nothing_else_speaks_of(account: Account) -> None:
    """An order that is looked at by itself does not keep it from the owner, though another one is the last."""
    first, last = account.given_up(), account.given_up()
    account.send(1900)
    account.look(first, first)
    assert account.excesses() == [1900, 0]
    account.look(last, first)
    assert account.excesses() == [0, 1900]
    assert len(account.notices()) == 1


def test_says_it_of_the_transfer_and_not_of_what_was_paid_by_card(account: Account) -> None:
    transfer = account.order()
    account.order(method="pm_card_visa")
    account.give_up(transfer)
    account.send(1900)
    account.hear()
    assert account.excesses() == [1900, 0]
    assert run_later(account.app) == []


@both
def test_says_it_of_the_one_that_was_given_up_though_an_earlier_one_was_paid_later(account: Account) -> None:
    """What came first paid the earlier one: what comes now is for the one that was given up."""
    paid = account.order()
    given_up = account.order()
    account.send(1900)
    account.look(paid, given_up)
    account.give_up(given_up)
    account.send(1900)
    account.hear()
    assert account.excesses() == [0, 1900]
    assert ["$19.00 that was sent before the transfer was given up" in said for said in account.notices()] == [
        True
    ]
    page = " ".join(html.unescape(Buyer(account.app).land(given_up).text).split())
    assert "Stripe still holds the $19.00 that you sent." in page
    assert run_later(account.app) == []


def test_says_it_again_of_another_amount_than_the_one_that_was_called_done(account: Account) -> None:
    session_id = account.given_up()
    account.send(700)
    account.hear()
    [notice] = read_rows(account.app, "SELECT id FROM notices WHERE closed_at IS NULL")
    with account.app.test_request_context():
        close_notices([notice["id"]])
    account.look(session_id, session_id)
    assert account.notices() == []
    account.send(1200)
    account.hear()
    assert ["$19.00 that was sent" in said for said in account.notices()] == [True]


@both
def test_says_it_in_the_currency_that_came(account: Account) -> None:
    """A Customer has a balance for each: the last transfer may have been in another one."""
    add_price_in_euros(account.app)
    account.given_up("Euro")
    last = account.order()
    account.send(1900)
    account.look(last)
    account.send(1900, "eur")
    account.hear()
    assert account.excesses() == [1900, 0]
    assert ["€19.00 that was sent" in said for said in account.notices()] == [True]
    assert run_later(account.app) == []


@both
def test_leaves_it_to_the_next_order_that_the_balance_pays(account: Account) -> None:
    account.given_up()
    account.send(2500)
    account.hear()
    paid = account.order()
    assert account.excesses() == [0, 600]
    assert ["$6.00 more than its price" in said for said in account.notices()] == [True]
    account.look(paid)
    assert run_later(account.app) == []


@both
def test_says_it_of_an_order_whose_way_to_pay_nobody_saw(account: Account) -> None:
    """Its first look was when it had been given up."""
    line = {"price": mirror_of(account.app, "Personal"), "quantity": 1}
    session_id = account.sandbox.create_session([line], customer=account.customer)
    account.sandbox.pay(session_id, payment_method="customer_balance")
    account.give_up(session_id)
    assert read_rows(account.app, "SELECT payment_method_type FROM orders") == [{"payment_method_type": None}]
    account.send(1900)
    account.hear()
    assert account.excesses() == [1900]


def test_says_it_of_a_payment_link(app: Flask, sandbox: SandboxClient) -> None:
    session_id = visit(make_link_by_hand(sandbox, mirror_of(app, "Personal"), customer_creation="always"))
    sandbox.pay(session_id, payment_method="customer_balance")
    account = Account(app, sandbox, str(sandbox.stripe.v1.checkout.sessions.retrieve(session_id).customer))
    account.look(session_id)
    account.give_up(session_id)
    account.send(1900)
    account.hear()
    assert account.excesses() == [1900]
    assert len(account.notices()) == 1


def test_keeps_what_it_knows_where_the_key_may_not_read_the_balance(account: Account) -> None:
    sessions = [account.given_up(), account.given_up()]
    account.send(1900)
    account.hear()
    change_rows(account.app, "UPDATE orders SET excess_minor = 1900 - excess_minor")  # an earlier look said so
    fault = {"path": "/v1/customers/*/cash_balance_transactions", "status": 403, "type": "invalid_request_error"}
    account.sandbox.control("faults", method="GET", times=None, **fault)
    account.look(*sessions)
    assert account.excesses() == [1900, 0]
    account.sandbox.control("faults/clear")
    account.look(sessions[1])
    assert account.excesses() == [0, 1900]


def moves(*kinds: tuple[str, int]) -> list[dict[str, Any]]:
    """As Stripe lists them: newest first, each with what lies there after it."""
    after = itertools.accumulate(amount for _kind, amount in kinds)
    rows = [
        {"type": kind, "net_amount": amount, "ending_balance": left, "currency": "usd"}
        for (kind, amount), left in zip(kinds, after, strict=True)
    ]
    return rows[::-1]


FUNDED, PAID, REFUNDED = ("funded", 1900), ("applied_to_payment", -1900), ("refunded_from_payment", 1900)


@pytest.mark.parametrize(
    ("kinds", "excess_minor"),
    [
        ([], 0),
        ([FUNDED], 1900),
        ([FUNDED, PAID, REFUNDED], 0),
        ([FUNDED, PAID, REFUNDED, ("return_initiated", -1900)], 0),
        ([FUNDED, PAID, REFUNDED, ("return_initiated", -1900), ("return_canceled", 1900)], 0),
        ([FUNDED, PAID, REFUNDED, PAID, ("funded", 700)], 700),
        ([FUNDED, PAID, REFUNDED, ("funded", 700), PAID], 700),
        ([FUNDED, PAID, REFUNDED, FUNDED, PAID], 0),
        ([FUNDED, PAID, REFUNDED, FUNDED, PAID, ("return_initiated", -1900)], 0),
        ([FUNDED, PAID, REFUNDED, ("funded", 2500), PAID], 600),
        ([FUNDED, PAID, REFUNDED, PAID, FUNDED, PAID], 0),
        ([FUNDED, PAID, REFUNDED, PAID, FUNDED, PAID, ("funded", 700)], 700),
        ([("funded", 700), ("return_initiated", -700), FUNDED, PAID, REFUNDED], 0),
        ([("funded", 700), ("return_initiated", -700), ("return_canceled", 700)], 700),
        ([("funded", 700), ("funding_reversed", -700)], 0),
    ],
)
def test_hides_no_money_behind_a_refund_that_has_left(kinds: list[tuple[str, int]], excess_minor: int) -> None:
    assert read_excess_minor(moves(*kinds), currency="usd") == excess_minor
    assert read_excess_minor(moves(*kinds), currency="eur") == 0
