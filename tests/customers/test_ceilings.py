"""Ceilings: how many mails with codes one customer, one address and the whole shop let leave."""

from dataclasses import replace

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.config.settings import Settings
from storefront.core.db import db
from storefront.core.measurements import flush
from storefront.customers.ceilings import CHANGES_A_DAY, TAKEN_A_DAY
from storefront.owner.health.trouble import read_trouble
from storefront.owner.health.warnings import find_warnings
from tests.support.shop import ADA, Buyer
from tests.support.sign_in import ask_for_code, code_in, enter_code, make_customer, signed_in, waiting_mails


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, code_mails_per_hour=20)


def warned(app: Flask) -> bool:
    with app.app_context():
        flush(only_when_due=False)
        warnings = find_warnings(read_trouble())
        db.session.remove()
    return "codes_held" in [warning.code for warning in warnings]


def people(app: Flask, count: int) -> list[str]:
    addresses = [f"buyer{number}@example.com" for number in range(count)]
    for email in addresses:
        make_customer(app, email)
    return addresses


def test_holds_codes_back_at_the_shops_ceiling_says_so_and_tells_the_owner(app: Flask) -> None:
    *first, last = people(app, 21)
    for number, email in enumerate(first):
        ask_for_code(app, f"203.0.113.{number}", email)
    assert not warned(app)
    for email in (last, "nobody@example.com"):  # the same for who bought and who did not
        refused = Buyer(app, address="198.51.100.1").post("/sign-in", email=email)
        assert (refused.status_code, "in an hour" in refused.text) == (429, True)
        assert "order emails still work" in refused.text
        assert refused.headers["Retry-After"] == "3600"
    assert warned(app)
    with time_machine.travel(clock.now().timestamp() + 3700, tick=True):
        ask_for_code(app, "198.51.100.1", last)
        assert not warned(app)


def test_counts_no_codes_that_are_used(app: Flask) -> None:
    for number, email in enumerate(people(app, 25)):
        buyer = ask_for_code(app, f"203.0.113.{number}", email)
        assert enter_code(buyer, code_in(waiting_mails(app)[-1]))
    assert not warned(app)


def test_uses_up_no_turn_of_buyers_for_addresses_that_bought_nothing(app: Flask) -> None:
    make_customer(app)
    for number in range(30):
        ask_for_code(app, f"203.0.113.{number}", f"nobody{number}@example.com")
    ask_for_code(app, "198.51.100.1", ADA)
    assert [mail.recipient for mail in waiting_mails(app)] == [ADA]


def test_has_a_ceiling_for_mails_to_strangers(app: Flask) -> None:
    answers = []
    for number, email in enumerate(people(app, 3)):
        buyer = signed_in(app, email)
        answers.append(buyer.post("/account/address", new_email=f"new{number}@example.com"))
    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert "very many codes" in answers[-1].text
    ask_for_code(app, "198.51.100.1", "buyer0@example.com")  # buyers sign in as before
    assert warned(app)


def test_lets_one_customer_begin_so_many_changes_a_day(app: Flask) -> None:
    *others, eve = people(app, CHANGES_A_DAY + 2)
    buyer = signed_in(app, eve)
    with time_machine.travel(clock.now(), tick=False) as clocks:
        for email in others[:CHANGES_A_DAY]:
            assert buyer.post("/account/address", new_email=email).status_code == 303
            clocks.shift(61)
        refused = buyer.post("/account/address", new_email=others[-1])
        assert (refused.status_code, "try again tomorrow" in refused.text) == (429, True)
        assert others[-1] in refused.text  # what was typed is still there
        assert others[-1] not in [mail.recipient for mail in waiting_mails(app)]
        clocks.shift(24 * 3600)
        assert buyer.post("/account/address", new_email=others[-1]).status_code == 303


def test_asks_one_address_so_often_a_day_whoever_says_it_is_theirs(app: Flask) -> None:
    make_customer(app)
    with time_machine.travel(clock.now(), tick=False) as clocks:
        for number, email in enumerate(people(app, TAKEN_A_DAY // CHANGES_A_DAY + 1)):
            buyer = signed_in(app, email)
            buyer.client.environ_base["REMOTE_ADDR"] = f"203.0.113.{number}"
            answers = []
            for _ in range(CHANGES_A_DAY):
                answers.append(buyer.post("/account/address", new_email=ADA).status_code)
                clocks.shift(20 * 60)
    assert answers == [429] * CHANGES_A_DAY
