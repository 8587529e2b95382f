"""News and offers: agreed to by a box that nobody ticked before, proven by a row, ended by anybody's one click."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask

from storefront.buyers.account.change_address import move_customer
from storefront.buyers.account.erase import erase_address
from storefront.buyers.account.export import export_address
from storefront.buyers.library.news import news_token
from storefront.buyers.offers.agree import say_offers
from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.customers.models import Customer
from storefront.customers.offers import ConsentPlace, Said, set_offers
from tests.support.left import answer, begin, remind
from tests.support.people import OWNER, make_person, sign_in_at_admin
from tests.support.rows import read_rows
from tests.support.sale import sell, take_free
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, Shop, post_event
from tests.support.sign_in import mailed_proof, signed_in

SAID = "SELECT agrees, place, words FROM offer_consents ORDER BY id"
WANTS = "SELECT email FROM customers WHERE wants_offers_since IS NOT NULL"
BOX = 'name="agrees" type="checkbox" value="1" required>'
EVE = "eve@example.com"


def said(app: Flask) -> list[tuple[bool, str]]:
    return [(bool(row["agrees"]), row["place"]) for row in read_rows(app, SAID)]


def make_customer(app: Flask, email: str = ADA) -> int:
    with app.app_context(), transaction() as session:
        customer = Customer(mode="sandbox", email=email, email_key=email)
        session.add(customer)
        session.flush()
        return customer.id


def token_of(app: Flask, customer_id: int) -> str:
    with app.app_context():
        token = news_token(db.session.get_one(Customer, customer_id))
        db.session.remove()
    return token


def test_asks_on_the_page_of_an_order_and_takes_no_silence_for_a_yes(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    action = f"{sale.link}/offers"
    assert BOX in sale.buyer.land(sale.session_id).text
    assert "Tick the box" in sale.buyer.client.get(sale.buyer.post(action).location).text
    assert said(app) == []
    for _ in range(2):
        assert sale.buyer.post("/de" + action, agrees="1").location.endswith(sale.link)
    (row,) = read_rows(app, SAID)
    assert row["words"].startswith("Schicken Sie mir Neuigkeiten und Angebote von Test Shop")
    page = sale.order_page()
    assert BOX not in page
    assert "Stop news and offers" in page
    sale.buyer.post(action, stops="1")
    assert said(app) == [(True, "order_page"), (False, "order_page")]
    assert Buyer(app).client.post(action, data={"agrees": "1"}).status_code == 400  # no form of ours sent it
    assert sale.buyer.post("/orders/" + "0" * 32 + "/offers", agrees="1").status_code == 404


def test_does_not_ask_who_only_typed_an_address(app: Flask, sandbox: SandboxClient) -> None:
    sale = take_free(app, sandbox)
    assert BOX not in sale.order_page()
    sale.buyer.post(f"{sale.link}/offers", agrees="1")
    assert said(app) == []


@pytest.mark.parametrize(("consent", "kept"), [("opt_in", [(True, "checkout")]), ("opt_out", [])])
def test_keeps_what_was_ticked_on_stripes_page_once(
    app: Flask, sandbox: SandboxClient, consent: str, kept: list[Any]
) -> None:
    remind(app)
    buyer, session_id = begin(app)
    answer(sandbox, session_id, consent=consent)
    sandbox.pay(session_id)
    buyer.land(session_id)
    assert said(app) == kept
    customer_id = read_rows(app, "SELECT id FROM customers")[0]["id"]
    with app.test_request_context():
        say_offers(customer_id, ConsentPlace.ACCOUNT, agrees=False)
    for event in sandbox.read("events")["data"]:
        if event["type"].startswith("checkout"):
            assert post_event(app, event).status_code == 200
    assert read_rows(app, WANTS) == []


def test_ends_by_the_post_of_a_mail_program_and_comes_back_by_the_box_only(app: Flask) -> None:
    customer_id = make_customer(app)
    address, reader = f"/offers/{token_of(app, customer_id)}", Buyer(app)
    with app.test_request_context():
        assert say_offers(customer_id, ConsentPlace.ACCOUNT, agrees=True)
    page = reader.get(address)
    assert (page.status_code, page.headers["X-Robots-Tag"]) == (200, "noindex")
    assert said(app) == [(True, "account")]  # opening changes nothing
    for _ in range(2):
        posted = reader.client.post(address, data={"List-Unsubscribe": "One-Click"}, base_url=reader.base_url)
        assert (posted.status_code, posted.data) == (200, b"")
    assert said(app)[1:] == [(False, "email_link")]
    assert "You get no news and offers" in reader.get(address).text
    reader.post(address, agrees="1")
    assert said(app)[2:] == [(True, "email_link")]
    assert reader.get("/offers/1-" + "0" * 32).status_code == 404


def test_forgets_a_yes_that_is_older_than_the_last_no(app: Flask) -> None:
    customer_id, now = make_customer(app), clock.now()
    with app.test_request_context():
        for agrees in (True, False):
            say_offers(customer_id, ConsentPlace.ACCOUNT, agrees=agrees)
        for at, counts in ((now - timedelta(hours=1), False), (clock.now() + timedelta(hours=1), True)):
            with transaction() as session:
                late = Said(place=ConsentPlace.CHECKOUT, at=at)
                assert set_offers(session, customer_id, late, agrees=True) is counts


def test_knows_it_when_two_buyers_become_one_and_when_one_is_erased(app: Flask, sandbox: SandboxClient) -> None:
    """A yes is for its address, a no for the person."""
    for email, answers in ((ADA, (True,)), (EVE, (True, False))):
        sell(app, sandbox, email=email)
        for agrees in answers:
            with app.test_request_context():
                row = read_rows(app, "SELECT id FROM customers WHERE email = :email", email=email)[0]
                say_offers(row["id"], ConsentPlace.ACCOUNT, agrees=agrees)
    with app.test_request_context():
        move_customer(EVE, ADA)
        told = export_address(ADA)["news_and_offers"]
        assert [(each["agrees"], each["where"]) for each in told] == [
            (True, "account"), (True, "account"), (False, "account"), (False, "merged"),
        ]  # fmt: skip
        assert told[0]["words"] == "Email me news and offers from Test Shop. I can stop these emails at any time."
        say_offers(read_rows(app, "SELECT id FROM customers WHERE email = :e", e=ADA)[0]["id"],
                   ConsentPlace.ACCOUNT, agrees=True)  # fmt: skip
        erase_address(ADA)
    assert read_rows(app, "SELECT id FROM customers WHERE wants_offers_since IS NOT NULL") == []
    (erased,) = read_rows(app, "SELECT id FROM customers WHERE erased_at IS NOT NULL")
    with app.test_request_context():
        assert not say_offers(erased["id"], ConsentPlace.EMAIL_LINK, agrees=True)


@pytest.mark.parametrize(("new", "wants"), [(EVE, False), (ADA.title(), True)])
def test_takes_no_yes_along_to_an_address_that_only_the_owner_names(app: Flask, new: str, wants: bool) -> None:
    customer_id = make_customer(app)
    with app.test_request_context():
        say_offers(customer_id, ConsentPlace.ACCOUNT, agrees=True)
        move_customer(ADA, new)
        assert bool(read_rows(app, WANTS)) is wants
        if not wants:
            assert say_offers(customer_id, ConsentPlace.ACCOUNT, agrees=True)  # by who reads it there
    assert said(app) == [(True, "account")] + ([] if wants else [(False, "moved"), (True, "account")])


@pytest.mark.parametrize("moves", [(ADA, EVE), (ADA, "eev@example.com", EVE)])
def test_leaves_the_yes_of_an_address_alone_to_which_the_owner_moves_another_buyer(
    app: Flask, moves: tuple[str, ...]
) -> None:
    with app.test_request_context():
        for email in (ADA, EVE):
            say_offers(make_customer(app, email), ConsentPlace.ACCOUNT, agrees=True)
        for old, new in pairwise(moves):
            move_customer(old, new)
    assert read_rows(app, WANTS) == [{"email": EVE}]


def test_lets_a_no_count_for_the_person_whose_address_was_corrected_before(app: Flask) -> None:
    ada_id = make_customer(app)
    with app.test_request_context():
        say_offers(ada_id, ConsentPlace.ACCOUNT, agrees=True)
        say_offers(make_customer(app, EVE), ConsentPlace.ACCOUNT, agrees=True)
        move_customer(ADA, "eev@example.com")
        for agrees in (True, False):
            say_offers(ada_id, ConsentPlace.ACCOUNT, agrees=agrees)
        move_customer("eev@example.com", EVE)
    assert read_rows(app, WANTS) == []


def test_takes_a_yes_along_when_the_buyer_has_proven_both_addresses(shop: Shop) -> None:
    customer_id = make_customer(shop.app)
    with shop.app.test_request_context():
        say_offers(customer_id, ConsentPlace.ACCOUNT, agrees=True)
    buyer = signed_in(shop.app)
    buyer.post("/account/address", new_email=EVE)
    for email in (ADA, EVE):
        buyer.post(mailed_proof(shop, email)[1])
    assert read_rows(shop.app, WANTS) == [{"email": EVE}]


def test_lets_the_owner_end_them_and_never_begin_them(app: Flask) -> None:
    customer_id = make_customer(app)
    browser = sign_in_at_admin(app, make_person(app, OWNER))
    page = f"/admin/buyers?email={ADA}"
    assert "Not agreed" in browser.get(page).text
    with app.test_request_context():
        say_offers(customer_id, ConsentPlace.ACCOUNT, agrees=True)
    assert "Stop news and offers" in browser.get(page).text
    for _ in range(2):
        assert browser.post("/admin/buyers/stop-offers", email=ADA).status_code == 303
    assert said(app)[1:] == [(False, "owner")]
    told = read_rows(app, "SELECT actor FROM audit_entries WHERE verb = 'customer.offers_stopped'")
    assert told == [{"actor": OWNER}]
    assert browser.post("/admin/buyers/stop-offers", email="nobody@example.com").status_code == 404
