"""ORDER_PAGE_CODE: a browser that did not buy types a mailed code before it sees keys and downloads."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import requests
import time_machine
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from storefront.buyers.account.erase import erase_address
from storefront.buyers.library import open_order
from storefront.core import clock, tokens
from storefront.core.config.settings import Settings
from storefront.core.db import db, transaction
from storefront.customers import signed_in_browsers
from storefront.customers.models import SignIn
from storefront.customers.proofs import Proof
from storefront.orders.gift_links import Opened
from storefront.payments.checkout.payment_links import create_link
from tests.races.waiting import count_in_line, in_app
from tests.support.databases import BOTH
from tests.support.rows import read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, Shop, keys_on, wait_for
from tests.support.sign_in import enter_code, mailed_proof, newest_code, signed_in

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, order_page_code=True)


def test_asks_the_browser_that_paid_for_no_code(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, email=ADA)
    assert keys_on(sale.order_page()) == sale.keys
    assert keys_on(signed_in(app).get(sale.link).text) == sale.keys


def test_shows_another_browser_nothing_before_the_code(shop: Shop, sandbox: SandboxClient) -> None:
    sale = sell(shop.app, sandbox, email=ADA)
    other = Buyer(shop.app)
    code_page = f"{sale.link}/code"
    for path in ("", "/licenses/1/license-file", "/stripe-receipt", "/receipt", "/receipt.pdf"):
        assert other.get(sale.link + path).location == code_page
    assert other.client.get(sale.downloads[0], base_url=other.base_url).location == code_page
    assert other.post(f"{sale.link}/receipt").location == code_page
    asked = other.get(code_page)
    assert ADA not in asked.text
    assert other.post(code_page).location == code_page
    code, _link = mailed_proof(shop, ADA)
    assert ADA not in other.get(code_page).text
    wrong = other.post(f"{code_page}/check", code="AAAA-AAAA")
    assert (wrong.status_code, "check each letter" in wrong.text) == (400, True)
    assert other.post(f"{code_page}/check", code=code).location == sale.link
    assert keys_on(other.get(sale.link).text) == sale.keys
    assert re.match("/downloads/file/", other.client.get(sale.downloads[0], base_url=other.base_url).location)
    assert other.get(code_page).location == sale.link


def test_opens_for_the_browser_in_which_the_link_of_the_mail_is_pressed(
    shop: Shop, sandbox: SandboxClient
) -> None:
    sale = sell(shop.app, sandbox, email=ADA)
    Buyer(shop.app).post(f"{sale.link}/code")
    _code, link = mailed_proof(shop, ADA)
    phone = Buyer(shop.app)
    assert "Open the order" in phone.get(link).text
    assert phone.get(sale.link).location == f"{sale.link}/code"
    assert phone.post(link).location == sale.link
    assert keys_on(phone.get(sale.link).text) == sale.keys


def test_opens_no_other_order_by_the_code_of_one(shop: Shop, sandbox: SandboxClient) -> None:
    first = sell(shop.app, sandbox, email=ADA)
    second = sell(shop.app, sandbox, email="eve@example.com")
    other = Buyer(shop.app)
    other.post(f"{first.link}/code")
    code, _link = mailed_proof(shop, ADA)
    assert other.post(f"{second.link}/code/check", code=code).location == f"{second.link}/code"
    other.post(f"{first.link}/code/check", code=code)
    assert other.get(second.link).location == f"{second.link}/code"


def test_shows_keys_on_the_page_after_paying_to_the_browser_that_paid_only(
    app: Flask, sandbox: SandboxClient
) -> None:
    sale = sell(app, sandbox, email=ADA)
    other = Buyer(app)
    page = other.land(sale.session_id)
    assert (keys_on(page.text), sale.link in page.text, "Email me the link" in page.text) == ([], False, True)
    assert other.get(sale.link).location == f"{sale.link}/code"
    assert keys_on(sale.buyer.land(sale.session_id).text) == sale.keys


def test_asks_who_pays_by_a_payment_link_for_no_code_when_they_land(app: Flask, sandbox: SandboxClient) -> None:
    """They have not been here before."""
    with app.app_context():
        url = create_link(["twinspot/Personal"]).url
        db.session.remove()
    visit = requests.get(url, allow_redirects=False, timeout=60)
    session_id = visit.headers["Location"].rpartition("/")[2]
    sandbox.pay(session_id, email=ADA)
    buyer, later = Buyer(app), Buyer(app)
    page = buyer.land(session_id).text
    link = re.search(r"/orders/[0-9a-f]{32}", page)
    assert link
    assert len(keys_on(page)) == 1
    assert keys_on(buyer.get(link[0]).text) == keys_on(page)
    with time_machine.travel(clock.now() + timedelta(minutes=31), tick=True):
        assert keys_on(later.land(session_id).text) == []


def test_fills_no_cart_again_for_strangers(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, email=ADA)
    again = sale.link.replace("/orders/", "/checkout/again/")
    assert Buyer(app).get(again).location == f"{sale.link}/code"
    assert sale.buyer.get(again).location == "/cart"


def test_mails_no_code_to_a_browser_that_is_known(shop: Shop, sandbox: SandboxClient) -> None:
    sale = sell(shop.app, sandbox, email=ADA)
    assert sale.buyer.post(f"{sale.link}/code").location == sale.link
    shop.work()
    assert [mail for mail in shop.mails(to=ADA) if "is your code" in mail["subject"]] == []


def test_closes_orders_that_codes_opened_and_the_page_after_paying_at_signing_out(
    shop: Shop, sandbox: SandboxClient
) -> None:
    sale = sell(shop.app, sandbox, email=ADA)
    other = Buyer(shop.app)
    other.post(f"{sale.link}/code")
    other.post(f"{sale.link}/code/check", code=mailed_proof(shop, ADA)[0])
    cookies = [buyer.client.get_cookie("storefront_session", domain="127.0.0.1") for buyer in (other, sale.buyer)]
    for buyer in (other, sale.buyer):
        assert keys_on(buyer.get(sale.link).text) == sale.keys
        buyer.post("/sign-out")
        assert buyer.get(sale.link).location == f"{sale.link}/code"
        assert keys_on(buyer.land(sale.session_id).text) == []
    for cookie in cookies:
        assert cookie
        thief = Buyer(shop.app)
        thief.client.set_cookie("storefront_session", cookie.value, domain="127.0.0.1")
        assert keys_on(thief.land(sale.session_id).text) == []
        for path in (sale.link, sale.downloads[0].removeprefix(thief.base_url)):
            assert thief.client.get(path, base_url=thief.base_url).location == f"{sale.link}/code"


def test_closes_orders_in_other_browsers_at_signing_out_everywhere(shop: Shop, sandbox: SandboxClient) -> None:
    sale = sell(shop.app, sandbox, email=ADA)
    stranger = sell(shop.app, sandbox, email="eve@example.com")
    ada = signed_in(shop.app)
    page = ada.get("/account").text
    assert f"Order {number_of(sale.link, shop.app)} only" in page
    ada.post("/sign-out", everywhere="1")
    assert sale.buyer.get(sale.link).location == f"{sale.link}/code"
    assert keys_on(sale.buyer.land(sale.session_id).text) == []
    assert keys_on(stranger.buyer.get(stranger.link).text) == stranger.keys


def test_keeps_an_order_that_a_code_opened_open_through_signing_in_until_the_account_ends_it(
    shop: Shop, sandbox: SandboxClient
) -> None:
    sale = sell(shop.app, sandbox, email=ADA)
    sell(shop.app, sandbox, email="eve@example.com")
    eve = Buyer(shop.app)
    eve.post(f"{sale.link}/code")
    eve.post(f"{sale.link}/code/check", code=mailed_proof(shop, ADA)[0])
    eve.post("/sign-in", email="eve@example.com")
    eve.post("/sign-in/code", code=newest_code(shop, "eve@example.com"))
    assert eve.get("/library").status_code == 200
    assert keys_on(eve.get(sale.link).text) == sale.keys
    ada = signed_in(shop.app)
    ended = re.findall(r"/account/sessions/\d+/end", ada.get("/account").text)
    assert len(ended) == 2  # where it was paid, and Eve's
    for path in ended:
        ada.post(path)
    assert eve.get(sale.link).location == f"{sale.link}/code"
    assert eve.get("/library").status_code == 200


def number_of(link: str, app: Flask) -> str:
    token_hash = tokens.hash_token(link.rpartition("/")[2])
    return str(read_rows(app, "SELECT number FROM orders WHERE token_hash = :h", h=token_hash)[0]["number"])


def test_opens_nothing_by_a_used_link_after_signing_out(shop: Shop, sandbox: SandboxClient) -> None:
    sale = sell(shop.app, sandbox, email=ADA)
    other = Buyer(shop.app)
    other.post(f"{sale.link}/code")
    _code, link = mailed_proof(shop, ADA)
    other.post(link)
    cookie = other.client.get_cookie("storefront_session", domain=urlsplit(other.base_url).hostname or "")
    assert cookie
    other.post("/sign-out")
    page = other.get(link)
    assert (page.status_code, "This link has expired" in page.text) == (404, True)
    assert other.post(link).location == link
    other.client.set_cookie("storefront_session", cookie.value, domain=cookie.domain)  # a copy of before
    pressed = other.post(link)
    assert (pressed.status_code, "This link has expired" in pressed.text) == (404, True)
    assert other.get(sale.link).location == f"{sale.link}/code"


@both
@pytest.mark.parametrize("ways", ["code", "link"])
def test_opens_an_order_by_a_double_click_whichever_answer_comes_last(
    shop: Shop, sandbox: SandboxClient, ways: str
) -> None:
    sale = sell(shop.app, sandbox, email=ADA)
    other = Buyer(shop.app)
    other.post(f"{sale.link}/code")
    code, link = mailed_proof(shop, ADA)
    address, form = (link, {}) if ways == "link" else (f"{sale.link}/code/check", {"code": code})
    token = other.csrf_token()
    cookie = other.client.get_cookie("storefront_session", domain=urlsplit(other.base_url).hostname or "")
    assert cookie

    def press(_number: int) -> Buyer:
        twin = Buyer(shop.app)
        twin.client.set_cookie("storefront_session", cookie.value, domain=cookie.domain)
        sent = {"csrf_token": token, **form}
        headers = {"Referer": twin.base_url + "/"}
        answer = twin.client.post(address, data=sent, base_url=twin.base_url, headers=headers)
        assert answer.location == sale.link
        return twin

    with ThreadPoolExecutor(4) as pool:
        twins = list(pool.map(press, range(4)))
    assert all(keys_on(twin.get(sale.link).text) == sale.keys for twin in twins)


def test_opens_an_order_by_the_same_link_beside_a_sign_in(shop: Shop, sandbox: SandboxClient) -> None:
    """One link pressed in a browser that has a token of its own, and again after signing in there."""
    sale = sell(shop.app, sandbox, email=ADA)
    sell(shop.app, sandbox, email="eve@example.com")
    eve = signed_in(shop.app, "eve@example.com")
    eve.post(f"{sale.link}/code")
    _code, link = mailed_proof(shop, ADA)
    for _twice in range(2):
        assert eve.post(link).location == sale.link
    eve.post("/sign-in", email=ADA)
    assert enter_code(eve, newest_code(shop, ADA))
    assert eve.post(link).location == sale.link
    assert keys_on(eve.get(sale.link).text) == sale.keys


def test_keeps_a_sign_in_as_the_one_row_of_its_browser(shop: Shop, sandbox: SandboxClient) -> None:
    """A row beside it would outlive it, and show the order to who signs in there next."""
    sale = sell(shop.app, sandbox, email=ADA)
    ada = signed_in(shop.app, ADA)
    Buyer(shop.app).post(f"{sale.link}/code")
    _code, link = mailed_proof(shop, ADA)
    rows = "SELECT token_hash, order_id FROM sign_ins ORDER BY id"
    before = read_rows(shop.app, rows)
    assert ada.post(link).location == sale.link
    assert read_rows(shop.app, rows) == before
    assert keys_on(ada.get(sale.link).text) == sale.keys


@pytest.mark.parametrize("engine", BOTH[1:], indirect=True)
@pytest.mark.parametrize("is_typed", [False, True])
def test_opens_while_its_buyer_is_erased(
    shop: Shop, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch, is_typed: bool
) -> None:
    """Erasing begins after the proof was locked, and before the browser is trusted."""
    sale = sell(shop.app, sandbox, email=ADA)
    buyer = Buyer(shop.app)
    buyer.post(f"{sale.link}/code")
    code, link = mailed_proof(shop, ADA)
    find_proven = open_order._find_proven
    with ThreadPoolExecutor(1) as pool:
        erased = []

        def find_and_be_erased(session: Session, proof: Proof) -> Opened | None:
            found = find_proven(session, proof)
            erased.append(pool.submit(in_app, shop.app, lambda: erase_address(ADA)))
            wait_for(lambda: count_in_line(shop.app) >= 1)
            return found

        monkeypatch.setattr(open_order, "_find_proven", find_and_be_erased)
        answer = buyer.post(f"{sale.link}/code/check", code=code) if is_typed else buyer.post(link)
        assert answer.location == sale.link
        assert erased[0].result(30).orders == 1


def test_lists_a_browser_once_that_opened_an_order_before_it_signed_in(shop: Shop, sandbox: SandboxClient) -> None:
    sale = sell(shop.app, sandbox, email=ADA)
    phone = sale.buyer
    phone.post("/sign-in", email=ADA)
    assert enter_code(phone, newest_code(shop, ADA))
    laptop = signed_in(shop.app)
    [ending] = re.findall(r"/account/sessions/\d+/end", laptop.get("/account").text)
    laptop.post(ending)
    assert phone.get("/library").status_code == 303
    assert phone.get(sale.link).location == f"{sale.link}/code"


def test_opens_an_order_again_whose_row_ended_and_is_not_forgotten_yet(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox, email=ADA)
    [row] = read_rows(app, "SELECT order_id, customer_id FROM sign_ins")
    order_id, customer_id = int(row["order_id"]), int(row["customer_id"])
    token = tokens.new_token()
    with app.app_context(), transaction() as changes:
        signed_in_browsers.begin(changes, token=token, customer_id=customer_id, order_id=order_id, browser="")
        changes.execute(update(SignIn).values(created_at=clock.now() - timedelta(days=91)))
    with app.app_context(), transaction() as changes:
        signed_in_browsers.begin(changes, token=token, customer_id=customer_id, order_id=order_id, browser="")
    with app.app_context():
        assert signed_in_browsers.find_seen_with(token, customer_id=customer_id, order_id=order_id)
        db.session.remove()
