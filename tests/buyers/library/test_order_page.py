"""The order page: devices and their button, what is left, the receipt again, and what an owner does about it."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.delivery.licenses.owner_actions import withdraw_key
from tests.delivery.licenses.licensed import ask, sell_license
from tests.support.databases import BOTH
from tests.support.goods import change_product
from tests.support.rows import read_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, Shop, keys_on
from tests.support.statements import counted

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def activate(sale: Sale, name: str) -> str:
    answer = ask(sale.app, "activate", license_key=sale.keys[0], instance_name=name)
    return str(answer.get_json()["instance"]["id"])


def actions(page: str) -> list[str]:
    return re.findall(r'action="([^"]+/devices/[^"]+)"', page)


@both
def test_deactivates_a_device_by_its_button_once(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell_license(app, sandbox)
    assert "0 of 3 devices" in sale.words()
    activate(sale, "Ada's <laptop>")
    activate(sale, "phone")
    words = sale.words()
    assert "2 of 3 devices" in words
    assert "Ada's <laptop>" in words
    first = actions(sale.order_page())[0]
    for said in ("Device deactivated", "already deactivated"):
        answer = sale.buyer.post(first)
        assert answer.status_code == 303
        assert said in sale.words()
    assert "1 of 3 devices" in sale.words()


def test_touches_no_device_of_another_order(app: Flask, sandbox: SandboxClient) -> None:
    mine, other = sell_license(app, sandbox), sell_license(app, sandbox)
    instance = activate(other, "laptop")
    assert mine.buyer.post(f"{mine.link}/devices/2/{instance}").status_code == 404
    mine.buyer.post(f"{mine.link}/devices/1/{instance}")
    assert "1 of 3 devices" in other.words()
    refused = app.test_client().post(f"{other.link}/devices/2/{instance}")
    assert refused.status_code == 400  # without the form's token


def test_changes_nothing_after_a_refund(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell_license(app, sandbox)
    instance = activate(sale, "laptop")
    sale.refund()
    sale.deliver("charge.refunded", "refund.")
    assert sale.buyer.post(f"{sale.link}/devices/1/{instance}").status_code == 403
    assert actions(sale.order_page()) == []
    assert "laptop" not in sale.words()


def test_says_in_plain_words_why_a_key_does_not_work(app: Flask, sandbox: SandboxClient) -> None:
    expired = sell_license(app, sandbox, expires_at=clock.now() - timedelta(days=1))
    assert "This key expired on" in expired.words()
    sale = sell(app, sandbox)
    with app.app_context():
        withdraw_key(sale.keys[0])
    assert "withdrawn this key" in sale.words()


def test_shows_the_terms_of_the_edition(app: Flask, sandbox: SandboxClient) -> None:
    change_product(app, "twinspot", license_days=365)
    sale = sell(app, sandbox, ("twinspot", "Team"))
    until = clock.now() + timedelta(days=365)
    words = sale.words()
    assert "0 of 30 devices" in words
    assert "for 10 people" in words
    assert f"until {until:%B} {until.day}, {until.year}" in words


def test_shows_how_many_downloads_are_left(app: Flask, sandbox: SandboxClient) -> None:
    change_product(app, "twinspot", download_limit=3, download_days=30)
    sale = sell(app, sandbox)
    assert "3 downloads left" in sale.words()
    with sale.buyer.get(sale.downloads[0]) as answer:
        assert answer.status_code == 200
    assert "2 downloads left" in sale.words()
    assert "You can download this until" in sale.words()


def test_costs_the_same_for_one_line_and_for_three(app: Flask, sandbox: SandboxClient) -> None:
    one = sell(app, sandbox)
    three = sell(app, sandbox, ("twinspot", "Personal"), ("twinspot", "Team"), ("soft-taps", "Studio"))
    costs = []
    for sale in (one, three):
        sale.buyer.get(sale.link)
        with counted(app) as statements:
            sale.buyer.get(sale.link)
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 7


def test_sends_the_buyer_the_receipt_again(shop: Shop, sandbox: SandboxClient) -> None:
    sale = sell(shop.app, sandbox, email="ada@example.com")
    shop.work()
    before = len(shop.mails(to="ada@example.com"))
    assert sale.buyer.post(f"{sale.link}/receipt").status_code == 303
    assert "emailing your receipt to ada@example.com" in sale.words()
    sale.buyer.post(f"{sale.link}/receipt")
    assert "within the last hour" in sale.words()
    shop.work()
    assert len(shop.mails(to="ada@example.com")) == before + 1
    with time_machine.travel(clock.now() + timedelta(minutes=61), tick=True):
        sale.buyer.post(f"{sale.link}/receipt")
        shop.work()
    assert len(shop.mails(to="ada@example.com")) == before + 2


def test_sends_nothing_while_it_is_closed(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    sale.refund()
    sale.deliver("charge.refunded", "refund.")
    sale.buyer.post(f"{sale.link}/receipt")
    rows = read_rows(app, "SELECT kind FROM outbox WHERE kind = 'receipt'")
    assert len(rows) == 1


def test_asks_for_stripes_receipt_at_the_click(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    answer = sale.buyer.get(f"{sale.link}/stripe-receipt")
    assert answer.status_code == 302
    assert answer.location.startswith(sandbox.url)
    free = sell_free(app, sandbox)
    assert free.buyer.get(f"{free.link}/stripe-receipt").status_code == 303
    assert "nothing was charged" in free.words()


def sell_free(app: Flask, sandbox: SandboxClient) -> Sale:
    return sell(app, sandbox, ("gridling", ""), payment_method=None)


def test_lets_the_owner_send_it_to_a_corrected_address(app: Flask, sandbox: SandboxClient, run: Any) -> None:
    sale = sell_license(app, sandbox)
    activate(sale, "laptop")
    number = str(read_rows(app, "SELECT number FROM orders")[0]["number"])
    done = run("orders", "resend", number, "--to", "Grace@Example.com", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.output) == {
        "number": number,
        "email": "Grace@Example.com",
        "has_moved": True,
        "was_sent_lately": False,
        "not_sent": "",
    }
    again = json.loads(run("orders", "resend", number, "--to", "grace@example.com", "--json").output)
    assert (again["has_moved"], again["was_sent_lately"]) == (False, True)
    order = read_rows(app, "SELECT o.email, c.email_key FROM orders o JOIN customers c ON c.id = o.customer_id")
    assert order == [{"email": "Grace@Example.com", "email_key": "grace@example.com"}]
    assert "1 of 3 devices" in sale.words()
    assert ask(app, "validate", license_key=sale.keys[0]).get_json()["valid"] is True
    receipts = read_rows(app, "SELECT recipient, state FROM outbox WHERE kind = 'receipt' ORDER BY id")
    assert [row["state"] for row in receipts] == ["canceled", "queued"]
    raised = read_rows(app, "SELECT extra_downloads FROM grants WHERE kind = 'download'")
    assert raised == [{"extra_downloads": 1}]  # of the mail that was sent


def test_lets_the_owner_give_it_another_link(app: Flask, sandbox: SandboxClient, run: Any) -> None:
    sale = sell(app, sandbox)
    number = str(read_rows(app, "SELECT number FROM orders")[0]["number"])
    assert run("orders", "resend", number, "--new-link").exit_code == 0
    assert Buyer(app).get(sale.link).status_code == 404
    page = Buyer(app).land(sale.session_id).text  # nor does the page after paying tell anybody the new one
    assert (keys_on(page), "/orders/" in page) == ([], False)
    assert keys_on(sale.buyer.land(sale.session_id).text) == sale.keys


def test_sends_an_order_that_waits_for_its_bank_to_a_corrected_address(
    shop: Shop, sandbox: SandboxClient, run: Any
) -> None:
    buyer = Buyer(shop.app)
    buyer.add("twinspot")
    sandbox.pay(session_id := buyer.check_out(), email="typo@example.com", payment_method="ach_success")
    buyer.land(session_id)
    done = run("orders", "resend", session_id, "--to", "ada@example.com")
    assert "belongs to ada@example.com now" in done.output
    assert "no receipt to send yet" in done.output
    refused = run("orders", "resend", session_id)
    assert (refused.exit_code, "bank" in refused.output) == (1, True)
    shop.work()
    sandbox.settle(str(read_rows(shop.app, "SELECT payment_intent_id FROM orders")[0]["payment_intent_id"]))
    shop.wait_for_event("checkout.session.async_payment_succeeded")
    with time_machine.travel(clock.now() + timedelta(minutes=3), tick=True):
        shop.work()
    assert shop.mails(to="typo@example.com") == []
    assert any(keys_on(str(mail["text"])) for mail in shop.mails(to="ada@example.com"))


def test_sends_mails_that_wait_to_a_corrected_address(shop: Shop, sandbox: SandboxClient, run: Any) -> None:
    sale = sell(shop.app, sandbox, email="typo@example.com")
    sale.refund(amount=500)
    sale.deliver("charge.refunded", "refund.")
    run("orders", "resend", sale.session_id, "--to", "ada@example.com")
    with time_machine.travel(clock.now() + timedelta(minutes=3), tick=True):
        shop.work()
    assert shop.mails(to="typo@example.com") == []
    subjects = sorted(str(mail["subject"])[:8] for mail in shop.mails(to="ada@example.com"))
    assert subjects == ["Refunded", "Your lic"]


def test_says_in_a_sentence_what_cannot_be_done(app: Flask, sandbox: SandboxClient, run: Any) -> None:
    sell(app, sandbox)
    number = str(read_rows(app, "SELECT number FROM orders")[0]["number"])
    for words, said in (
        (("orders", "resend", "XXXXXXXX"), "no order"),
        (("orders", "resend", number, "--to", "nobody"), "not an email address"),
        (("orders", "raise-limit", "XXXXXXXX"), "no order"),
    ):
        done = run(*words)
        assert done.exit_code == 1
        assert said in done.output
    assert run("orders", "raise-limit", number, "--downloads", "2", "--days", "7").exit_code == 0
    row = read_rows(app, "SELECT extra_downloads, extra_days FROM grants WHERE kind = 'download'")[0]
    assert row == {"extra_downloads": 2, "extra_days": 7}


def test_says_in_the_buyers_language_why_no_receipt_is_sent_again(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    sale.refund()
    sale.deliver("charge.refunded")
    sale.buyer.post(f"/de{sale.link}/receipt")
    page = sale.buyer.get(f"/de{sale.link}").text
    notice = re.search(r"<p class=\"notice notice-bad\"[^>]*>(.*?)</p>", page)
    assert notice, page
    assert notice[1].startswith("Bestellung ")
