"""What nobody else can do with an address: take its orders by a click, end it with a foreign code, keep it out."""

import logging
import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.core.email_addresses import is_address
from storefront.core.logs import set_up_logs
from storefront.worker import forget_hourly
from tests.support.rows import read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, Shop, keys_on
from tests.support.sign_in import mailed_proof, newest_code, signed_in

EVE, ADA = "eve@example.com", "ada@example.com"


@pytest.mark.parametrize("is_customer", [True, False], ids=["who bought", "who buys later"])
def test_lets_nobody_else_in_by_a_click_on_this_is_my_address(
    shop: Shop, sandbox: SandboxClient, is_customer: bool
) -> None:
    app = shop.app
    first = sell(app, sandbox, email=ADA) if is_customer else None
    sell(app, sandbox, ("gridling", ""), email=EVE, payment_method=None)
    eve = signed_in(app, EVE)
    eve.post("/account/address", new_email=ADA)
    code, link = mailed_proof(shop, EVE)[0], mailed_proof(shop, ADA)[1]
    ada = Buyer(app)
    assert EVE in ada.get(link).text  # who wants it
    ada.post(link)
    assert eve.post("/account/address/old", code=code).location == "/sign-in"
    sale = first or sell(app, sandbox, email=ADA)
    for path in ("/library", "/account", "/account/export.json"):
        assert eve.get(path).location == "/sign-in"
    assert set(keys_on(signed_in(app, ADA).get("/library").text)) >= set(sale.keys)


def test_names_both_addresses_in_both_mails_and_pages(shop: Shop, sandbox: SandboxClient) -> None:
    sell(shop.app, sandbox, email=ADA)
    signed_in(shop.app).post("/account/address", new_email="new@example.com")
    for email, other in ((ADA, "new@example.com"), ("new@example.com", ADA)):
        link = mailed_proof(shop, email)[1]
        text = next(str(mail["text"]) for mail in shop.mails(to=email) if "is your code" in mail["subject"])
        assert other in text
        assert other in Buyer(shop.app).get(link).text


def test_erases_by_a_code_only_who_asked_for_it(shop: Shop, sandbox: SandboxClient) -> None:
    for email in (ADA, EVE):
        sell(shop.app, sandbox, email=email)
    browser = signed_in(shop.app, ADA)
    browser.post("/account/erase")
    code = mailed_proof(shop, ADA)[0]
    with browser.client.session_transaction(base_url=browser.base_url) as kept:
        begun = kept["erase"]
    browser.post("/sign-out")
    browser.post("/sign-in", email=EVE)
    browser.post("/sign-in/code", code=newest_code(shop, EVE))
    assert browser.get("/account/erase").location == "/account"
    with browser.client.session_transaction(base_url=browser.base_url) as kept:
        kept["erase"] = begun
    assert browser.post("/account/erase/code", code=code).status_code == 400
    rows = read_rows(shop.app, "SELECT email FROM customers WHERE erased_at IS NULL ORDER BY email")
    assert [row["email"] for row in rows] == [ADA, EVE]


def test_keeps_nobody_out_for_whom_somebody_else_asks(shop: Shop, sandbox: SandboxClient) -> None:
    sale = sell(shop.app, sandbox, email=ADA)
    before = len(shop.mails(to=ADA))
    for number in range(12):
        Buyer(shop.app, address=f"10.0.0.{number}").post("/sign-in", email=ADA)
    shop.work()
    assert len(shop.mails(to=ADA)) <= before + 6  # five, and the receipt
    ada = Buyer(shop.app)
    ada.post("/sign-in", email=ADA)
    ada.post("/sign-in/code", code=newest_code(shop, ADA))
    assert keys_on(ada.get("/library").text) == sale.keys
    ada.post("/account/erase")
    assert mailed_proof(shop, ADA)[1]  # of another purpose: counted apart


def test_takes_away_no_code_that_came_when_it_is_sent_again(shop: Shop, sandbox: SandboxClient) -> None:
    sell(shop.app, sandbox, email=ADA)
    buyer = Buyer(shop.app)
    with time_machine.travel(clock.now(), tick=True) as clocks:
        for _ in range(7):
            assert buyer.post("/sign-in", email=ADA).location == "/sign-in/code"
            clocks.shift(61)
        assert buyer.post("/sign-in/code", code=newest_code(shop, ADA)).location == "/library"


def test_says_in_a_sentence_that_there_are_too_many_changes_to_one_address(
    shop: Shop, sandbox: SandboxClient
) -> None:
    sell(shop.app, sandbox, email=EVE)
    eve = signed_in(shop.app, EVE)
    with time_machine.travel(clock.now(), tick=True) as clocks:
        for _ in range(5):
            assert eve.post("/account/address", new_email=ADA).status_code == 303
            clocks.shift(61)
        refused = eve.post("/account/address", new_email=ADA)
        shop.work()
    assert (refused.status_code, "try again tomorrow" in refused.text) == (429, True)
    assert len(read_rows(shop.app, "SELECT id FROM address_changes")) == 5
    assert len([mail for mail in shop.mails(to=ADA) if "is your code" in mail["subject"]]) == 5


@pytest.mark.parametrize(
    "text",
    ["x0<ada@example.com>", "ada@example.com,eve@example.com", "a;b@example.com", "(x)ada@example.com",
     '"a"@example.com', "a@b@example.com", "ada@[127.0.0.1]", "ada@example.com\r\nBcc: eve@example.com"],
)  # fmt: skip
def test_takes_one_address_for_one_reader(text: str) -> None:
    assert not is_address(text)


@pytest.mark.parametrize(
    "text", ["ada@example.com", "ada+shop@mail.example.co.uk", "ärne@exämple.com", " a@b.cd "]
)
def test_takes_ordinary_addresses(text: str) -> None:
    assert is_address(text)


def test_sends_a_code_to_the_mailbox_that_bought(shop: Shop, sandbox: SandboxClient) -> None:
    """Two spellings of one customer may be two mailboxes."""
    sell(shop.app, sandbox, email=ADA)
    stranger = Buyer(shop.app)
    stranger.post("/sign-in", email="\uff41da@example.com")
    shop.work()
    assert [mail["to"] for mail in shop.mails() if "is your code" in mail["subject"]] == [[ADA]]


def test_ends_links_in_mails_too_at_signing_out_everywhere(shop: Shop, sandbox: SandboxClient) -> None:
    sell(shop.app, sandbox, email=ADA)
    ada = signed_in(shop.app, ADA)
    Buyer(shop.app).post("/sign-in", email=ADA)
    shop.work()
    address = re.search(r"/sign-in/link/[0-9a-f]{32}", str([mail["text"] for mail in shop.mails(to=ADA)]))
    assert address
    assert ADA in Buyer(shop.app).get(address[0]).text
    ada.post("/sign-out", everywhere="1")
    reader = Buyer(shop.app)
    reader.post(address[0])
    assert reader.get("/library").location == "/sign-in"


def test_logs_no_address_where_somebody_asks_too_often(app: Flask, capfd: pytest.CaptureFixture[str]) -> None:
    set_up_logs(as_json=True)
    logging.getLogger("storefront").info("here")
    answers = [Buyer(app).post("/sign-in", email="secret.reader@example.com").status_code for _ in range(7)]
    assert answers[-1] == 429
    said = capfd.readouterr().err
    assert "here" in said
    assert "secret.reader" not in said


def test_forgets_ended_proofs_after_a_day(shop: Shop, sandbox: SandboxClient) -> None:
    sell(shop.app, sandbox, email=ADA)
    for email in (ADA, "nobody@example.com"):
        Buyer(shop.app).post("/sign-in", email=email)
    shop.work()

    def forget() -> None:
        with shop.app.app_context():
            forget_hourly()
            db.session.remove()

    with time_machine.travel(clock.now() + timedelta(hours=2), tick=True):
        forget()
        assert len(read_rows(shop.app, "SELECT id FROM address_proofs")) == 2
    with time_machine.travel(clock.now() + timedelta(days=2), tick=True):
        Buyer(shop.app).post("/sign-in", email=ADA)
        forget()
        assert len(read_rows(shop.app, "SELECT id FROM address_proofs")) == 1
    rows = read_rows(shop.app, "SELECT recipient FROM outbox WHERE kind = 'proof'")
    assert rows == [{"recipient": ADA}]
