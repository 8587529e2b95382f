"""A German buyer from the catalog to a refund, and what the owner chooses of languages."""

from typing import Any

import pytest
from flask import Flask

from storefront.buyers.library.news import news_token
from storefront.core.db import db
from storefront.core.languages import Language, speaking
from storefront.core.runtime import absolute_url
from storefront.customers.models import Customer
from storefront.orders.models import Order
from storefront.shop.pages.edit import create_page, publish_page
from storefront.shop.profile.change import ProfileRefused, change_profile
from storefront.shop.profile.languages import read_languages
from tests.delivery.downloads.clicks import status
from tests.support.people import OWNER, make_person
from tests.support.rows import read_rows
from tests.support.sale import Sale, link_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer
from tests.support.sign_in import code_in, waiting_mails

GERMAN = "de-DE,de;q=0.9,en;q=0.5"


def test_speaks_german_from_catalog_to_refund(app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    buyer = Buyer(app)
    buyer.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = GERMAN
    product = buyer.get("/products/twinspot").text
    assert '<html lang="de">' in product
    assert "19,00\xa0$" in product
    buyer.add("twinspot", "Personal")
    session_id = buyer.check_out()
    sandbox.pay(session_id)
    assert '<html lang="de">' in buyer.land(session_id).text
    sale = Sale(
        app=app,
        sandbox=sandbox,
        buyer=buyer,
        session_id=session_id,
        keys=[],
        link=link_of(app, session_id),
        downloads=[],
    )
    with app.app_context():
        assert db.session.query(Order).one().language == "de"
    sale.deliver("checkout.session.")
    sale.work()
    sale.refund()
    sale.deliver("charge.refunded")
    sale.work()
    receipt, refund = mailbox.messages()
    for mail in (receipt, refund):
        assert '<html lang="de"' in mail["html"]
        assert "http://localhost/de/orders/" in mail["text"]
        assert "19,00\xa0$" in mail["text"]


@pytest.mark.parametrize(
    ("text", "own", "languages"),
    [("", "en", "en de fr es"), ("de, en", "de", "en de"), (" FR ", "fr", "fr"), ("es de,,es", "es", "de es")],
)
def test_reads_what_the_owner_chose(text: str, own: str, languages: str) -> None:
    offered = read_languages(text)
    assert offered.own == own
    assert list(offered.languages) == languages.split()


def test_speaks_what_the_owner_offers_and_nothing_else(app: Flask, buyer: Buyer) -> None:
    with app.app_context():
        with pytest.raises(ProfileRefused, match="it"):
            change_profile({"languages": "de, it"})
        change_profile({"languages": "de, en"})
    assert '<html lang="de">' in buyer.get("/").text
    assert '<html lang="en">' in buyer.get("/", headers={"Accept-Language": "en"}).text
    assert buyer.get("/fr/").headers["Location"] == "/"
    assert buyer.get("/it/").status_code == 404
    assert Language.FRENCH.own_name not in buyer.get("/").text
    with app.app_context():
        change_profile({"languages": "de"})
    assert 'hreflang="' not in buyer.get("/").text


def test_mails_codes_for_admin_in_english_whatever_the_shop_offers(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox, email=ADA)
    make_person(app)
    with app.app_context():
        change_profile({"languages": "de"})
    Buyer(app).post("/admin/sign-in", email=OWNER)
    Buyer(app).post("/sign-in", email=ADA)
    mails = {mail.recipient: mail for mail in waiting_mails(app) if code_in(mail).count("-") == 1}
    assert "is your code for" in mails[OWNER].subject
    assert "Enter it where" in mails[OWNER].text
    assert '<html lang="en"' in mails[OWNER].html
    assert "ist Ihr Code" in mails[ADA].subject


def test_opens_links_of_emails_in_a_language_that_was_taken_away(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    with app.app_context():
        change_profile({"languages": "en, fr"})
    assert status(sale.buyer, sale.downloads[0].replace("localhost/", "localhost/de/")) == 200
    page = sale.buyer.get(f"/de{sale.link}", headers={"Accept-Language": "fr"}).text
    assert '<html lang="fr">' in page
    assert "/de/" not in page


def test_takes_forms_at_an_address_in_a_language_that_was_taken_away(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox)
    with app.app_context():
        with speaking(Language.GERMAN):
            address = absolute_url("news.change", token=news_token(db.session.query(Customer).one()))
        change_profile({"languages": "en"})
    assert address.startswith("http://localhost/de/")
    answer = app.test_client().post(address, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert read_rows(app, "SELECT unsubscribed_at FROM customers")[0]["unsubscribed_at"]


def test_comes_back_from_stripe_to_a_language_that_was_taken_away(app: Flask, sandbox: SandboxClient) -> None:
    buyer = Buyer(app)
    buyer.add("twinspot", "Personal")
    session_id = buyer.check_out()
    sandbox.pay(session_id)
    with app.app_context():
        change_profile({"languages": "en"})
    assert buyer.get(f"/de/checkout/return?session_id={session_id}").status_code == 200


@pytest.mark.parametrize("path", ["/", "/products/twinspot", "/products/twinspot/changelog", "/pages/imprint"])
def test_shows_search_engines_no_page_twice(app: Flask, buyer: Buyer, path: str) -> None:
    with app.app_context():
        publish_page(create_page("Imprint", body_markdown="Ada, Berlin", legal_kind="imprint"))
        change_profile({"languages": "en"})
    for _time in range(2):  # the second one is kept
        answer = buyer.get(f"/de{path}?edition=1")
        assert (answer.status_code, answer.headers["Location"]) == (302, f"{path}?edition=1")
        assert answer.headers["Cache-Control"] == "no-store"
        assert not answer.data
    assert buyer.get(f"/de{path}", headers={"Accept-Language": "de"}).headers["Location"] == path
    assert buyer.client.head(f"/de{path}", base_url=buyer.base_url).headers["Location"] == path
    assert buyer.get("/de/products/nothing").status_code == 404
