"""What who paid for an upgrade reads when its money is late, went back, or never came: the key works as before."""

from typing import Any

import pytest
from flask import Flask

from tests.support.letters import words_of
from tests.support.rows import change_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, run_worker_once
from tests.support.sign_in import signed_in
from tests.support.upgrades import allow_upgrade, offers_on, pay_upgrade, start_upgrade

AS_BEFORE = "What you had before is as it was."
REFUNDED = f"This upgrade was refunded, so it no longer counts. {AS_BEFORE}"
ON_HOLD = f"This upgrade is on hold until the dispute with the bank is resolved. {AS_BEFORE}"
LOST = f"The bank took the payment back, so this upgrade no longer counts. {AS_BEFORE}"


def upgraded(app: Flask, sandbox: SandboxClient) -> tuple[Sale, Sale]:
    allow_upgrade(app)
    sale = sell(app, sandbox, email=ADA)
    return sale, pay_upgrade(sale, start_upgrade(sale), email=ADA)


def lists(app: Flask) -> list[str]:
    buyer = signed_in(app)
    return [words_of(buyer.get(path).text) for path in ("/library", "/library/orders")]


def close(upgrade: Sale, how: str) -> None:
    if how == "refund":
        upgrade.refund()
    elif how == "item":
        upgrade.refund(amount=1000, metadata={"storefront_items": "1"})
    else:
        dispute = upgrade.at_charge("dispute", status="needs_response")
        if how == "lost":
            upgrade.sandbox.control(f"disputes/{dispute}/move", status="lost")
    upgrade.deliver("charge.", "refund.")


@pytest.mark.parametrize(("how", "sentence"), [("refund", REFUNDED), ("dispute", ON_HOLD), ("lost", LOST)])
def test_says_that_what_was_upgraded_works_as_before(
    app: Flask, sandbox: SandboxClient, how: str, sentence: str
) -> None:
    sale, upgrade = upgraded(app, sandbox)
    close(upgrade, how)
    assert sale.keys[0] in sale.order_page()
    in_library, in_orders = lists(app)
    for said in (upgrade.words(), in_orders, *([in_library] if how != "dispute" else [])):
        assert sentence in said
        assert "keys and downloads" not in said


def test_says_of_a_refund_that_waits_what_a_done_one_says(app: Flask, sandbox: SandboxClient) -> None:
    _sale, upgrade = upgraded(app, sandbox)
    close(upgrade, "refund")
    change_rows(app, "UPDATE refunds SET status = 'requires_action'")
    page = upgrade.words()
    assert f"This upgrade is being refunded, so it no longer counts. {AS_BEFORE}" in page
    assert "keys and downloads" not in page


def test_mails_of_its_refund_that_it_no_longer_counts(app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    _sale, upgrade = upgraded(app, sandbox)
    close(upgrade, "refund")
    run_worker_once(app)
    (mail,) = [mail for mail in mailbox.messages(to=ADA) if mail["subject"].startswith("Refunded")]
    for body in (mail["text"], mail["html"]):
        assert AS_BEFORE in words_of(body)
        assert "keys and downloads" not in words_of(body)


@pytest.mark.parametrize("method", ["ach_success", "boleto"])
def test_promises_the_upgrade_and_no_keys_until_it_is_paid(
    app: Flask, sandbox: SandboxClient, mailbox: Any, method: str
) -> None:
    if method == "boleto":
        change_rows(app, "UPDATE prices SET currency = 'brl'")
    allow_upgrade(app)
    sale = sell(app, sandbox, email=ADA)
    upgrade = pay_upgrade(sale, start_upgrade(sale), payment_method=method, email=ADA)
    landed = words_of(upgrade.buyer.land(upgrade.session_id).text)
    upgrade.deliver("checkout.session.")
    run_worker_once(app)
    (mail,) = [
        mail for mail in mailbox.messages(to=ADA) if "for order" in mail["subject"] or "pending" in mail["subject"]
    ]
    for said in (landed, upgrade.words(), words_of(mail["text"]), words_of(mail["html"])):
        assert "You get the upgrade" in said
        assert "keys and downloads" not in said


def test_says_of_a_failed_one_that_nothing_was_upgraded(app: Flask, sandbox: SandboxClient) -> None:
    allow_upgrade(app)
    sale = sell(app, sandbox, email=ADA)
    upgrade = pay_upgrade(sale, start_upgrade(sale), payment_method="ach_success", email=ADA)
    sandbox.settle(upgrade.payment().id, "failed")
    upgrade.deliver("checkout.session.")
    for said in lists(app):
        assert "nothing was upgraded" in said


@pytest.mark.parametrize(
    ("method", "words"), [("ach_success", "payment for this upgrade is on its way"), ("boleto", "isn't paid yet")]
)
def test_says_of_a_second_one_what_the_first_waits_for(
    app: Flask, sandbox: SandboxClient, method: str, words: str
) -> None:
    if method == "boleto":
        change_rows(app, "UPDATE prices SET currency = 'brl'")
    allow_upgrade(app)
    sale = sell(app, sandbox, email=ADA)
    (offer,) = offers_on(sale.order_page())
    pay_upgrade(sale, start_upgrade(sale), payment_method=method, email=ADA)
    refused = sale.buyer.post(offer.action, amount_minor=offer.amount_minor)
    assert (refused.status_code, refused.location) == (303, sale.link)
    assert words in sale.words()
