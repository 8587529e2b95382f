"""`/admin/discounts`: made and stopped on pages, with every refusal beside its field."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from storefront.core import clock
from tests.owner.admin.editor_forms import said
from tests.support.discounts import codes_at_stripe
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

PAGE = "/admin/discounts"


@pytest.fixture
def owner(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app))


def test_makes_and_stops_a_discount(owner: Buyer, sandbox: SandboxClient) -> None:
    assert "Nothing here yet" in owner.get(PAGE).text
    assert 'value="twinspot"' in owner.get(f"{PAGE}/new").text
    made = owner.post(PAGE, code="spring", percent="20", products="twinspot", minimum="10.00 USD", most_uses="3")
    assert made.location == f"{PAGE}/SPRING"
    assert "Your discount is made." in said(owner, made)
    page = owner.get(f"{PAGE}/SPRING").text
    for words in ("20% off", "twinspot", "$10.00", "0 of 3 by orders", "Stripe counted 0.", "?code=SPRING"):
        assert words in page, words
    listed = owner.get(PAGE).text
    assert "Running" in listed
    assert "SPRING is stopped." in said(owner, owner.post(f"{PAGE}/SPRING/stop"))
    assert [code.active for code in codes_at_stripe(sandbox)] == [False]
    assert "SPRING was stopped already." in said(owner, owner.post(f"{PAGE}/SPRING/stop"))  # the second click
    assert owner.post(f"{PAGE}/NOBODYS/stop").status_code == 404
    assert "NOBODYS was stopped" not in owner.get(PAGE).text
    assert "Stopped" in owner.get(f"{PAGE}/SPRING").text
    assert "A first purchase only" not in owner.get(f"{PAGE}/SPRING").text
    owner.post(PAGE, code="WELCOME", percent="10", first_purchase="yes")
    assert "A first purchase only" in owner.get(f"{PAGE}/WELCOME").text


def test_makes_promotions_one_beside_the_other(owner: Buyer, sandbox: SandboxClient) -> None:
    ends = f"{clock.now() + timedelta(days=9):%Y-%m-%d}"
    owner.post(PAGE, code="SALE", percent="20", automatic="yes", ends=ends)
    assert "Without a code" in owner.get(PAGE).text
    assert "?code=" not in owner.get(f"{PAGE}/SALE").text
    assert owner.post(PAGE, code="OTHER", percent="30", automatic="yes", ends=ends).status_code == 303
    assert owner.get(PAGE).text.count("Without a code") == 2
    again = owner.post(PAGE, code="SALE", percent="20", automatic="yes", ends=ends)
    assert (again.status_code, "SALE is a discount already." in again.text) == (400, True)
    assert re.search(r'id="automatic"[^>]* checked', again.text)


def test_stops_the_discount_that_was_shown_and_no_later_one(
    app: Flask, owner: Buyer, sandbox: SandboxClient
) -> None:
    owner.post(PAGE, code="SPRING", percent="20")
    shown = re.findall(r'name="shown" value="(\d+)"', owner.get(f"{PAGE}/SPRING").text)[0]
    assert "SPRING is stopped." in said(owner, owner.post(f"{PAGE}/SPRING/stop", shown=shown))
    owner.post(PAGE, code="SPRING", percent="30")
    late = owner.post(f"{PAGE}/SPRING/stop", shown=shown)  # another owner's page of before
    assert late.status_code == 409
    assert "SPRING was stopped and made again meanwhile." in late.text
    assert "Running" in owner.get(f"{PAGE}/SPRING").text
    assert len(read_rows(app, "SELECT id FROM discounts WHERE stopped_at IS NULL")) == 1


def test_says_beside_each_field_what_is_wrong_and_keeps_what_was_typed(app: Flask, owner: Buyer) -> None:
    answer = owner.post(PAGE, code="<b>", percent="200", products="twinspot", ends="2001-01-01")
    assert answer.status_code == 400
    for words in (
        "3 to 50 letters",
        "0.01 to 100",
        "not in the past",
        'value="&lt;b&gt;"',
        'value="twinspot" checked',
    ):
        assert words in answer.text, words
    assert owner.post(PAGE, code="SPRING", percent="5", products="nothing").status_code == 400
    assert read_rows(app, "SELECT id FROM discounts") == []


def test_makes_one_of_a_form_that_is_sent_twice(app: Flask, owner: Buyer, sandbox: SandboxClient) -> None:
    owner.post(PAGE, code="SPRING", percent="20")
    assert "is a discount already" in owner.post(PAGE, code="SPRING", percent="20").text
    assert len(read_rows(app, "SELECT id FROM discounts")) == 1


def test_says_when_stripe_does_not_know_it_yet(owner: Buyer, sandbox: SandboxClient) -> None:
    sandbox.control("faults", method="POST", path="/v1/coupons", status=503, times=3)
    assert "The worker tells Stripe within a minute." in said(owner, owner.post(PAGE, code="SPRING", percent="20"))
