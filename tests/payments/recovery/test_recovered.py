"""The copy that a reminder's link opens: handed out once like any, shown as recovered, never reminded of."""

import csv
import io
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from tests.cli.commands import done
from tests.support.databases import BOTH
from tests.support.left import (
    answer,
    begin,
    deliver,
    events,
    expire,
    leave,
    open_link,
    remind,
    reminders,
    work_later,
)
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import read_rows
from tests.support.sale import COMPLETED
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, keys_on, post_event

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
ORDERS = "SELECT number, recovered_from, checkout_session_id FROM orders ORDER BY id"


@pytest.fixture
def expired(app: Flask, sandbox: SandboxClient) -> str:
    remind(app)
    _buyer, session_id = leave(app, sandbox)
    deliver(app, sandbox)
    return session_id


@both
@pytest.mark.parametrize("first", ["webhook", "page", "both"])
def test_is_handed_out_once_whatever_comes_first(
    app: Flask, sandbox: SandboxClient, expired: str, first: str
) -> None:
    copy = open_link(sandbox, expired)
    sandbox.pay(copy)
    (completed,) = events(sandbox, COMPLETED)
    buyer = Buyer(app)
    calls: list[Callable[[], int]] = [
        lambda: post_event(app, completed).status_code,
        lambda: buyer.land(copy).status_code,
    ]
    if first == "both":
        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(lambda call: call(), calls)) == [200, 200]
    for call in calls if first == "webhook" else reversed(calls):
        assert call() == 200
    assert len(keys_on(buyer.land(copy).text)) == 1
    (order,) = read_rows(app, ORDERS)
    assert (order["recovered_from"], order["checkout_session_id"]) == (expired, copy)
    assert len(read_rows(app, "SELECT id FROM licenses")) == 1


def test_is_told_to_the_owner(
    app: Flask, sandbox: SandboxClient, expired: str, environment: dict[str, str]
) -> None:
    sandbox.pay(open_link(sandbox, expired))
    deliver(app, sandbox, COMPLETED)
    (order,) = read_rows(app, ORDERS)
    command = CliRunner(env=environment | {"STOREFRONT_ENV_FILE": ""})
    assert f"recovered: a copy of the expired Session {expired}" in done(
        command, "orders", "show", order["number"]
    )
    (row,) = csv.DictReader(io.StringIO(done(command, "orders", "csv")))
    assert row["recovered"] == "yes"
    owner = sign_in_at_admin(app, make_person(app))
    assert "the buyer came back to an expired checkout" in owner.get(f"/admin/orders/{order['number']}").text
    assert re.search(r"<dd>1 order, .*\$19\.00", owner.get("/admin/shop").text)


def test_empties_the_cart_of_the_browser_that_began_it(app: Flask, sandbox: SandboxClient) -> None:
    remind(app)
    buyer, session_id = leave(app, sandbox)
    copy = open_link(sandbox, session_id)
    sandbox.pay(copy)
    assert "Twinspot" in buyer.get("/cart").text
    buyer.land(copy)
    assert "Twinspot" not in buyer.get("/cart").text


def test_tells_the_owner_when_the_link_was_paid_twice(app: Flask, sandbox: SandboxClient, expired: str) -> None:
    copies = [open_link(sandbox, expired) for _ in range(2)]
    for copy in copies:
        sandbox.pay(copy)
    deliver(app, sandbox, COMPLETED)
    assert len(read_rows(app, ORDERS)) == 2
    notices = read_rows(app, "SELECT kind FROM notices WHERE closed_at IS NULL")
    assert [notice["kind"] for notice in notices] == ["double_purchase"]


def test_is_never_reminded_of(app: Flask, sandbox: SandboxClient, expired: str) -> None:
    copy = open_link(sandbox, expired)
    answer(sandbox, copy)
    expire(sandbox, copy)
    deliver(app, sandbox)
    assert len(reminders(app)) == 1


def test_ends_the_reminder_that_waits(app: Flask, sandbox: SandboxClient, mailbox: Any, expired: str) -> None:
    """Somebody had the link from Stripe's Dashboard, and another address."""
    sandbox.pay(open_link(sandbox, expired), email="work@example.com")
    deliver(app, sandbox, COMPLETED)
    work_later(app)
    assert reminders(app) == [("canceled", "the same was bought meanwhile")]


def test_takes_a_bank_debit_that_fails_for_no_purchase(
    app: Flask, sandbox: SandboxClient, mailbox: Any, expired: str
) -> None:
    _buyer, other = begin(app)
    sandbox.pay(other, payment_method="ach_success")
    sandbox.settle(str(sandbox.stripe.v1.checkout.sessions.retrieve(other).payment_intent), "failed")
    for kind in (COMPLETED, "checkout.session.async_payment_failed"):
        deliver(app, sandbox, kind)
    work_later(app)
    assert reminders(app) == [("sent", None)]


@pytest.fixture
def left(app: Flask, sandbox: SandboxClient) -> tuple[Buyer, str]:
    """Who left a cart, and the copy of their Session that the link of the reminder opens in the same browser."""
    remind(app)
    buyer, session_id = leave(app, sandbox)
    deliver(app, sandbox)
    return buyer, open_link(sandbox, session_id)


def main_of(page: str) -> str:
    return unescape(page.split("<main")[1].split("</main>", maxsplit=1)[0])


def test_leads_who_began_it_here_back_to_the_cart_while_it_is_not_paid(
    app: Flask, sandbox: SandboxClient, left: tuple[Buyer, str]
) -> None:
    buyer, copy = left
    for _ in range(2):
        answer = buyer.land(copy)
        assert (answer.status_code, answer.location) == (303, "/cart")
        page = unescape(buyer.get(answer.location).text)
        assert (
            "That payment was not completed, and nothing was charged. "
            "Your cart is as it was: check out again when you are ready."
        ) in page
        assert "expired" not in main_of(page)
    expire(sandbox, copy)
    for _ in range(2):
        page = main_of(buyer.land(copy).text)
        assert "This checkout has expired" in page
        assert re.search(r'href="/cart">.*Start again</a>', page, re.DOTALL)


def test_leads_others_to_no_cart_of_theirs(app: Flask, sandbox: SandboxClient, left: tuple[Buyer, str]) -> None:
    _buyer, copy = left
    other = Buyer(app)
    other.add("soft-taps", "", 3)
    other.get("/cart")
    answer = other.land(copy)
    assert (answer.status_code, answer.location) == (303, "/")
    assert "To try again, go back to where you began." in unescape(other.get("/").text)
    expire(sandbox, copy)
    assert "/cart" not in main_of(other.land(copy).text)


def test_leads_who_began_it_here_back_to_the_cart_when_the_bank_refuses(
    app: Flask, sandbox: SandboxClient, left: tuple[Buyer, str]
) -> None:
    buyer, copy = left
    paid = sandbox.pay(copy, payment_method="ach_success")
    assert "Payment pending" in buyer.land(copy).text
    sandbox.settle(paid["payment_intent"]["id"], "failed")
    deliver(app, sandbox, "checkout.session.async_payment_failed")
    for browser, has_way_back in ((buyer, True), (Buyer(app), False)):
        page = main_of(browser.land(copy).text)
        assert "The payment didn't go through" in page
        assert ("Try again</a>" in page) is has_way_back
