"""An upgrade whose payment failed is tried again where it began, in whichever browser the email is opened."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from tests.support.gifts import ROSA, give, hand_over, received_link
from tests.support.letters import words_of
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, run_worker_once
from tests.support.upgrades import allow_upgrade, pay_upgrade, start_upgrade


def fail(sale: Sale, *, email: str) -> str:
    """Pay for an upgrade by a debit that fails; return the address of "Try again"."""
    upgrade = pay_upgrade(sale, start_upgrade(sale), payment_method="ach_success", email=email)
    sale.sandbox.settle(upgrade.payment().id, "failed")
    upgrade.deliver("checkout.session.")
    return upgrade.link.replace("/orders/", "/checkout/again/")


def led_to(browser: Buyer, address: str) -> str:
    return str(browser.get(address).location)


@pytest.fixture(autouse=True)
def _offer(app: Flask) -> None:
    allow_upgrade(app)


def test_leads_to_the_order_that_it_was_for(app: Flask, sandbox: SandboxClient) -> None:
    sale, other = sell(app, sandbox, email=ADA), sell(app, sandbox, email=ADA)
    again = fail(sale, email=ADA)
    start_upgrade(other, sale.buyer)
    for browser in (sale.buyer, Buyer(app)):
        assert led_to(browser, again) == sale.link
        assert "Your cart" not in words_of(browser.get(sale.link).text)


def test_leads_who_received_a_gift_to_its_page(app: Flask, sandbox: SandboxClient) -> None:
    gift = give(app, sandbox)
    hand_over(app)
    received = replace(gift, link=received_link(gift), buyer=Buyer(app))
    assert led_to(Buyer(app), fail(received, email=ROSA)) == received.link


def test_shows_who_only_paid_for_it_no_link_of_the_order(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, email=ADA)
    assert led_to(Buyer(app), fail(sale, email="colleague@example.com")) == "/library"


def test_mails_nothing_of_a_cart(app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    fail(sell(app, sandbox, email=ADA), email=ADA)
    run_worker_once(app)
    (mail,) = [mail for mail in mailbox.messages(to=ADA) if "didn't go through" in mail["subject"]]
    for body in (mail["text"], mail["html"]):
        assert "ry again" in body
        assert "cart" not in words_of(body)
