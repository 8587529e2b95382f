"""Spellings: what is proven is the mailbox on file, not one whose name only looks or folds the same."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text

from storefront.buyers.account.change_address import move_customer
from storefront.core.db import db, transaction
from storefront.core.runtime import runtime
from storefront.customers.browser_session import find_customer
from storefront.customers.models import ProofPurpose
from storefront.customers.proofs import code_of, start_proof
from storefront.orders.customers import ensure_customer
from storefront.orders.links import order_token
from storefront.orders.models import Order
from tests.support.factories import make_order
from tests.support.rows import read_rows
from tests.support.shop import Buyer
from tests.support.sign_in import code_in, enter_code, is_in, link_in, make_customer, signed_in, waiting_mails

ALICE, MALLORY = "alice@example.com", "mallory@example.com"
OTHERS = ["Alice@example.com", "\uff41lice@example.com", "alice@EXAMPLE.com", " ALICE@example.com "]


@pytest.mark.parametrize("typed", OTHERS)
def test_asks_the_mailbox_on_file_before_an_address_is_taken(app: Flask, typed: str) -> None:
    make_customer(app, ALICE)
    make_customer(app, MALLORY)
    mallory = signed_in(app, MALLORY)
    assert mallory.post("/account/address", new_email=typed).location == "/account/address"
    assert [mail.recipient for mail in waiting_mails(app)] == [MALLORY, ALICE]


def test_is_one_buyer_in_both_spellings_of_a_domain(app: Flask) -> None:
    with app.app_context():
        with transaction() as session:
            ensure_customer(session, mode="sandbox", email="ada@b\u00fccher.example")
        for typed in ("Ada@B\u00dcCHER.example", "ada@xn--bcher-kva.example", "ada@XN--BCHER-KVA.example"):
            found = find_customer(typed)
            assert found is not None
            assert found.id == 1
        assert find_customer("ada@bucher.example") is None
        db.session.remove()
    Buyer(app).post("/sign-in", email="ada@xn--bcher-kva.example")
    (mail,) = waiting_mails(app)
    assert mail.recipient == "ada@b\u00fccher.example"


@pytest.mark.parametrize("typed", OTHERS)
def test_sends_a_code_for_signing_in_to_the_mailbox_on_file(app: Flask, typed: str) -> None:
    make_customer(app, ALICE)
    stranger = Buyer(app)
    stranger.post("/sign-in", email=typed)
    (mail,) = waiting_mails(app)
    assert mail.recipient == ALICE


def test_opens_nothing_of_who_bought_meanwhile_with_another_spelling(app: Flask) -> None:
    """Mallory reads `Alice@…`; between the mail and the code the owner of `alice@…` buys."""
    make_customer(app, MALLORY)
    mallory = signed_in(app, MALLORY)
    mallory.post("/account/address", new_email=OTHERS[0])
    leave, take = waiting_mails(app)
    assert take.recipient == OTHERS[0]
    make_customer(app, ALICE)
    for end, mail in (("new", take), ("old", leave)):
        mallory.post(f"/account/address/{end}", code=code_in(mail))
    assert "That change has expired" in mallory.get("/account").text
    rows = read_rows(app, "SELECT email, moved_to_id FROM customers ORDER BY id")
    assert [(row["email"], row["moved_to_id"]) for row in rows] == [(MALLORY, None), (ALICE, None)]


def test_signs_in_only_the_spelling_whose_code_was_mailed_before_the_first_sale(app: Flask) -> None:
    with app.app_context():
        start_proof(purpose=ProofPurpose.SIGN_IN, email=OTHERS[0])
        seed = db.session.execute(text("SELECT seed FROM address_proofs")).scalar_one()
        code = code_of(seed)
        db.session.remove()
    make_customer(app, ALICE)
    stranger = Buyer(app)
    with stranger.client.session_transaction(base_url=stranger.base_url) as kept:
        kept["proof"] = 1
    assert not enter_code(stranger, code)
    assert not is_in(stranger)
    assert waiting_mails(app) == []


def test_puts_no_mailbox_on_file_that_only_looks_alike(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        ensure_customer(session, mode="sandbox", email=OTHERS[1])
    assert read_rows(app, "SELECT email FROM customers") == [{"email": ALICE}]


def test_asks_the_mailbox_on_file_before_erasing(app: Flask) -> None:
    make_customer(app, ALICE)
    alice = signed_in(app, ALICE)
    alice.post("/account/erase")
    (mail,) = waiting_mails(app)
    with app.app_context(), transaction() as session:
        session.execute(text("UPDATE customers SET email = 'Alice@example.com'"))
    assert "has expired" in alice.post("/account/erase/code", code=code_in(mail)).text
    Buyer(app).post(link_in(mail))
    assert read_rows(app, "SELECT erased_at FROM customers") == [{"erased_at": None}]


def test_sends_an_orders_code_to_the_mailbox_on_file(app: Flask) -> None:
    runtime(app).settings = replace(runtime(app).settings, order_page_code=True)
    order_id = make_order(app)
    with app.app_context():
        token = order_token(db.session.get_one(Order, order_id))
        db.session.remove()
        with transaction() as session:
            session.execute(text("UPDATE orders SET email = upper(email)"))
    buyer = Buyer(app)
    buyer.post(f"/orders/{token}/code")
    (mail,) = waiting_mails(app)
    assert [{"email": mail.recipient}] == read_rows(app, "SELECT email FROM customers")
    assert buyer.post(f"/orders/{token}/code/check", code=code_in(mail)).location == f"/orders/{token}"
    assert buyer.get(f"/orders/{token}").status_code == 200


def test_lets_the_owner_correct_a_spelling(app: Flask) -> None:
    make_customer(app, ALICE)
    with app.app_context():
        move_customer(ALICE, OTHERS[0])
        customer = find_customer(ALICE)
        assert customer is not None
        assert customer.email == OTHERS[0]
        db.session.remove()
