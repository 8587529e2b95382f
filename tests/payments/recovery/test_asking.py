"""Whether buyers are asked at Checkout if the shop may write: where Stripe can, and where the owner wants it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.config.checkout_ui import CheckoutUi
from storefront.core.db import db
from storefront.core.runtime import runtime
from storefront.shop.pages.consent import change_consent
from tests.support.databases import BOTH
from tests.support.left import begin, remind
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

OPEN_NOTICES = "SELECT text FROM notices WHERE kind = 'reminders_refused' AND closed_at IS NULL"


def session_of(sandbox: SandboxClient, session_id: str) -> Any:
    return sandbox.stripe.v1.checkout.sessions.retrieve(session_id)


def newest(sandbox: SandboxClient) -> Any:
    return sandbox.read("sessions")["data"][0]


def test_asks_nobody_until_the_owner_wants_it(app: Flask, sandbox: SandboxClient) -> None:
    _buyer, session_id = begin(app)
    session = session_of(sandbox, session_id)
    assert session.consent_collection is None
    assert session.after_expiration is None


@pytest.mark.parametrize("way", CheckoutUi)
def test_asks_where_the_form_is_stripes(app: Flask, sandbox: SandboxClient, way: CheckoutUi) -> None:
    remind(app)
    runtime(app).settings = replace(runtime(app).settings, checkout_ui=way)
    buyer = Buyer(app)
    buyer.add()
    location = buyer.post("/checkout", nonce=buyer.nonce()).location
    if way is not CheckoutUi.HOSTED:  # there the button has led to Stripe
        assert buyer.get(location).status_code == 200
    session = newest(sandbox)
    if way is CheckoutUi.ELEMENTS:
        assert (session["consent_collection"], session["after_expiration"]) == (None, None)
        return
    assert session["consent_collection"]["promotions"] == "auto"
    recovery = session["after_expiration"]["recovery"]
    assert (recovery["enabled"], recovery["allow_promotion_codes"]) == (True, True)


def test_asks_both_questions_where_there_are_two(app: Flask, sandbox: SandboxClient) -> None:
    remind(app)
    with app.app_context():
        change_consent({"asks_consent": True})
        db.session.remove()
    _buyer, session_id = begin(app)
    asked = session_of(sandbox, session_id).consent_collection
    assert (asked.promotions, asked.terms_of_service) == ("auto", "required")


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_sells_without_the_question_that_stripe_refuses(app: Flask, sandbox: SandboxClient) -> None:
    remind(app)
    sandbox.control("config", asks_for_promotions=False, terms_url=None)
    with app.app_context():
        change_consent({"asks_consent": True})
        db.session.remove()
    costs = []
    for _ in range(2):
        sandbox.forget_calls()
        _buyer, session_id = begin(app)
        costs.append(sandbox.calls().count(("POST", "/v1/checkout/sessions")))
    assert costs == [3, 1]  # two boxes refused, and for a while nobody asks again
    assert session_of(sandbox, session_id).after_expiration is None
    (notice,) = read_rows(app, OPEN_NOTICES)
    assert "https://dashboard.stripe.com/settings/checkout" in notice["text"]
    owner = sign_in_at_admin(app, make_person(app))
    assert "let your account ask buyers for consent" in owner.get("/admin/shop").text
    assert "so nobody is reminded" in owner.get("/admin/ready").text
    sandbox.control("config", asks_for_promotions=True)
    with time_machine.travel(clock.now() + timedelta(minutes=6), tick=True):
        begin(app)
    assert read_rows(app, OPEN_NOTICES) == []
    assert "who agrees is reminded once" in owner.get("/admin/ready").text


def test_forgets_the_refusal_when_it_is_switched_off(app: Flask, sandbox: SandboxClient) -> None:
    remind(app)
    sandbox.control("config", asks_for_promotions=False)
    begin(app)
    assert len(read_rows(app, OPEN_NOTICES)) == 1
    owner = sign_in_at_admin(app, make_person(app))
    assert owner.post("/admin/reminders").location == "/admin/shop#reminders"
    assert read_rows(app, OPEN_NOTICES) == []
    assert "Reminders" not in owner.get("/admin/ready").text


def test_is_switched_on_the_page_and_refuses_an_older_one(app: Flask) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    page = owner.get("/admin/shop").text
    shown = page.split('name="shown-sends_reminders" value="')[1].split('"')[0]
    assert (
        owner.post("/admin/reminders", sends_reminders="yes", **{"shown-sends_reminders": shown}).status_code
        == 303
    )
    assert "checked" in owner.get("/admin/shop").text.split('name="sends_reminders"')[1].split(">")[0]
    told = owner.post("/admin/reminders", sends_reminders="yes", **{"shown-sends_reminders": shown})
    assert told.status_code == 303  # the same again: nothing to say
    assert read_rows(app, "SELECT verb, after FROM audit_entries WHERE verb = 'shop.changed'")[0]["after"]
