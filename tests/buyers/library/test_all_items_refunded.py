"""Refunds that name every item one by one close an order like one refund of all of it, whatever they add up to."""

from typing import Any

import pytest
from flask import Flask

from storefront.buyers.library.resend import NothingToSend, resend
from storefront.orders.decide import decide
from storefront.orders.models import Decision
from storefront.owner.history.orders_csv import csv_of_orders
from tests.support.databases import BOTH
from tests.support.gifts import TWINSPOT, give, hand_over
from tests.support.letters import words_of
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import read_rows
from tests.support.sale import COMPLETED, Sale, number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, keys_on
from tests.support.sign_in import signed_in

BOOK = ("the-patient-toolmaker", "E-book")
CLOSED = "This order was refunded, so its keys and downloads no longer work."
UNTRUE = ("Below you see what still works", "What still works", "The rest is yours", "Part of this order")


def close_all(sale: Sale) -> None:
    for position, amount in ((1, 1000), (2, 900)):
        sale.refund(amount=amount, metadata={"storefront_items": str(position)})
    sale.deliver("charge.", "refund.")


def mails_of(app: Flask) -> list[tuple[str, str]]:
    return sorted((row["kind"], row["state"]) for row in read_rows(app, "SELECT kind, state FROM outbox"))


def say_nothing_untrue(*said: str) -> None:
    for each in said:
        assert not [words for words in UNTRUE if words in each], each


def test_says_on_every_page_that_the_order_is_refunded(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, TWINSPOT, BOOK, email=ADA)
    close_all(sale)
    landed = words_of(sale.buyer.land(sale.session_id).text)
    in_orders = words_of(signed_in(app).get("/library/orders").text)
    assert CLOSED in sale.words()
    assert "<h1>Refunded</h1>" in sale.order_page()
    assert "Refunded This order was refunded on" in landed
    assert "One closed order" in in_orders
    assert CLOSED in in_orders
    say_nothing_untrue(sale.words(), landed, in_orders)
    with app.app_context():
        decide(sale.session_id, Decision.ALLOW)
    assert keys_on(sale.order_page()) == sale.keys


def test_mails_that_nothing_works_and_no_receipt(app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    sale = sell(app, sandbox, TWINSPOT, BOOK, email=ADA)
    close_all(sale)
    sale.deliver(COMPLETED)
    sale.work()
    assert mails_of(app) == [("receipt", "paused"), ("refunded", "sent"), ("refunded", "sent")]
    for mail in mailbox.messages(to=ADA):
        for body in (mail["text"], mail["html"]):
            assert "so its keys and downloads no longer work" in words_of(body)
            say_nothing_untrue(body)


def test_sends_no_receipt_again(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, TWINSPOT, BOOK, email=ADA)
    close_all(sale)
    sale.buyer.post(f"{sale.link}/receipt")
    assert "was refunded" in sale.words()
    with app.app_context(), pytest.raises(NothingToSend, match="was refunded"):
        resend(sale.session_id)


def test_hands_no_gift_over_of_which_nothing_is_left(app: Flask, sandbox: SandboxClient) -> None:
    sale = give(app, sandbox, TWINSPOT, BOOK)
    close_all(sale)
    assert hand_over(app) == 0
    assert "It hasn't been sent." in sale.words()
    sale.buyer.post(f"{sale.link}/gift/send")
    assert "This gift can't be sent while its order isn't paid and open." in sale.words()


def test_hands_over_what_is_left_of_a_gift(app: Flask, sandbox: SandboxClient) -> None:
    sale = give(app, sandbox, TWINSPOT, BOOK)
    sale.refund(amount=1900, metadata={"storefront_items": "1"})
    sale.deliver("charge.", "refund.")
    assert hand_over(app) == 1


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_says_so_wherever_the_owner_looks(app: Flask, sandbox: SandboxClient) -> None:
    closed, partly = (sell(app, sandbox, TWINSPOT, BOOK, email=email) for email in (ADA, "rosa@example.net"))
    close_all(closed)
    partly.refund(amount=1000, metadata={"storefront_items": "1"})
    partly.deliver("charge.", "refund.")
    owner = sign_in_at_admin(app, make_person(app))
    numbers = [number_of(closed), number_of(partly)]
    for state, listed in (("refunded", [True, False]), ("partly_refunded", [False, True])):
        page = owner.get(f"/admin/orders?state={state}").text
        assert [number in page for number in numbers] == listed
    with app.app_context():
        states = [line.split(",")[3] for line in csv_of_orders()]
    assert states == ["state", "refunded", "partly_refunded"]
    changes = read_rows(app, "SELECT detail FROM order_changes WHERE what = 'access' ORDER BY id")
    assert changes[-2]["detail"].endswith("now denied (refunded)")
    assert changes[-1]["detail"].endswith("now allowed (partly_refunded)")
    with app.app_context():
        decide(closed.session_id, Decision.ALLOW)
    assert numbers[0] not in owner.get("/admin/orders?state=refunded").text
    assert numbers[0] in owner.get("/admin/orders?state=allowed_by_shop").text


@pytest.mark.parametrize("which", [0, 1])
def test_is_no_double_any_more(app: Flask, sandbox: SandboxClient, which: int) -> None:
    sales = [sell(app, sandbox, TWINSPOT, BOOK, email=ADA) for _ in range(2)]
    for sale in sales:
        sale.deliver(COMPLETED)
    assert sales[0].open_notices() == ["double_purchase"]
    close_all(sales[which])
    assert sales[0].open_notices() == []
    sales[1 - which].deliver(COMPLETED)
    assert sales[0].open_notices() == []
