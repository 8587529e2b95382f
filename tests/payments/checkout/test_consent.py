"""Consent to immediate delivery: asked by Stripe's form, kept with the order, and never in the way of a sale."""

from datetime import timedelta
from typing import Any

import pytest
import requests
import time_machine
from click.testing import CliRunner
from flask import Flask

from storefront.core import clock
from storefront.core.db import db
from storefront.core.languages import Language, speaking
from storefront.shop.pages.consent import DEFAULT_TEXT, change_consent, read_checkout_words
from storefront.shop.pages.edit import create_page, publish_page
from storefront.shop.pages.refusals import PageRefused
from storefront.shop.translations.change import TranslationRefused, change_shop_texts
from tests.cli.commands import done, read_json
from tests.owner.admin.editor_forms import shown
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.sale import COMPLETED, link_of, number_of, pay_for_twinspot, sell, take_free
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, post_event

ACCEPTED = "SELECT checkout_text, has_accepted FROM orders"


@pytest.fixture
def asked(app: Flask) -> Flask:
    """A shop with published terms that asks buyers to agree."""
    with app.app_context():
        publish_page(create_page("Terms", body_markdown="Be kind.", legal_kind="terms"))
        change_consent({"asks_consent": True})
        db.session.remove()
    return app


def session_of(sandbox: SandboxClient, session_id: str) -> Any:
    return sandbox.stripe.v1.checkout.sessions.retrieve(session_id)


@pytest.mark.parametrize("way", ["embedded_page", "hosted_page", "free"])
def test_keeps_what_was_shown_and_accepted_with_the_order(asked: Flask, sandbox: SandboxClient, way: str) -> None:
    if way == "free":
        session_id = take_free(asked, sandbox).session_id
    elif way == "embedded_page":
        session_id = sell(asked, sandbox).session_id
    else:
        buyer = Buyer(asked)
        buyer.add()
        buyer.check_out()
        token = buyer.post("/checkout", nonce=buyer.nonce()).location.rpartition("/")[2]
        assert buyer.post(f"/checkout/{token}/hosted").status_code == 303
        (session_id,) = [row["id"] for row in sandbox.read("sessions")["data"] if row["status"] == "open"]
        sandbox.pay(session_id)
        buyer.land(session_id)
    session = session_of(sandbox, session_id)
    assert session.consent_collection.terms_of_service == "required"
    assert session.consent.terms_of_service == "accepted"
    words = f"I accept the [terms](http://localhost/pages/terms). {DEFAULT_TEXT}"
    assert session.custom_text.terms_of_service_acceptance.message == words
    assert session.custom_text.submit is None
    (row,) = read_rows(asked, ACCEPTED)
    assert (row["checkout_text"], bool(row["has_accepted"])) == (words, True)
    assert link_of(asked, session_id)


def test_shows_the_owner_the_evidence(asked: Flask, sandbox: SandboxClient, environment: dict[str, str]) -> None:
    sale = sell(asked, sandbox)
    owner = sign_in_at_admin(asked, make_person(asked))
    page = owner.get(f"/admin/orders/{number_of(sale)}").text
    assert "Accepted, by a tick at the box" in page
    assert DEFAULT_TEXT in page
    assert "[terms](" not in page
    command = CliRunner(env=environment | {"STOREFRONT_ENV_FILE": ""})
    assert read_json(command, "orders", "show", number_of(sale))["has_accepted"] is True
    shown = done(command, "orders", "show", number_of(sale))
    assert f"I accept the terms (http://localhost/pages/terms). {DEFAULT_TEXT}" in shown


def test_lets_nobody_pay_who_has_not_ticked_the_box(asked: Flask, sandbox: SandboxClient) -> None:
    buyer = Buyer(asked)
    buyer.add()
    session_id = buyer.check_out()
    with pytest.raises(requests.HTTPError):
        sandbox.pay(session_id, accepts_terms=False)
    assert session_of(sandbox, session_id).status == "open"


def test_sells_without_a_box_where_stripe_refuses_it(asked: Flask, sandbox: SandboxClient) -> None:
    sandbox.control("config", terms_url=None)
    sale = sell(asked, sandbox)
    assert sale.keys
    (row,) = read_rows(asked, ACCEPTED)
    assert row["checkout_text"].endswith(f"By paying you declare: {DEFAULT_TEXT}")
    assert "[terms](http://localhost/pages/terms)" in row["checkout_text"]
    assert not row["has_accepted"]
    (notice,) = read_rows(asked, "SELECT * FROM notices WHERE kind = 'terms_url_missing'")
    assert "http://localhost/pages/terms at https://dashboard.stripe.com/settings/public" in notice["text"]
    owner = sign_in_at_admin(asked, make_person(asked))
    assert "Stripe shows no box to tick" in owner.get("/admin/pages").text
    sandbox.control("config", terms_url="https://shop.example.com/terms")
    with time_machine.travel(clock.now() + timedelta(minutes=6), tick=True):
        sell(asked, sandbox)
    assert [bool(row["has_accepted"]) for row in read_rows(asked, f"{ACCEPTED} ORDER BY id")] == [False, True]
    open_now = "SELECT id FROM notices WHERE kind = 'terms_url_missing' AND closed_at IS NULL"
    assert read_rows(asked, open_now) == []


def test_asks_stripe_for_the_box_once_in_a_while_where_it_refuses(asked: Flask, sandbox: SandboxClient) -> None:
    sandbox.control("config", terms_url=None)
    costs = []
    for _ in range(2):
        sandbox.forget_calls()
        buyer = Buyer(asked)
        buyer.add()
        buyer.check_out()
        costs.append(sandbox.calls().count(("POST", "/v1/checkout/sessions")))
    assert costs == [2, 1]


@pytest.mark.parametrize("first", ["webhook", "page"])
def test_keeps_text_and_answer_whichever_comes_first(asked: Flask, sandbox: SandboxClient, first: str) -> None:
    buyer, session_id = pay_for_twinspot(asked, sandbox)
    (event,) = [event for event in sandbox.read("events")["data"] if event["type"] == COMPLETED]
    for step in ("webhook", "page") if first == "webhook" else ("page", "webhook"):
        answer = post_event(asked, event) if step == "webhook" else buyer.land(session_id)
        assert answer.status_code == 200
        (row,) = read_rows(asked, ACCEPTED)
        assert row["checkout_text"].endswith(DEFAULT_TEXT)
        assert row["has_accepted"]


def test_sells_where_stripe_refuses_the_box_and_has_lost_the_price(asked: Flask, sandbox: SandboxClient) -> None:
    sell(asked, sandbox)
    for price in sandbox.stripe.v1.prices.list().data:
        sandbox.stripe.v1.prices.update(price.id, {"active": False})
    sandbox.control("config", terms_url=None)
    assert sell(asked, sandbox).keys


def test_asks_at_payment_links_too(asked: Flask, sandbox: SandboxClient, environment: dict[str, str]) -> None:
    command = CliRunner(env=environment | {"STOREFRONT_ENV_FILE": ""})
    done(command, "payment-link", "create", "twinspot/Personal")
    sandbox.control("config", terms_url=None)
    done(command, "payment-link", "create", "twinspot/Team")
    links: list[Any] = sandbox.stripe.v1.payment_links.list().data
    without_box, with_box = links
    assert with_box.consent_collection.terms_of_service == "required"
    assert with_box.custom_text.terms_of_service_acceptance.message.endswith(DEFAULT_TEXT)
    assert without_box.consent_collection is None
    assert without_box.custom_text.submit.message.endswith(DEFAULT_TEXT)


def test_links_the_terms_of_the_setting_or_its_own_or_none(app: Flask, sandbox: SandboxClient) -> None:
    assert session_of(sandbox, sell(app, sandbox).session_id).custom_text.submit is None
    with app.app_context():
        publish_page(create_page("Terms", body_markdown="Be kind.", legal_kind="terms"))
        db.session.remove()
    session = session_of(sandbox, sell(app, sandbox).session_id)
    assert session.custom_text.submit.message == "By paying you accept our [terms](http://localhost/pages/terms)."
    assert session.consent_collection is None


def test_takes_words_that_fit_at_stripe_and_no_longer_ones(asked: Flask, sandbox: SandboxClient) -> None:
    owner = sign_in_at_admin(asked, make_person(asked))
    refused = owner.post("/admin/consent", asks_consent="yes", consent_text="🦊" * 1200)
    assert refused.status_code == 400
    room = refused.text.split("1,200 characters, and ")[1].split(" fit")[0].replace(",", "")
    assert owner.post("/admin/consent", asks_consent="yes", consent_text="🦊" * int(room)).status_code == 303
    session = session_of(sandbox, sell(asked, sandbox).session_id)
    assert len(session.custom_text.terms_of_service_acceptance.message) <= 1200
    digests = shown(owner.get("/admin/pages").text)
    assert owner.post("/admin/consent", consent_text="", **digests).status_code == 303
    assert session_of(sandbox, sell(asked, sandbox).session_id).consent_collection is None


def test_leaves_out_the_terms_in_no_language(asked: Flask) -> None:
    with asked.app_context():
        for length in (1200, 1170):
            with pytest.raises(TranslationRefused, match=r"characters, and 1,\d\d\d fit"):
                change_shop_texts(Language.GERMAN, {"consent_text": "x" * length})
        with pytest.raises(PageRefused) as refused:
            change_consent({"consent_text": "x" * 1200})
        room = int(str(refused.value).split(" and ")[1].split(" fit")[0].replace(",", ""))
        change_consent({"consent_text": "x" * room})
        db.session.remove()
    for language in Language:
        with asked.test_request_context("/"), speaking(language):
            words = read_checkout_words()
            assert "/pages/terms" in words.beside_box
            assert "/pages/terms" in words.above_button


def test_lets_words_be_that_were_taken_before_there_was_less_room(asked: Flask) -> None:
    """An owner who ends the question, or translates the tagline, sends them along."""
    long = "x" * 1150
    change_rows(asked, "UPDATE shop_profile SET consent_text = :long, tagline = 'Tools'", long=long)
    kept = f'{{"de": {{"consent_text": ["{long}", "0123456789abcdef"]}}}}'
    change_rows(asked, f"UPDATE shop_profile SET translations = '{kept}'")
    with asked.app_context():
        assert change_consent({"asks_consent": False, "consent_text": long}) == ["asks_consent"]
        changed = change_shop_texts(Language.GERMAN, {"tagline": "Werkzeuge", "consent_text": long})
        assert changed == ["tagline"]
