"""A buyer who disputes a payment cannot erase what the shop answers the bank with; its owner can, knowing it."""

import json
from typing import Any

import pytest
from flask import Flask

from storefront.buyers.account.erase import InDispute, erase_address
from storefront.core.db import db
from tests.owner.disputes.disputed import dispute, save, text_of
from tests.support.databases import BOTH
from tests.support.gifts import ROSA, give, hand_over
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale, number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, Shop
from tests.support.sign_in import mailed_proof, signed_in
from tests.support.upgrades import allow_upgrade, pay_upgrade, start_upgrade

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
PAYER = "eve@example.com"


def erase(app: Flask, email: str) -> None:
    with app.app_context():
        try:
            erase_address(email)
        finally:
            db.session.remove()


@both
def test_erases_nothing_before_the_bank_has_decided(shop: Shop, sandbox: SandboxClient) -> None:
    app = shop.app
    sale = sell(app, sandbox, email=ADA, name="Ada Lovelace")
    owner = sign_in_at_admin(app, make_person(app))
    made = dispute(sale)
    save(owner, made, uncategorized_text="Two hours of writing.")
    buyer = signed_in(app, ADA)
    buyer.post("/account/erase")
    code, link = mailed_proof(shop, ADA)
    number = number_of(sale)
    told = f"A bank is looking into the payment of order {number}. This can be erased when that is decided."
    assert told in owner.post("/admin/buyers/erase", email=ADA, sure=ADA).text, "not their own data"
    assert told in buyer.post("/account/erase/code", code=code).text
    refused = Buyer(app).post(link)
    assert (refused.status_code, told in refused.text) == (409, True)
    assert (
        text_of(owner.get(f"/admin/disputes/{made}").text, "uncategorized_text").strip() == "Two hours of writing."
    )
    assert read_rows(app, "SELECT email, name FROM orders") == [{"email": ADA, "name": "Ada Lovelace"}]
    sandbox.control(f"disputes/{made}/move", status="lost")
    sale.deliver("charge.dispute.closed")
    assert buyer.post("/account/erase/code", code=code).location == "/", "it was not used up"
    assert read_rows(app, "SELECT email, name FROM orders") == [{"email": "", "name": None}]
    assert read_rows(app, "SELECT id FROM dispute_answers") == []


OPEN = ("needs_response", "under_review", "appeal_under_review", "warning_needs_response", "of_tomorrow")


@pytest.mark.parametrize("settled", ["warning_closed", "prevented", "won"])
def test_keeps_what_every_dispute_needs_until_it_is_settled(
    app: Flask, sandbox: SandboxClient, settled: str
) -> None:
    dispute(sell(app, sandbox, email=ADA))
    for status in OPEN:
        change_rows(app, "UPDATE disputes SET status = :status", status=status)
        with pytest.raises(InDispute):
            erase(app, ADA)
        assert (status, read_rows(app, "SELECT email FROM orders")) == (status, [{"email": ADA}])
    change_rows(app, "UPDATE disputes SET status = :status", status=settled)
    erase(app, ADA)
    assert read_rows(app, "SELECT email FROM orders") == [{"email": ""}]


def test_keeps_a_gift_whose_giver_disputes_for_both(app: Flask, sandbox: SandboxClient) -> None:
    sale = give(app, sandbox)
    hand_over(app)
    dispute(sale)
    for email in (ADA, ROSA):
        with pytest.raises(InDispute, match=number_of(sale)):
            erase(app, email)


def test_keeps_what_a_disputed_upgrade_was_for_whoever_paid_it(app: Flask, sandbox: SandboxClient) -> None:
    """The license that it upgraded is of another order, and so is all that shows how it was used."""
    allow_upgrade(app)
    sale = sell(app, sandbox, email=ADA)
    upgrade = pay_upgrade(sale, start_upgrade(sale), email=PAYER)
    made = dispute(upgrade)
    for email in (ADA, PAYER):
        with pytest.raises(InDispute, match=number_of(upgrade)):
            erase(app, email)
    sandbox.control(f"disputes/{made}/move", status="won")
    upgrade.deliver("charge.dispute.closed")
    erase(app, ADA)


def test_lets_others_be_erased_as_before(app: Flask, sandbox: SandboxClient) -> None:
    dispute(sell(app, sandbox, email=ADA))
    sell(app, sandbox, email=PAYER)
    erase(app, PAYER)
    assert [row["email"] for row in read_rows(app, "SELECT email FROM orders ORDER BY id")] == [ADA, ""]


@pytest.fixture
def disputed(app: Flask, sandbox: SandboxClient) -> Sale:
    sale = sell(app, sandbox, email=ADA)
    dispute(sale)
    return sale


def test_is_erased_on_the_owners_page_only_with_a_tick(app: Flask, disputed: Sale) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    assert 'name="even_in_dispute"' not in owner.get(f"/admin/buyers?email={ADA}").text
    refused = owner.post("/admin/buyers/erase", email=ADA, sure=ADA)
    assert (refused.status_code, f"the payment of order {number_of(disputed)}" in refused.text) == (409, True)
    assert 'name="even_in_dispute"' in refused.text
    assert read_rows(app, "SELECT email FROM orders") == [{"email": ADA}]
    assert owner.post("/admin/buyers/erase", email=ADA, sure=ADA, even_in_dispute="yes").status_code == 303
    assert read_rows(app, "SELECT email FROM orders") == [{"email": ""}]


def test_is_erased_by_command_only_with_an_option(app: Flask, disputed: Sale, run: Any) -> None:
    refused = run("customers", "erase", ADA, "--yes")
    assert (refused.exit_code, "With --even-in-dispute" in refused.output) == (1, True)
    done = run("customers", "erase", ADA, "--yes", "--even-in-dispute", "--json")
    assert json.loads(done.output)["orders"] == 1
    [entry] = read_rows(app, "SELECT after FROM audit_entries WHERE verb = 'customer.erased'")
    assert "even_in_dispute" in str(entry["after"])
