"""A refund that names items closes those alone, on every page and in every mail, and only while it counts."""

from typing import Any

import pytest
from flask import Flask

from tests.support.databases import BOTH
from tests.support.sale import COMPLETED, Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import keys_on

pytestmark = pytest.mark.parametrize("engine", BOTH, indirect=True)

PERSONAL, TEAM = ("twinspot", "Personal"), ("twinspot", "Team")
BOOK = ("the-patient-toolmaker", "E-book")
NEWS = ("refund.", "charge.refunded")


def opened(sale: Sale) -> dict[str, int]:
    """File name -> what its link from the first page answers now."""
    statuses = {}
    for link in sale.downloads:
        with sale.buyer.get(link) as answer:
            statuses[link.rpartition("/")[2]] = answer.status_code
    return statuses


@pytest.mark.parametrize("ended", ["failed", "canceled"])
def test_closes_one_item_and_opens_it_again_when_the_refund_comes_to_nothing(
    app: Flask, sandbox: SandboxClient, ended: str
) -> None:
    sale = sell(app, sandbox, PERSONAL, BOOK, payment_method="pm_card_pendingRefund")
    refund = sale.refund(amount=1900, metadata={"storefront_items": "1"})
    sale.deliver(*NEWS)
    assert opened(sale) == {"twinspot-2.1.zip": 403, "the-patient-toolmaker.epub": 200}
    landed = sale.buyer.land(sale.session_id).text
    for page in (sale.order_page(), landed):
        assert keys_on(page) == []
        assert "twinspot-2.1.zip" not in page
        assert "the-patient-toolmaker.epub" in page
        assert page.count("This part of the order was refunded") == 1
    assert "Below you see what still works" in sale.words()

    sandbox.control(f"refunds/{refund}/settle", result=ended)
    sale.deliver(*NEWS)
    assert opened(sale) == {"twinspot-2.1.zip": 200, "the-patient-toolmaker.epub": 200}
    assert keys_on(sale.order_page()) == sale.keys
    assert "refunded" not in sale.words()


def test_mails_no_key_of_a_refunded_item(app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    sale = sell(app, sandbox, PERSONAL, BOOK)
    sale.refund(amount=1900, metadata={"storefront_items": "1"})
    sale.deliver(*NEWS, COMPLETED)
    sale.work()
    assert sale.promised() == {"receipt": "sent", "refunded": "sent"}
    for mail in mailbox.messages():
        assert keys_on(mail["text"]) == keys_on(mail["html"]) == []
    (receipt,) = [mail for mail in mailbox.messages() if mail["subject"].startswith("Your order")]
    assert "twinspot-2.1.zip" not in receipt["text"]
    assert "the-patient-toolmaker.epub" in receipt["text"]


def test_keeps_a_file_open_that_another_item_gives_too(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, PERSONAL, TEAM)
    _personal, team = sale.keys
    sale.refund(amount=1900, metadata={"storefront_items": "1"})
    sale.deliver(*NEWS)
    assert opened(sale) == {"twinspot-2.1.zip": 200}
    assert keys_on(sale.order_page()) == [team]


def test_closes_nothing_for_words_that_name_no_item(app: Flask, sandbox: SandboxClient) -> None:
    """Of one refund, whose words are written anew each time."""
    sale = sell(app, sandbox, PERSONAL, BOOK)
    refund = sale.refund(amount=1900, metadata={"storefront_items": "1"})
    sale.deliver(*NEWS)
    assert opened(sale) == {"twinspot-2.1.zip": 403, "the-patient-toolmaker.epub": 200}
    for named in ("3", "0", "-1", "twinspot", "1.5", ", ,", "²"):
        words: Any = {"metadata": {"storefront_items": named}}
        sandbox.stripe.v1.refunds.update(refund, words)
        sale.deliver(*NEWS)
        assert set(opened(sale).values()) == {200}, named
        assert keys_on(sale.order_page()) == sale.keys, named
        assert "Part of the price was refunded. Everything still works." in sale.words(), named


def test_follows_a_name_that_is_written_later(app: Flask, sandbox: SandboxClient) -> None:
    """The owner refunds in the Dashboard, and adds the metadata afterwards."""
    sale = sell(app, sandbox, PERSONAL, BOOK)
    refund = sale.refund(amount=1400)
    sale.deliver(*NEWS)
    assert set(opened(sale).values()) == {200}
    named: Any = {"metadata": {"storefront_items": " 2 "}}
    sandbox.stripe.v1.refunds.update(refund, named)
    sale.deliver(*NEWS)
    assert opened(sale) == {"twinspot-2.1.zip": 200, "the-patient-toolmaker.epub": 403}
    assert keys_on(sale.order_page()) == sale.keys
