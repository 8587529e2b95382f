"""A refund that waits for its buyer's answer, wherever the order is named: nothing "was refunded" yet."""

import re
from typing import Any

import pytest
from flask import Flask

from tests.support.gifts import FIELDS, TWINSPOT, give, in_days
from tests.support.letters import words_of
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows
from tests.support.sale import Sale, number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA
from tests.support.sign_in import signed_in
from tests.support.upgrades import allow_upgrade, pay_upgrade, start_upgrade
from tests.support.ways_to_pay import end_payment

BOOK = ("the-patient-toolmaker", "E-book")
EVENTS = ("checkout.session.", "refund.", "charge.refund")
PAID_IN_CASH: dict[str, Any] = {"payment_method": "konbini", "email": ADA}
PART = "This part of the order is being refunded, so its keys and downloads no longer work."
UPGRADE = "This upgrade is being refunded, so it no longer counts. What you had before is as it was."


@pytest.fixture
def app(app: Flask) -> Flask:
    """Its prices are those that a convenience store takes."""
    change_rows(app, "UPDATE prices SET currency = 'jpy'")
    return app


def pay_in_cash(sale: Sale) -> Sale:
    end_payment(sale.sandbox, "konbini", sale.payment().id)
    sale.deliver(*EVENTS)
    sale.work()
    return sale


def refund(sale: Sale, **how: Any) -> str:
    made = sale.refund(**how)
    sale.deliver(*EVENTS)
    return made


def lists(app: Flask) -> list[str]:
    buyer = signed_in(app)
    return [words_of(buyer.get(path).text) for path in ("/library", "/library/orders")]


def test_says_so_in_both_lists_and_in_the_total(app: Flask, sandbox: SandboxClient) -> None:
    sale = pay_in_cash(sell(app, sandbox, **PAID_IN_CASH))
    made = refund(sale)
    for said in lists(app):
        assert "This order is being refunded, so its keys and downloads no longer work." in said
        assert "was refunded" not in said
    page = words_of(sale.order_page())
    assert "Refund that needs your answer - ¥1,900" in page
    assert "Refunded -" not in page
    sandbox.control(f"refunds/{made}/settle", result="succeeded")
    sale.deliver(*EVENTS)
    assert all("was refunded" in said for said in lists(app))
    assert "Refunded - ¥1,900" in words_of(sale.order_page())


def test_says_it_of_an_upgrade_in_both_lists(app: Flask, sandbox: SandboxClient) -> None:
    allow_upgrade(app)
    sale = pay_in_cash(sell(app, sandbox, **PAID_IN_CASH))
    refund(pay_in_cash(pay_upgrade(sale, start_upgrade(sale), **PAID_IN_CASH)))
    for said in lists(app):
        assert UPGRADE in said
        assert "was refunded" not in said


def test_says_it_of_one_item_and_not_of_another(app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    sale = pay_in_cash(sell(app, sandbox, TWINSPOT, BOOK, **PAID_IN_CASH))
    made = refund(sale, amount=1900, metadata={"storefront_items": "1"})
    sale.work()
    page = words_of(sale.order_page())
    assert "Part of this order is being refunded. Below you see what still works." in page
    assert "One item no longer works" in page
    assert PART in page
    library, orders = lists(app)
    (letter,) = [mail for mail in mailbox.messages(to=ADA) if "needs your answer" in mail["subject"]]
    for said in (page, library, orders, letter["text"], words_of(letter["html"])):
        assert PART in " ".join(said.split())
        assert "was refunded" not in said
        assert not re.search(r"(?<!being )refunded, its|\(refunded\)|Refunded: its", said)
    receipt = words_of(sale.buyer.get(f"{sale.link}/receipt").text)
    assert "Twinspot Personal Refunded" not in receipt
    sandbox.control(f"refunds/{made}/settle", result="succeeded")
    refund(sale, amount=500)
    page = words_of(sale.order_page())
    assert "Part of this order was refunded." in page
    assert "Refunded - ¥1,900 Refund that needs your answer - ¥500" in page
    assert all("This part of the order was refunded" in said for said in lists(app))


def test_says_it_of_an_item_of_a_gift_to_who_paid_alone(app: Flask, sandbox: SandboxClient) -> None:
    sale = pay_in_cash(give(app, sandbox, TWINSPOT, BOOK, how=PAID_IN_CASH, gift_on=in_days(9)))
    refund(sale, amount=1900, metadata={"storefront_items": "1"})
    for said in (words_of(sale.order_page()), *lists(app)[1:]):
        assert "This part of the gift is being refunded, so it no longer works." in said
        assert "was refunded" not in said


def test_changes_no_gift_and_says_that_its_refund_waits(app: Flask, sandbox: SandboxClient) -> None:
    sale = pay_in_cash(give(app, sandbox, how=PAID_IN_CASH, gift_on=in_days(9)))
    refund(sale)
    fields = {name: value for name, value in FIELDS.items() if name != "is_gift"}
    answer = sale.buyer.post(f"{sale.link}/gift", **fields | {"gift_email": "eve@example.net"})
    said = words_of(answer.text if answer.status_code != 303 else sale.order_page())
    why = "This order is being refunded, so the gift no longer works."
    assert f"This gift can't be changed any more. {why}" in said


def test_says_it_at_the_owners_page(app: Flask, sandbox: SandboxClient) -> None:
    sale = pay_in_cash(sell(app, sandbox, **PAID_IN_CASH))
    refund(sale)
    owner = sign_in_at_admin(app, make_person(app))
    said = words_of(owner.get(f"/admin/orders/{number_of(sale)}").text)
    assert "This order is being refunded, so its keys" in said
    assert "This order was refunded" not in said
