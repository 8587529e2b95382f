"""A purchase through a Payment Link is fulfilled like any other, also through one that the owner made by hand."""

import pytest
import time_machine

from storefront.core import clock
from storefront.orders.models import Order
from tests.support.databases import BOTH
from tests.support.payment_links import foreign_price, make_link, make_link_by_hand, mirror_of, visit
from tests.support.rows import count_rows, read_rows
from tests.support.shop import Buyer, Shop, keys_on

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@both
@pytest.mark.parametrize("first", ["page", "webhook"])
def test_gives_the_key_on_the_page_and_by_mail(shop: Shop, first: str) -> None:
    session_id = visit(make_link(shop.app, "twinspot/Personal"))
    shop.sandbox.control("config", webhook_order=f"{first}_first", page_first_delay_seconds=0.1)
    shop.sandbox.control("deliveries/hold")
    shop.sandbox.pay(session_id)
    if first == "webhook":
        shop.sandbox.control("deliveries/release")
        shop.wait_for_event("checkout.session.completed")
    shown = keys_on(Buyer(shop.app).land(session_id).text)
    assert len(shown) == 1
    shop.sandbox.control("deliveries/release")
    shop.wait_for_event("checkout.session.completed")
    shop.work()
    (mail,) = shop.mails(to="ada@example.com")
    assert keys_on(mail["text"]) == shown
    assert count_rows(shop.app, Order) == {"orders": 1}
    assert read_rows(shop.app, "SELECT payment_link_id FROM orders")[0]["payment_link_id"].startswith("plink_")


def test_needs_no_webhook_and_shows_the_key_to_others_for_half_an_hour(shop: Shop) -> None:
    shop.sandbox.lose_events()
    session_id = visit(make_link(shop.app, "twinspot/Personal"))
    shop.sandbox.pay(session_id)
    shown = keys_on(Buyer(shop.app).land(session_id).text)
    assert len(shown) == 1
    with time_machine.travel(clock.now().timestamp() + 31 * 60, tick=True):
        assert keys_on(Buyer(shop.app).land(session_id).text) == []
        shop.work()
    (mail,) = shop.mails(to="ada@example.com")
    assert keys_on(mail["text"]) == shown


@both
def test_waits_for_a_bank_debit(shop: Shop) -> None:
    session_id = visit(make_link(shop.app, "twinspot/Personal"))
    shop.sandbox.pay(session_id, payment_method="ach_success")
    shop.wait_for_event("checkout.session.completed")
    assert keys_on(Buyer(shop.app).land(session_id).text) == []
    payment = read_rows(shop.app, "SELECT payment_intent_id FROM orders")[0]["payment_intent_id"]
    shop.sandbox.settle(payment)
    shop.wait_for_event("checkout.session.async_payment_succeeded")
    assert len(keys_on(Buyer(shop.app).land(session_id).text)) == 1


def test_serves_a_link_made_by_hand_whose_buyer_never_comes_to_the_shop(shop: Shop) -> None:
    session_id = visit(make_link_by_hand(shop.sandbox, mirror_of(shop.app, "Personal")))
    shop.sandbox.pay(session_id)
    (event,) = shop.wait_for_event("checkout.session.completed")
    assert event["outcome"] == "fulfilled"
    shop.work()
    (mail,) = shop.mails(to="ada@example.com")
    assert len(keys_on(mail["text"])) == 1


@both
def test_keeps_and_shows_a_line_it_does_not_know_and_tells_the_owner(shop: Shop) -> None:
    session_id = visit(
        make_link_by_hand(shop.sandbox, mirror_of(shop.app, "Personal"), foreign_price(shop.sandbox))
    )
    shop.sandbox.pay(session_id)
    shop.wait_for_event("checkout.session.completed")
    items = read_rows(shop.app, "SELECT description, product_id IS NULL unknown FROM order_items ORDER BY id")
    assert [(item["description"], bool(item["unknown"])) for item in items] == [
        ("Twinspot (Personal)", False),
        ("A mug", True),
    ]
    page = Buyer(shop.app).land(session_id).text
    assert len(keys_on(page)) == 1
    assert "A mug" in page
    assert "The shop knows about this and will email" in page
    (notice,) = read_rows(shop.app, "SELECT kind, text FROM notices")
    assert notice["kind"] == "unknown_line"
    assert "\N{LEFT DOUBLE QUOTATION MARK}A mug\N{RIGHT DOUBLE QUOTATION MARK}" in notice["text"]


def test_leaves_a_link_without_any_price_of_ours_alone(shop: Shop) -> None:
    session_id = visit(make_link_by_hand(shop.sandbox, foreign_price(shop.sandbox)))
    shop.sandbox.pay(session_id)
    (event,) = shop.wait_for_event("checkout.session.completed")
    assert event["outcome"] == "not_ours"
    assert Buyer(shop.app).land(session_id).status_code == 404
    assert count_rows(shop.app, Order) == {"orders": 0}


def test_makes_an_order_for_each_purchase_and_tells_the_owner_of_a_second_one(shop: Shop) -> None:
    url = make_link(shop.app, "twinspot/Personal")
    for count in (1, 2):
        shop.sandbox.pay(visit(url))
        shop.wait_for_event("checkout.session.completed", count=count)
    assert count_rows(shop.app, Order) == {"orders": 2}
    assert [row["kind"] for row in read_rows(shop.app, "SELECT kind FROM notices")] == ["double_purchase"]


def test_believes_nothing_that_the_buyer_wrote_into_the_address(shop: Shop) -> None:
    buyer = Buyer(shop.app)
    buyer.add("twinspot", "Team")
    other = buyer.check_out()
    token = read_rows(shop.app, "SELECT token FROM checkouts")[0]["token"]
    url = make_link(shop.app, "twinspot/Personal")
    session_id = visit(f"{url}?client_reference_id={token}&prefilled_email=victim@example.com")
    shop.sandbox.pay(session_id)
    shop.wait_for_event("checkout.session.completed")
    (order,) = read_rows(shop.app, "SELECT checkout_session_id, email, total_minor FROM orders")
    assert order == {"checkout_session_id": session_id, "email": "ada@example.com", "total_minor": 1900}
    assert shop.sandbox.stripe.v1.checkout.sessions.retrieve(other).status == "open"


def test_reads_the_quantity_back_that_the_buyer_chose(shop: Shop) -> None:
    session_id = visit(make_link(shop.app, "twinspot/Personal", adjustable=True))
    line = shop.sandbox.stripe.v1.checkout.sessions.line_items.list(session_id).data[0]
    shop.sandbox.pay(session_id, quantities={line.id: 3})
    assert len(keys_on(Buyer(shop.app).land(session_id).text)) == 3
