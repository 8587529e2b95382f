"""What costs nothing: the same page for every address, the truth in its mail, nothing joined by typing."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from storefront.buyers.account.erase import erase_customer
from storefront.buyers.library.news import tell_buyers
from storefront.core import clock
from storefront.core.db import db
from storefront.mail.models import OutboxMessage
from storefront.orders.decide import decide
from storefront.orders.models import Decision, Grant, Order
from storefront.payments.fulfillment.refund import refund_order
from tests.support.databases import BOTH
from tests.support.gifts import ROSA, give, hand_over, received_link
from tests.support.goods import make_edition
from tests.support.letters import plain
from tests.support.rows import count_rows, read_rows
from tests.support.sale import FONT, TOOL, link_of, number_of, sell, take_free
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, keys_on, run_worker_once
from tests.support.sign_in import signed_in

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def words(page: str) -> str:
    main = page[page.index("<main") : page.index("</main>")]
    return plain(main)


def receipts(app: Flask) -> list[dict[str, Any]]:
    return read_rows(
        app, "SELECT order_id, recipient, state, due_at FROM outbox WHERE kind = 'receipt' ORDER BY id"
    )


def promises(app: Flask) -> list[tuple[str, str]]:
    rows = read_rows(app, "SELECT kind, recipient FROM outbox ORDER BY id")
    return [(row["kind"], row["recipient"]) for row in rows]


def library_of(app: Flask, email: str) -> str:
    """As its owner sees it after a mailed code."""
    return words(signed_in(app, email).get("/library").text)


@both
@pytest.mark.parametrize("page_first", [True, False], ids=["page first", "webhook first"])
def test_shows_the_same_page_whoever_the_address_belongs_to(
    app: Flask, sandbox: SandboxClient, page_first: bool
) -> None:
    """Who bought, who has this very thing, and who never came here."""
    sell(app, sandbox, TOOL, email="bought@example.com")
    take_free(app, sandbox, email="has@example.com")
    pages = set()
    for email in ("never@example.com", "bought@example.com", "has@example.com"):
        sale = take_free(app, sandbox, email=email, page_first=page_first)
        page = sale.buyer.land(sale.session_id)
        assert email in page.text
        assert sale.buyer.state(sale.session_id) == "fulfilled"
        for secret in ("/orders/", "/downloads/", "gridling-1.0.ttf", "already"):
            assert secret not in page.text
        pages.add(words(page.text).replace(email, "…"))
    assert len(pages) == 1
    assert "Check your email" in pages.pop()


def test_shows_no_address_to_another_browser(app: Flask, sandbox: SandboxClient) -> None:
    sale = take_free(app, sandbox)
    page = Buyer(app).land(sale.session_id)
    assert "Check your email" in page.text
    assert ADA not in page.text
    assert Buyer(app).post("/checkout/return/mail", session_id=sale.session_id).status_code == 404


@both
def test_tells_the_truth_in_one_mail_an_hour(app: Flask, sandbox: SandboxClient) -> None:
    first = take_free(app, sandbox)
    assert [row["recipient"] for row in receipts(app)] == [ADA]
    for email in (ADA, "ADA@Example.com", ADA):
        take_free(app, sandbox, email=email)
    first.deliver("checkout.session.completed", times=3)
    assert len(receipts(app)) == 1
    with time_machine.travel(clock.now() + timedelta(minutes=61), tick=True):
        take_free(app, sandbox)
        take_free(app, sandbox)
    mails = receipts(app)
    assert [mail["order_id"] for mail in mails] == [mails[0]["order_id"]] * 2, (
        "the first order's, which has the file"
    )
    assert count_rows(app, Order, Grant) == {"orders": 6, "grants": 1}
    assert "gridling-1.0.ttf" in first.order_page()


def test_mails_at_once_because_the_page_has_nothing(app: Flask, sandbox: SandboxClient) -> None:
    take_free(app, sandbox)
    (mail,) = read_rows(app, "SELECT due_at, created_at FROM outbox")
    assert mail["due_at"] <= mail["created_at"]


@both
def test_leaves_a_customer_alone_until_the_link_of_its_mail_is_used(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox, TOOL)
    before = read_rows(app, "SELECT * FROM customers")
    strangers = take_free(app, sandbox)
    assert read_rows(app, "SELECT * FROM customers WHERE id = :id", id=before[0]["id"]) == before
    seen = library_of(app, ADA)
    assert "Gridling" not in seen
    assert "A free order was placed with this address" in seen
    reader = Buyer(app)
    for _ in range(2):
        assert reader.get(strangers.link).status_code == 200
    assert "Gridling" not in library_of(app, ADA), "what opens links in mails before people do joins nothing"
    for _ in range(2):
        assert reader.post(f"{strangers.link}/claim").status_code == 303
    seen = library_of(app, ADA)
    assert "Gridling" in seen
    assert "A free order was placed" not in seen
    assert "/claim" not in reader.get(strangers.link).text


def test_knows_who_only_has_free_things_after_a_mailed_code(app: Flask, sandbox: SandboxClient) -> None:
    take_free(app, sandbox)
    assert "Gridling" in library_of(app, ADA)
    again = take_free(app, sandbox)
    assert len(receipts(app)) == 1
    assert "Check your email" in again.buyer.land(again.session_id).text


def test_shows_everything_at_once_to_who_is_signed_in_with_the_address(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox, TOOL)
    ada = signed_in(app, ADA)
    for email, shown in ((ADA, True), ("bob@example.com", False)):
        ada.add(*FONT)
        session_id = ada.check_out()
        sandbox.pay(session_id, payment_method=None, email=email)
        for _ in range(2):
            assert ("gridling-1.0.ttf" in ada.land(session_id).text) is shown
    assert "Gridling" in library_of(app, ADA)


@both
def test_gives_who_pays_for_something_the_free_line_too(app: Flask, sandbox: SandboxClient) -> None:
    """A paid line of a product the address owns, beside a free one that it owns."""
    sell(app, sandbox, TOOL)
    take_free(app, sandbox)
    both_again = sell(app, sandbox, TOOL, FONT)
    page = both_again.buyer.land(both_again.session_id).text
    assert len(keys_on(page)) == 1
    assert "gridling-1.0.ttf" in page
    assert "already" not in words(page)


def test_does_not_let_a_withdrawn_free_order_stand_in_the_way(app: Flask, sandbox: SandboxClient) -> None:
    first = take_free(app, sandbox)
    number = read_rows(app, "SELECT number FROM orders")[0]["number"]
    with app.app_context():
        decide(number, Decision.WITHDRAW)
        db.session.remove()
    second = take_free(app, sandbox)
    assert "gridling-1.0.ttf" in second.order_page()
    assert "gridling-1.0.ttf" not in first.order_page()
    assert count_rows(app, Grant) == {"grants": 2}


@both
def test_hands_out_what_is_free_of_a_product_whose_item_was_refunded(app: Flask, sandbox: SandboxClient) -> None:
    """The rest of that order is open."""
    make_edition(app, "twinspot", "Lite", 0, "usd")
    paid = sell(app, sandbox, TOOL, ("soft-taps", "One project"))
    with app.app_context():
        refund_order(number_of(paid), positions=[1])
        db.session.remove()
    buyer = Buyer(app)
    buyer.add("twinspot", "Lite")
    session_id = buyer.check_out()
    sandbox.pay(session_id, payment_method=None)
    buyer.land(session_id)
    assert len(keys_on(buyer.get(link_of(app, session_id)).text)) == 1
    assert [mail["order_id"] for mail in receipts(app)] == [1, 2]


@both
def test_mails_a_gift_again_to_who_received_it_and_not_to_its_giver(
    app: Flask, sandbox: SandboxClient, mailbox: Any
) -> None:
    """What is free was in it, and the receiver asks for it once more, or a stranger with their address does."""
    gift = give(app, sandbox, TOOL, FONT)
    hand_over(app)
    take_free(app, sandbox, email=ROSA)
    once = [("receipt", ADA), ("gift", ROSA)]
    assert promises(app) == once, "it went to Rosa within the hour"
    mailbox.clear()
    with time_machine.travel(clock.now() + timedelta(minutes=61), tick=True):
        for _ in range(2):
            take_free(app, sandbox, email=ROSA)
        assert promises(app) == [*once, ("gift", ROSA)]
        run_worker_once(app)
    [mail] = [mail for mail in mailbox.messages() if ROSA in mail["to"]]
    assert received_link(gift) in mail["text"]


def test_holds_the_second_mail_of_a_promotion_code_for_its_hour(app: Flask, sandbox: SandboxClient) -> None:
    """Each has a key of its own, so none is left out."""
    coupon = sandbox.stripe.v1.coupons.create({"percent_off": 100, "duration": "once"})
    sandbox.stripe.v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "GIFT"}
    )
    sales = [sell(app, sandbox, TOOL, promotion_code="GIFT", payment_method=None) for _ in range(3)]
    assert [sale.keys for sale in sales] == [[]] * 3, "the mail has them"
    for sale in sales:
        sale.deliver("checkout.session.completed")
        assert len(keys_on(sale.order_page())) == 1
    with app.app_context():
        mails = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
        hours = [round((mail.due_at - mail.created_at) / timedelta(hours=1)) for mail in mails]
        db.session.remove()
    assert hours == [0, 1, 2]


def test_erases_what_strangers_typed_too(app: Flask, sandbox: SandboxClient) -> None:
    sell(app, sandbox, TOOL)
    take_free(app, sandbox)
    (first, *_rest) = read_rows(app, "SELECT id FROM customers ORDER BY id")
    with app.app_context():
        erase_customer(first["id"])
        db.session.remove()
    for table, column in (("orders", "email"), ("customers", "email"), ("outbox", "recipient")):
        assert {row[column] for row in read_rows(app, f"SELECT {column} FROM {table}")} == {""}
    assert read_rows(app, "SELECT id FROM customers WHERE email_key LIKE '%ada%'") == []


def test_sends_no_news_to_an_address_that_nobody_has_proven(app: Flask, sandbox: SandboxClient) -> None:
    take_free(app, sandbox)
    take_free(app, sandbox, email="proven@example.com")
    library_of(app, "proven@example.com")
    with app.app_context():
        assert tell_buyers("gridling", "1.0").told == 1
        db.session.remove()
