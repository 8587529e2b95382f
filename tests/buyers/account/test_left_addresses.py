"""An address that somebody has left: what they wait for comes along, nothing goes there, and no row keeps it."""

from typing import Any

import pytest
from flask import Flask

from storefront.buyers.account.change_address import move_customer
from storefront.buyers.account.export import export_address
from storefront.buyers.availability.tell import tell_waiting
from storefront.core.db import db, transaction
from storefront.mail import outbox
from storefront.mail.models import MailKind
from tests.buyers.account.customers import erase, everything
from tests.buyers.availability.asking import AVAILABLE, OURS, ROWS, ask, confirmed, switch, work
from tests.support.databases import BOTH
from tests.support.left import deliver, leave, remind, reminders, work_later
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, Shop, run_worker_once
from tests.support.sign_in import ask_for_code, mailed_proof, make_customer, signed_in

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
EVE, MALLORY = "eve@example.com", "mallory@example.com"


def move(app: Flask, old: str = ADA, new: str = EVE) -> None:
    with app.test_request_context():
        move_customer(old, new)
        db.session.remove()


def named_by(app: Flask, email: str) -> list[str]:
    return [text for text in everything(app) if email in text.lower()]


@both
def test_tells_the_new_address_once_of_what_the_old_one_waited_for(app: Flask, mailbox: Any) -> None:
    make_customer(app)
    switch(app, is_on=False)
    link = confirmed(app, mailbox)
    move(app)
    with app.app_context():
        (wanted,) = export_address(EVE)["wants_to_hear_of"]
        db.session.remove()
    assert (wanted["email"], bool(wanted["confirmed_at"])) == (EVE, True)
    assert Buyer(app).get(link).status_code == 200
    switch(app, is_on=True)
    work(app)
    work(app)
    assert [(mail["subject"], mail["to"]) for mail in mailbox.messages()] == [(AVAILABLE, [EVE])]
    erase(app, EVE)
    assert named_by(app, ADA) + named_by(app, EVE) == []


def test_does_so_when_the_buyer_changes_the_address(shop: Shop, mailbox: Any) -> None:
    app = shop.app
    make_customer(app)
    switch(app, is_on=False)
    confirmed(app, mailbox)
    buyer = signed_in(app)
    buyer.post("/account/address", new_email=EVE)
    for email in (ADA, EVE):
        buyer.post(mailed_proof(shop, email)[1])
    assert [row["email"] for row in read_rows(app, ROWS)] == [EVE]
    erase(app, EVE)
    assert named_by(app, ADA) == []


@both
def test_writes_once_where_both_addresses_wait(app: Flask, mailbox: Any) -> None:
    make_customer(app)
    switch(app, is_on=False)
    confirmed(app, mailbox)
    confirmed(app, mailbox, EVE)
    move(app)
    switch(app, is_on=True)
    work(app)
    assert [mail["to"] for mail in mailbox.messages()] == [[EVE]]
    assert read_rows(app, ROWS) == []


def test_waits_on_though_the_new_address_was_told_of_an_earlier_sale(app: Flask, mailbox: Any) -> None:
    """That email has left, and its row is forgotten within the hour."""
    make_customer(app)
    switch(app, is_on=False)
    confirmed(app, mailbox, EVE)
    switch(app, is_on=True)
    with app.app_context():
        tell_waiting()
        db.session.remove()
    run_worker_once(app)
    switch(app, is_on=False)
    confirmed(app, mailbox)
    mailbox.clear()
    move(app)
    switch(app, is_on=True)
    work(app)
    assert [mail["to"] for mail in mailbox.messages()] == [[EVE]]


def test_lets_what_was_confirmed_count_where_a_stranger_typed_the_other_address(app: Flask, mailbox: Any) -> None:
    make_customer(app)
    switch(app, is_on=False)
    confirmed(app, mailbox)
    ask(app, EVE)
    move(app)
    (row,) = read_rows(app, ROWS)
    assert (row["email"], row["confirmed_at"] is not None) == (EVE, True)


def test_forgets_what_nobody_confirmed(app: Flask, mailbox: Any) -> None:
    make_customer(app)
    switch(app, is_on=False)
    ask(app)
    move(app)
    work(app)
    assert (read_rows(app, ROWS), mailbox.messages()) == ([], [])
    assert named_by(app, ADA) == []


def test_sends_what_was_promised_and_has_not_left_to_the_new_address(app: Flask, mailbox: Any) -> None:
    make_customer(app)
    switch(app, is_on=False)
    confirmed(app, mailbox)
    switch(app, is_on=True)
    with app.app_context():
        assert tell_waiting() == 1
    move(app)
    work(app)
    assert [mail["to"] for mail in mailbox.messages()] == [[EVE]]
    assert {row["recipient"] for row in read_rows(app, OURS)} == {""}  # the old promise, and the one that has left


def test_keeps_a_request_through_another_spelling_of_the_same_address(app: Flask, mailbox: Any) -> None:
    make_customer(app)
    switch(app, is_on=False)
    confirmed(app, mailbox)
    move(app, ADA, ADA.title())
    assert [row["email"] for row in read_rows(app, ROWS)] == [ADA.title()]


@both
def test_is_reminded_of_nothing_at_an_address_that_was_left(
    app: Flask, sandbox: SandboxClient, mailbox: Any
) -> None:
    """Stripe tells of the checkout a day later, when nobody would find the old address any more."""
    make_customer(app)
    remind(app)
    leave(app, sandbox)
    move(app)
    erase(app, EVE)
    deliver(app, sandbox)
    work_later(app)
    assert (reminders(app), mailbox.messages(), named_by(app, ADA)) == ([], [], [])


def test_is_reminded_at_the_same_address_in_another_spelling(app: Flask, sandbox: SandboxClient) -> None:
    make_customer(app)
    remind(app)
    leave(app, sandbox)
    move(app, ADA, ADA.title())
    deliver(app, sandbox)
    assert len(reminders(app)) == 1


def test_keeps_no_code_that_was_mailed_to_an_address_that_was_left(app: Flask) -> None:
    make_customer(app)
    ask_for_code(app)
    move(app)
    erase(app, EVE)
    assert named_by(app, ADA) == []


def test_finds_what_was_sent_and_begun_at_each_address_of_who_moved_twice(app: Flask) -> None:
    for email in (ADA, EVE, MALLORY):
        make_customer(app, email)
    signed_in(app).post("/account/address", new_email="nobody@example.com")
    with app.app_context(), transaction() as session:
        outbox.promise(
            session, kind=MailKind.BROADCAST, order_id=None, mode="sandbox", recipient=ADA, about="1:1", hold=False
        )
    move(app, ADA, EVE)
    move(app, EVE, MALLORY)
    erase(app, MALLORY)
    assert named_by(app, ADA) + named_by(app, "nobody@example.com") == []
