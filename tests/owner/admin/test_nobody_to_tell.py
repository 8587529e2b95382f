"""A key, a receipt and a refund of an order whose reader nobody knows any more: no page promises an email."""

from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.owner.people.models import Role
from tests.buyers.account.customers import erase
from tests.cli.commands import done, read_json, refused
from tests.delivery.licenses.pools import bring, make_pool, numbered
from tests.support.gifts import ROSA, give, hand_over, in_days
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale, number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer

ERASED = "has no address any more: its buyer had it erased. A key that leaked can be withdrawn."
LOST = "Nobody knows whom order {} is for: the address was erased or lost. Correct whom the gift is for first."


@pytest.fixture
def helper(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app, role=Role.SUPPORT))


def replace(helper: Buyer, sale: Sale) -> tuple[int, str]:
    license_id = read_rows(sale.app, "SELECT id FROM licenses")[0]["id"]
    path = f"/admin/orders/{number_of(sale)}/keys/{license_id}/replace"
    answer = helper.post(path, shown="1")
    text = helper.get(answer.location).text if answer.status_code == 303 else answer.text
    return answer.status_code, text.replace("&#39;", "'")


def kept(app: Flask) -> list[list[dict[str, Any]]]:
    wanted = ("SELECT * FROM retired_keys", "SELECT grant_id FROM pool_keys WHERE grant_id IS NOT NULL")
    return [read_rows(app, rows) for rows in (*wanted, "SELECT id FROM outbox WHERE kind = 'key_replaced'")]


def test_replaces_no_key_of_an_erased_buyer_and_takes_none_out_of_the_pool(
    app: Flask, sandbox: SandboxClient, command: CliRunner, helper: Buyer
) -> None:
    make_pool(app)
    bring(app, numbered(3))
    sale = sell(app, sandbox, email=ADA)
    erase(app, ADA)
    before = kept(app)
    for _twice in range(2):
        status, page = replace(helper, sale)
        assert (status, ERASED in page) == (409, True)
        assert ERASED in refused(command, "keys", "replace", number_of(sale))
    assert kept(app) == before
    by_hand = f"storefront keys replace {number_of(sale)} --by-hand"
    assert by_hand in refused(command, "keys", "replace", number_of(sale))
    told = done(command, *by_hand.split()[1:])
    assert "is now IMPORTED-KEY-0002." in told
    assert told.endswith("Nobody is told: no address is known. Give the new key to its owner yourself.\n")
    assert read_rows(app, "SELECT id FROM outbox WHERE kind = 'key_replaced'") == []


def test_offers_nothing_at_the_order_of_an_erased_buyer_that_would_be_refused(
    app: Flask, sandbox: SandboxClient, command: CliRunner
) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    sale = sell(app, sandbox, email=ADA)
    known = owner.get(f"/admin/orders/{number_of(sale)}").text
    erase(app, ADA)
    page = owner.get(f"/admin/orders/{number_of(sale)}").text
    for offered in ("/replace", "/resend", "Send it to another address", "Give the order a new link"):
        assert (offered in known, offered in page) == (True, False), offered
    assert f"keys replace {number_of(sale)} --by-hand" in page
    assert "/withdraw" in page
    assert "No address is known, so nobody is told." in done(command, "orders", "refund", number_of(sale))


def test_wants_an_address_where_an_order_never_had_one(
    app: Flask, sandbox: SandboxClient, command: CliRunner, helper: Buyer
) -> None:
    sale = sell(app, sandbox, email=ADA)
    change_rows(app, "UPDATE orders SET email = ''")
    why = f"Order {number_of(sale)} has no address. Send it to one first."
    status, page = replace(helper, sale)
    assert (status, why in page) == (409, True)
    assert why in refused(command, "keys", "replace", number_of(sale))
    page = helper.get(f"/admin/orders/{number_of(sale)}").text
    assert "Send it to another address" in page
    assert "Send the receipt again" not in page
    assert "Send the order to one first." in page


def test_replaces_no_key_of_a_gift_whose_receiver_was_erased(
    app: Flask, sandbox: SandboxClient, command: CliRunner, helper: Buyer
) -> None:
    sale = give(app, sandbox)
    hand_over(app)
    erase(app, ROSA)
    before, why = kept(app), LOST.format(number_of(sale))
    status, page = replace(helper, sale)
    assert (status, why in page) == (409, True)
    assert why in refused(command, "keys", "replace", number_of(sale))
    assert kept(app) == before
    assert "/replace" not in helper.get(f"/admin/orders/{number_of(sale)}").text
    helper.post(f"/admin/orders/{number_of(sale)}/gift", gift_to="rosa@example.org")
    status, page = replace(helper, sale)
    assert (status, "An email brings the new key to rosa@example.org." in page) == (303, True)


def test_says_that_a_gift_brings_its_new_key_on_its_day(
    app: Flask, sandbox: SandboxClient, command: CliRunner, helper: Buyer
) -> None:
    sale = give(app, sandbox, gift_on=in_days(3))
    assert "goes to who gets the gift with it, on its day." in helper.get(f"/admin/orders/{number_of(sale)}").text
    status, page = replace(helper, sale)
    assert (status, f"On its day the gift brings the new key to {ROSA}." in page) == (303, True)
    assert f"On its day the gift brings it to {ROSA}." in done(command, "keys", "replace", number_of(sale))
    told = read_json(command, "keys", "replace", number_of(sale))
    assert (told["email"], told["is_emailed"]) == (ROSA, False)
    assert read_rows(app, "SELECT id FROM outbox WHERE kind = 'key_replaced'") == []
