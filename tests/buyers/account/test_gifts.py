"""A gift belongs to two people: what one of them takes away, moves or corrects leaves the other's alone."""

from typing import Any

from flask import Flask

from storefront.buyers.account.change_address import move_customer
from storefront.buyers.account.erase import erase_address
from storefront.core.db import db
from storefront.delivery.gift_changes import correct_receiver
from tests.support.gifts import ROSA, give, hand_over, received_link
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, keys_on

ROSE = "rose@example.org"


def inside(app: Flask, act: Any, *words: str) -> None:
    with app.app_context():
        act(*words)
        db.session.remove()


def test_stays_with_its_receiver_when_the_giver_is_erased(
    app: Flask, sandbox: SandboxClient, mailbox: Any
) -> None:
    sale = give(app, sandbox)
    hand_over(app)
    inside(app, erase_address, ADA)
    page = Buyer(app).get(received_link(sale)).text
    assert keys_on(page)
    assert "Ada" not in page
    assert Buyer(app).get(sale.link).status_code == 404
    assert read_rows(app, "SELECT recipient FROM outbox WHERE kind = 'gift'") == [{"recipient": ROSA}]


def test_leaves_the_giver_the_receipt_when_the_receiver_is_erased(app: Flask, sandbox: SandboxClient) -> None:
    sale = give(app, sandbox)
    hand_over(app)
    link = received_link(sale)
    inside(app, erase_address, ROSA)
    assert Buyer(app).get(link).status_code == 404
    assert "A gift. It was sent." in sale.order_page()
    assert sale.buyer.get(f"{sale.link}/receipt").status_code == 200
    assert ROSA not in str(read_rows(app, "SELECT * FROM gifts") + read_rows(app, "SELECT recipient FROM outbox"))


def test_moves_with_its_receiver_and_is_corrected_by_the_shop(
    app: Flask, sandbox: SandboxClient, mailbox: Any
) -> None:
    sale = give(app, sandbox)
    hand_over(app)
    link = received_link(sale)
    inside(app, move_customer, ROSA, ROSE)
    assert ROSE in Buyer(app).get(link).text
    number = read_rows(app, "SELECT number FROM orders")[0]["number"]
    for _ in range(2):
        inside(app, correct_receiver, number, "rosalie@example.org")
    hand_over(app)
    assert Buyer(app).get(link).status_code == 404
    assert keys_on(Buyer(app).get(received_link(sale)).text)
    assert sorted(mail["to"] for mail in mailbox.messages()) == [[ROSA], ["rosalie@example.org"]]
    assert keys_on(sale.order_page()) == []
