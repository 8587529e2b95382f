"""The receipt says what is true when it leaves: of withdrawn and ended keys, and of refunded items."""

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import update

from storefront.core import clock
from storefront.core.db import transaction
from storefront.delivery.licenses.models import License
from storefront.delivery.licenses.owner_actions import withdraw_key
from tests.support.rows import change_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Shop, keys_on

TWINSPOT, BOOK = ("twinspot", "Personal"), ("the-patient-toolmaker", "E-book")


def receipt(shop: Shop, sale: Sale) -> list[str]:
    """Return text and HTML of the one that is asked for now."""
    shop.mailbox.clear()
    sale.buyer.post(f"{sale.link}/receipt")
    with time_machine.travel(clock.now() + timedelta(minutes=3), tick=True):
        shop.work()
    mail = next(mail for mail in shop.mails() if str(mail["subject"]).startswith("Your "))
    return [str(mail["text"]), str(mail["html"])]


def test_mails_no_withdrawn_key(shop: Shop, sandbox: SandboxClient) -> None:
    sale = sell(shop.app, sandbox)
    with shop.app.app_context():
        withdraw_key(sale.keys[0])
    for body in receipt(shop, sale):
        assert keys_on(body) == []
        assert "withdrawn" in body


def test_says_which_key_has_ended(shop: Shop, sandbox: SandboxClient) -> None:
    sale = sell(shop.app, sandbox)
    with shop.app.app_context(), transaction() as session:
        session.execute(update(License).values(expires_at=clock.now() - timedelta(days=1)))
    for body in receipt(shop, sale):
        assert keys_on(body) == sale.keys
        assert "orked until" in body


@pytest.mark.parametrize("refunded", [1, 2])
def test_says_which_item_is_refunded(shop: Shop, sandbox: SandboxClient, refunded: int) -> None:
    sale = sell(shop.app, sandbox, TWINSPOT, BOOK)
    sale.refund(amount=500, metadata={"storefront_items": str(refunded)})
    sale.deliver("charge.refunded", "refund.")
    for body in receipt(shop, sale):
        assert "Refunded: its keys and downloads no longer work." in body
        assert "Your order is complete" not in body
        assert "everything is yours" not in body
        assert keys_on(body) == ([] if refunded == 1 else sale.keys)
        assert ("/downloads/" in body.partition("Refunded:")[2]) is (refunded == 1)


@pytest.mark.parametrize(("language", "colon"), [("de", ":"), ("fr", " :"), ("es", ":"), ("en", ":")])
def test_has_a_space_before_each_colon_in_french_alone(
    shop: Shop, sandbox: SandboxClient, language: str, colon: str
) -> None:
    sale = sell(shop.app, sandbox, TWINSPOT, BOOK)
    sale.refund(amount=500)
    sale.deliver("charge.refunded", "refund.")
    change_rows(shop.app, "UPDATE orders SET language = :language", language=language)
    sale.buyer.post(f"{sale.link}/receipt")
    shop.mailbox.clear()
    with time_machine.travel(clock.now() + timedelta(minutes=3), tick=True):
        shop.work()
    for mail in shop.mails():
        text = re.sub(r"https?://\S+", "", str(mail["text"]))
        colons = [found.replace("\u202f", " ") for found in re.findall(r"\s?:(?!\d)", text)]
        assert len(colons) > 3
        assert set(colons) == {colon}, text
