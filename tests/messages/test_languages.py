"""A German buyer from the catalog to a refund, and what the owner chooses of languages."""

from typing import Any

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.core.languages import Language
from storefront.orders.models import Order
from storefront.shop.profile.change import ProfileRefused, change_profile
from storefront.shop.profile.languages import read_languages
from tests.support.sale import Sale, link_of
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

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
    assert buyer.get("/fr/").status_code == 404
    assert Language.FRENCH.own_name not in buyer.get("/").text
    with app.app_context():
        change_profile({"languages": "de"})
    assert 'hreflang="' not in buyer.get("/").text
