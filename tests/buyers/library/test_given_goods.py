"""Every kind of thing is given: what it holds is the receiver's alone, and what comes later follows it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask

from tests.delivery.licenses.pools import bring, make_pool, numbered
from tests.support.bundles import KIT, add_bundle
from tests.support.databases import BOTH
from tests.support.gifts import FIELDS, ROSA, TWINSPOT, give, hand_over, in_days, main_of, receive, received_link
from tests.support.goods import change_price
from tests.support.rows import read_license_keys, read_rows
from tests.support.sale import Sale, link_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, find_price, keys_on, post_event, run_worker_once
from tests.support.sign_in import signed_in
from tests.support.upgrades import allow_upgrade, offers_on, pay_upgrade, start_upgrade

BOOK = ("the-patient-toolmaker", "E-book")
KEYS_OF = (
    "SELECT key FROM licenses JOIN grants ON grants.id = grant_id"
    " JOIN order_items ON order_items.id = order_item_id WHERE order_id = :id"
)
TOOL_FILE, BOOK_FILE = "twinspot-2.1.zip", "the-patient-toolmaker.epub"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`sold` gives it; what it holds is these files, and this many keys."""

    sold: Callable[[Flask, SandboxClient], Sale]
    keys: int
    files: frozenset[str]


def imported(app: Flask, sandbox: SandboxClient) -> Sale:
    make_pool(app)
    bring(app, numbered(5))
    return give(app, sandbox)


def bundle(app: Flask, sandbox: SandboxClient) -> Sale:
    add_bundle(app)
    return give(app, sandbox, KIT)


def chosen(app: Flask, sandbox: SandboxClient) -> Sale:
    price_id = find_price(app, *TWINSPOT)
    change_price(app, price_id, least_minor=500, most_minor=5000)
    buyer = Buyer(app)
    page = main_of(buyer.get(f"/checkout/gift?price_id={price_id}").text)
    assert "Check out</button>" in page, "what is to be paid is asked for at Stripe"
    answer = buyer.post("/checkout/now", price_id=price_id, **FIELDS)
    session_id = buyer.session_on(buyer.get(answer.location))
    sandbox.pay(session_id, custom_unit_amount=700)
    buyer.land(session_id)
    link = link_of(app, session_id)
    return Sale(app=app, sandbox=sandbox, buyer=buyer, session_id=session_id, keys=[], link=link, downloads=[])


def owned(app: Flask, sandbox: SandboxClient) -> Sale:
    sell(app, sandbox, email=ROSA)
    return give(app, sandbox)


KINDS = {
    "imported keys": Kind(sold=imported, keys=1, files=frozenset({TOOL_FILE})),
    "several": Kind(
        sold=lambda app, sandbox: give(app, sandbox, *[TWINSPOT] * 3), keys=3, files=frozenset({TOOL_FILE})
    ),
    "a bundle": Kind(sold=bundle, keys=1, files=frozenset({TOOL_FILE, BOOK_FILE})),
    "at a price of the giver's": Kind(sold=chosen, keys=1, files=frozenset({TOOL_FILE})),
    "what its receiver has already": Kind(sold=owned, keys=1, files=frozenset({TOOL_FILE})),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_gives_all_of_it_and_takes_all_of_it_back(
    app: Flask, sandbox: SandboxClient, mailbox: Any, kind: Kind
) -> None:
    sale = kind.sold(app, sandbox)
    assert hand_over(app) == 1
    (order,) = read_rows(app, "SELECT id FROM orders WHERE is_gift")
    keys = set(read_license_keys(app, KEYS_OF, id=order["id"]))
    assert len(keys) == kind.keys
    rosa = receive(sale)
    (mail,) = [mail for mail in mailbox.messages(to=ROSA) if "gift" in mail["subject"]]
    library = signed_in(app, ROSA).get("/library").text
    for text in (rosa.page(), mail["text"], mail["html"], library):
        assert all(key in text for key in keys)
        assert all(file in text for file in kind.files)
        assert "$" not in main_of(text)
    assert {link.rpartition("/")[2] for link in rosa.downloads} - {"all.zip"} == kind.files
    givers = [sale.order_page(), sale.buyer.land(sale.session_id).text, *map(str, mailbox.messages(to=ADA))]
    assert not any(word in text for text in givers for word in keys | {"/downloads/"})
    assert "double_purchase" not in sale.open_notices()
    sale.refund()
    sale.deliver("charge.", "refund.")
    assert rosa.opened() == {403}
    assert not any(key in rosa.page() for key in keys)


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_sends_keys_that_come_later_to_its_receiver(app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    """One key is there, one comes before its day, and both are in the gift's email; one comes after it."""
    make_pool(app)
    bring(app, numbered(1))
    sale = give(app, sandbox, TWINSPOT, TWINSPOT, TWINSPOT, gift_on=in_days(9))
    bring(app, numbered(1, start=2))
    run_worker_once(app)
    assert mailbox.messages(to=ROSA) == []
    sale.buyer.post(f"{sale.link}/gift/send")
    run_worker_once(app)
    bring(app, numbered(1, start=3))
    run_worker_once(app)
    second, first = (mail["text"] for mail in mailbox.messages(to=ROSA))
    assert re.findall(r"IMPORTED-KEY-000\d", first) == numbered(2)
    assert "One license key is not in stock right now" in first
    assert re.findall(r"IMPORTED-KEY-000\d", second) == numbered(3)
    assert received_link(sale) in second
    assert "IMPORTED" not in str(mailbox.messages(to=ADA)) + sale.order_page()


def test_says_all_in_the_language_of_its_receiver(app: Flask, sandbox: SandboxClient) -> None:
    sale = give(app, sandbox)
    hand_over(app)
    page = Buyer(app).get("/de" + received_link(sale)).text
    assert "Kopieren" in page
    assert '"Copied":"Kopiert"' in page, "what the script of its copy buttons says"


def test_offers_an_upgrade_to_its_receiver_alone(app: Flask, sandbox: SandboxClient) -> None:
    allow_upgrade(app)
    sale = give(app, sandbox)
    hand_over(app)
    assert offers_on(sale.order_page()) == offers_on(sale.buyer.land(sale.session_id).text) == []
    rosa = Buyer(app)
    received = replace(sale, link=received_link(sale))
    (offer,) = offers_on(rosa.get(received.link).text)
    stolen = offer.action.replace(received.link.rpartition("/")[2], sale.link.rpartition("/")[2])
    assert sale.buyer.post(stolen, amount_minor=offer.amount_minor).status_code == 403
    pay_upgrade(received, start_upgrade(received, rosa), rosa, email=ROSA)
    page = main_of(rosa.get(received.link).text)
    assert "Team · " in page
    assert len(keys_on(page)) == 1
    assert "Team" not in main_of(sale.order_page())


def test_closes_the_part_that_is_refunded(app: Flask, sandbox: SandboxClient, mailbox: Any) -> None:
    sale = give(app, sandbox, TWINSPOT, BOOK)
    hand_over(app)
    rosa = receive(sale)
    sale.refund(amount=1900, metadata={"storefront_items": "1"})
    sale.deliver("charge.", "refund.")
    run_worker_once(app)
    assert "This part of the gift no longer works." in rosa.page()
    assert keys_on(rosa.page()) == []
    assert BOOK_FILE in rosa.page()
    assert not rosa.is_valid()
    (refused,) = [link for link in rosa.downloads if TOOL_FILE in link]
    for page in (signed_in(app, ROSA).get("/library").text, Buyer(app).get(refused).text):
        assert "This part of the gift no longer works." in page
        assert "This gift doesn" not in page
    assert "This part of the gift was refunded, so it no longer works." in sale.order_page()
    (mail,) = [mail for mail in mailbox.messages(to=ADA) if mail["subject"].startswith("Refunded")]
    assert "Twinspot (Personal): refunded, no longer works" in mail["text"]
    for body in (mail["text"], mail["html"]):
        assert "works as before" in body
        assert "keys and downloads" not in body
    assert len(mailbox.messages(to=ROSA)) == 1


def test_tells_the_giver_alone_that_the_bank_refused_and_keeps_the_words(
    app: Flask, sandbox: SandboxClient, mailbox: Any
) -> None:
    sale = give(app, sandbox, how={"payment_method": "ach_success"}, gift_on=in_days(3))
    waiting = sale.buyer.land(sale.session_id).text
    assert "We send your gift once it" in waiting
    sandbox.settle(sale.payment().id, "failed")
    for event in sandbox.read("events")["data"]:
        if event["type"].startswith("checkout.session."):
            assert post_event(app, event).status_code == 200
    assert hand_over(app) == 0
    sale.buyer.post(f"{sale.link}/gift/send")
    assert hand_over(app) == 0
    assert mailbox.messages(to=ROSA) == []
    (failed,) = [mail for mail in mailbox.messages(to=ADA) if "go through" in mail["subject"]]
    for body in (failed["text"], failed["html"]):
        assert "A gift for r…@example.net. It hasn" in body
        assert "/checkout/again/" in body
    assert "keys and downloads" not in waiting + str(mailbox.messages(to=ADA)) + sale.order_page()
    again = sale.buyer.get(sale.link.replace("/orders/", "/checkout/again/"))
    page = sale.buyer.get(again.location).text
    assert f'value="{ROSA}"' in page
    assert "Happy birthday!" in page
    assert f'value="{in_days(3)}"' in page
    stranger = Buyer(app)
    assert stranger.get(again.location.replace(sale.link.rpartition("/")[2], "0" * 32)).status_code == 404
