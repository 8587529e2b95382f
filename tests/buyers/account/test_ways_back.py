"""The address of a form that was refused is opened once more: from the history, by a reload, as a bookmark."""

import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, Shop
from tests.support.sign_in import mailed_proof, signed_in


def test_sends_another_code_to_erase_where_the_first_has_expired(shop: Shop, sandbox: SandboxClient) -> None:
    sell(shop.app, sandbox, email="ada@example.com")
    buyer = signed_in(shop.app)
    buyer.post("/account/erase")
    first = mailed_proof(shop, "ada@example.com")[0]
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=True):
        page = buyer.post("/account/erase/code", code=first)
        assert (page.status_code, "That code has expired" in page.text) == (400, True)
        assert re.search(r'<form method="post" action="/account/erase">.*?Send it again', page.text, re.DOTALL)
        assert buyer.post("/account/erase").location == "/account/erase"
        assert mailed_proof(shop, "ada@example.com")[0] != first


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/account/address/new", "/account/address"),
        ("/account/address/old", "/account/address"),
        ("/account/erase/code", "/account/erase"),
        ("/de/account/erase/code", "/de/account/erase"),
    ],
)
def test_leads_back_to_the_form_of_an_account(app: Flask, sandbox: SandboxClient, address: str, form: str) -> None:
    sell(app, sandbox, email="ada@example.com")
    assert signed_in(app).get(address).location == form


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/orders/x/code/check", "/orders/x/code"),
        ("/orders/x/gift", "/orders/x"),
        ("/checkout", "/cart"),
        ("/checkout/now", "/"),
        ("/checkout/x/hosted", "/checkout/x"),
    ],
)
def test_leads_back_to_the_form_of_an_order(buyer: Buyer, address: str, form: str) -> None:
    assert buyer.get(address).location == form


@pytest.mark.parametrize("address", ["/sign-out", "/orders/x/claim", "/cart/add"])
def test_says_that_an_address_needs_a_button_in_the_readers_language(buyer: Buyer, address: str) -> None:
    answer = buyer.get(f"/de{address}")
    assert (answer.status_code, set(answer.headers["Allow"].split(", "))) == (405, {"POST", "OPTIONS"})
    assert "Diese Adresse geht nur über einen Knopf" in answer.text
    assert "method is not allowed" not in answer.text
    told = buyer.get(address, headers={"Accept": "application/json"}).get_json()
    assert "method is not allowed" in told["error"]["message"]
