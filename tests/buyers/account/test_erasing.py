"""Erased is erased: in every table, for every later event, on every page, whatever happens at the same moment."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.buyers.account.change_address import move_customer
from storefront.buyers.account.erase import NotYet
from storefront.buyers.library.resend import resend
from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.customers.browser_session import find_customer
from storefront.customers.models import Customer
from storefront.orders.queries import lock_order
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from tests.buyers.account.customers import erase, everything
from tests.delivery.licenses.licensed import ask
from tests.delivery.licenses.pools import bring, make_pool
from tests.support.databases import BOTH
from tests.support.rows import read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, Shop, keys_on
from tests.support.sign_in import mailed_proof, signed_in

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@both
@pytest.mark.parametrize("name", ["adalovelace", "ärnejönsson"])
def test_leaves_no_row_that_names_the_buyer_whatever_came_before_and_comes_after(
    shop: Shop, sandbox: SandboxClient, name: str
) -> None:
    app = shop.app
    sale = sell(app, sandbox, email=f"{name.title()}@example.com", name=f"{name.title()} Lovelace")
    shop.work()
    sale.buyer.post(f"{sale.link}/receipt")
    ask(app, "activate", license_key=sale.keys[0], instance_name=f"{name}'s laptop", fingerprint=f"{name}-1")
    with app.app_context():
        resend(sale.session_id, to=f"{name}2@example.com")
        move_customer(f"{name}2@example.com", f"{name}3@example.com")
        db.session.remove()
    if name.isascii():  # Flask-Mail has no mail for the other
        signed_in(app, f"{name}3@example.com").post("/account/address", new_email=f"{name}4@example.com")
    erase(app, f"{name}3@example.com")
    sale.refund()
    sale.deliver("charge.refunded", "refund.")
    with app.app_context():
        fulfill_checkout(sale.session_id, Look.NOW)
        db.session.remove()
    shop.work()
    assert [text for text in everything(app) if name in text.lower()] == []
    assert read_rows(app, "SELECT state FROM outbox WHERE state = 'queued'") == []


def test_takes_the_page_after_paying_away_too(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, email="ada@example.com")
    erase(app, "ada@example.com")
    for browser in (sale.buyer, Buyer(app)):
        page = browser.land(sale.session_id)
        assert (page.status_code, keys_on(page.text), sale.link in page.text) == (404, [], False)


def test_erases_nobody_yet_who_has_a_key_to_come(app: Flask, sandbox: SandboxClient) -> None:
    make_pool(app)
    bring(app, ["IMPORTED-KEY-0000"])
    sell(app, sandbox, email="eve@example.com")
    sell(app, sandbox, email="ada@example.com")
    with pytest.raises(NotYet, match=r"still to follow\. This can be erased when"):
        erase(app, "ada@example.com")
    bring(app, ["IMPORTED-KEY-0001"])
    erase(app, "ada@example.com")


def test_ends_the_link_of_a_change_that_was_under_way(shop: Shop, sandbox: SandboxClient) -> None:
    sell(shop.app, sandbox, email="ada@example.com")
    signed_in(shop.app).post("/account/address", new_email="new@example.com")
    link = mailed_proof(shop, "new@example.com")[1]
    erase(shop.app, "ada@example.com")
    assert Buyer(shop.app).post(link).location == link
    assert "This link has expired" in Buyer(shop.app).get(link).text


@pytest.mark.parametrize("engine", BOTH[1:], indirect=True)
def test_makes_the_customer_of_an_order_under_way_anew(app: Flask, sandbox: SandboxClient) -> None:
    """The erasing has locked the customer when the sale wants to add its order."""
    sell(app, sandbox, email="ada@example.com")
    buyer = Buyer(app)
    buyer.add("twinspot")
    sandbox.pay(session_id := buyer.check_out(), email="ada@example.com", name="Ada Lovelace")
    with app.app_context():
        customer = find_customer("ada@example.com")
        assert customer is not None
        with transaction() as session:
            session.execute(select(Customer.id).where(Customer.id == customer.id).with_for_update())
            landing = threading.Thread(target=buyer.land, args=(session_id,))
            landing.start()
            assert_waits_for_a_lock(app)
            locked = session.get_one(Customer, customer.id)
            locked.email, locked.email_key, locked.erased_at = "", "erased:1", clock.now()
        landing.join(20)
        db.session.remove()
    rows = read_rows(
        app, "SELECT c.email, c.erased_at FROM orders o JOIN customers c ON c.id = o.customer_id ORDER BY o.id"
    )
    assert (rows[1]["email"], rows[1]["erased_at"]) == ("ada@example.com", None)


@pytest.mark.parametrize("engine", BOTH[1:], indirect=True)
def test_lets_erasing_and_a_look_at_the_same_order_wait_for_each_other(app: Flask, sandbox: SandboxClient) -> None:
    """Both lock the order first: a look then locks the customer."""
    sale = sell(app, sandbox, email="ada@example.com")
    failed: list[BaseException] = []

    def erase_it() -> None:
        try:
            erase(app, "ada@example.com")
        except BaseException as error:  # noqa: BLE001 - handed to the test
            failed.append(error)

    with app.app_context():
        with transaction() as session:
            order = lock_order(session, sale.session_id)
            assert order is not None
            erasing = threading.Thread(target=erase_it)
            erasing.start()
            assert_waits_for_a_lock(app)
            session.execute(select(Customer.id).where(Customer.id == order.customer_id).with_for_update())
        erasing.join(20)
        db.session.remove()
    assert failed == []
    assert read_rows(app, "SELECT email FROM orders") == [{"email": ""}]


def assert_waits_for_a_lock(app: Flask) -> None:
    def ask() -> list[dict[str, Any]]:
        return read_rows(app, "SELECT 1 FROM pg_locks WHERE NOT granted")

    waiting: list[Any] = []

    def look() -> None:
        end = time_until(10)
        while not waiting and clock.now() < end:
            waiting.extend(ask())

    looking = threading.Thread(target=look)  # a thread has a session of its own
    looking.start()
    looking.join(15)
    assert waiting


def time_until(seconds: int) -> Any:
    return clock.now() + timedelta(seconds=seconds)
