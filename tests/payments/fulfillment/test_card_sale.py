"""A card sale through the real Stripe SDK and the sandbox over HTTP: what the buyer sees, and what is kept."""

import hashlib
import re
from typing import Any

import pytest
from flask import Flask

from storefront.orders.models import Grant, Order, OrderItem
from tests.support.databases import BOTH
from tests.support.goods import unknown_line
from tests.support.rows import count_rows, read_rows
from tests.support.sale import link_of
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, keys_on, run_worker_once
from tests.support.statements import counted

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@both
def test_shows_key_and_file_on_the_return_page_at_once(buyer: Buyer, sandbox: SandboxClient) -> None:
    buyer.add("twinspot", "Personal")
    session_id = buyer.check_out()
    sandbox.pay(session_id)
    page = buyer.land(session_id)
    assert page.status_code == 200
    assert len(keys_on(page.text)) == 1
    assert "twinspot-2.1.zip" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "noindex" in page.headers["X-Robots-Tag"]


@both
def test_hands_out_the_same_key_however_often_the_page_is_loaded(
    buyer: Buyer, sandbox: SandboxClient, app: Flask
) -> None:
    buyer.add("twinspot", "Team", 3)
    session_id = buyer.check_out()
    sandbox.pay(session_id)
    first = keys_on(buyer.land(session_id).text)
    assert len(first) == 3
    for _ in range(3):
        assert keys_on(buyer.land(session_id).text) == first
    assert count_rows(app, Order, OrderItem, Grant) == {"orders": 1, "order_items": 1, "grants": 4}


def test_gives_the_file_that_was_seeded(buyer: Buyer, sandbox: SandboxClient, app: Flask) -> None:
    buyer.add("the-patient-toolmaker")
    session_id = buyer.check_out()
    sandbox.pay(session_id)
    link = re.search(r'href="([^"]*/downloads/[^"]+)"', buyer.land(session_id).text)
    assert link
    expected = read_rows(app, "SELECT sha256 FROM release_files WHERE filename = 'the-patient-toolmaker.epub'")
    with buyer.get(link[1]) as answer:
        assert hashlib.sha256(answer.data).hexdigest() == expected[0]["sha256"]
        assert answer.headers["Content-Disposition"].startswith("attachment")


def test_keeps_what_stripe_said_of_the_payment(buyer: Buyer, sandbox: SandboxClient, app: Flask) -> None:
    coupon = sandbox.stripe.v1.coupons.create({"percent_off": 20, "duration": "once"})
    sandbox.stripe.v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "TWENTY"}
    )
    buyer.add("twinspot", "Personal", 2)
    session_id = buyer.check_out()
    sandbox.pay(session_id, promotion_code="TWENTY", email=" Ada@Example.com ", name="Ada Reader", country="DE")
    buyer.land(session_id)
    order = read_rows(app, "SELECT * FROM orders")[0]
    assert (order["subtotal_minor"], order["discount_minor"], order["total_minor"]) == (3800, 760, 3040)
    assert (order["currency"], order["tax_minor"], order["country"], order["name"]) == (
        "usd",
        0,
        "DE",
        "Ada Reader",
    )
    assert (order["payment_method_type"], order["mode"]) == ("card", "sandbox")
    assert order["payment_intent_id"].startswith("pi_")
    customer = read_rows(app, "SELECT email, email_key FROM customers")[0]
    assert customer["email_key"] == "ada@example.com"


def test_delivers_a_free_product_without_any_payment(buyer: Buyer, sandbox: SandboxClient, app: Flask) -> None:
    buyer.add("gridling")
    session_id = buyer.check_out()
    sandbox.pay(session_id, payment_method=None)
    assert "Check your email" in buyer.land(session_id).text
    assert "gridling-1.0.ttf" in buyer.get(link_of(app, session_id)).text
    order = read_rows(app, "SELECT total_minor, payment_intent_id, is_paid FROM orders")[0]
    assert (order["total_minor"], order["payment_intent_id"], bool(order["is_paid"])) == (0, None, True)


def test_keeps_lines_it_does_not_know_beside_those_it_does(
    buyer: Buyer, sandbox: SandboxClient, app: Flask
) -> None:
    price_id = buyer.add("twinspot", "Personal")
    buyer.check_out()
    known = read_rows(app, "SELECT stripe_price_id FROM stripe_mirrors WHERE price_id = :id", id=price_id)[0]
    session_id = sandbox.create_session(
        [{"price": known["stripe_price_id"], "quantity": 1}, unknown_line("Gift wrap")]
    )
    sandbox.pay(session_id)
    page = buyer.land(session_id).text
    assert "Gift wrap" in page
    assert len(keys_on(page)) == 1
    items = read_rows(app, "SELECT price_id, description FROM order_items ORDER BY position")
    assert [item["price_id"] for item in items] == [price_id, None]


def test_makes_no_order_of_a_stranger_session(buyer: Buyer, sandbox: SandboxClient, app: Flask) -> None:
    session_id = sandbox.create_session([unknown_line("Not ours")])
    sandbox.pay(session_id)
    assert buyer.land(session_id).status_code == 404
    assert count_rows(app, Order) == {"orders": 0}


@pytest.mark.parametrize("lines", [10, 11, 100])
def test_grants_every_line_of_a_long_session(lines: int, buyer: Buyer, sandbox: SandboxClient, app: Flask) -> None:
    session_id = make_long_session(buyer, sandbox, app, lines=lines)
    sandbox.pay(session_id)
    sandbox.forget_calls()
    page = buyer.land(session_id)
    assert len(keys_on(page.text)) == lines
    reads = [path for _method, path in sandbox.calls() if "/checkout/sessions/" in path]
    assert len(reads) == (1 if lines <= 10 else 2)


def test_reads_back_quantities_the_buyer_changed_on_the_form(
    buyer: Buyer, sandbox: SandboxClient, app: Flask
) -> None:
    session_id = make_long_session(buyer, sandbox, app, lines=1, adjustable=True)
    line = sandbox.stripe.v1.checkout.sessions.line_items.list(session_id).data[0]
    sandbox.pay(session_id, quantities={line.id: 4})
    assert len(keys_on(buyer.land(session_id).text)) == 4
    assert read_rows(app, "SELECT total_minor FROM orders")[0]["total_minor"] == 4 * 1900


@both
def test_costs_a_bounded_number_of_statements_and_calls(buyer: Buyer, sandbox: SandboxClient, app: Flask) -> None:
    """First load, second load, order page; and no more for 20 lines than for one."""
    costs: list[tuple[int, ...]] = []
    for lines in (1, 20):
        session_id = make_long_session(buyer, sandbox, app, lines=lines)
        sandbox.pay(session_id, email=f"buyer-of-{lines}@example.com")
        sandbox.forget_calls()
        with counted(app, inserts=lines == 1) as first:
            page = buyer.land(session_id)
        calls_first = len(sandbox.calls())
        with counted(app) as again:
            buyer.land(session_id)
        calls_again = len(sandbox.calls()) - calls_first
        link = re.search(r"/orders/[0-9a-f]{32}", page.text)
        assert link
        with counted(app) as order_page:
            assert buyer.get(link[0]).status_code == 200
        reads = [line for line in first if not line.lstrip().upper().startswith("INSERT")]
        assert len(first) <= 22, "\n".join(first)
        # The last ones ask whether the buyer wants news and offers, and for the covers.
        assert len(again) <= 9, "\n".join(again)
        assert len(order_page) <= 7, "\n".join(order_page)
        assert calls_first == (1 if lines <= 10 else 2)
        assert calls_again == 0
        costs.append((len(reads), len(again), len(order_page)))
    assert costs[0] == costs[1]


def make_long_session(
    buyer: Buyer, sandbox: SandboxClient, app: Flask, *, lines: int, adjustable: bool = False
) -> str:
    """Straight through the API, with our price on each line and no Checkout row of ours."""
    price_id = buyer.add("twinspot", "Personal")
    if not read_rows(app, "SELECT 1 FROM stripe_mirrors WHERE price_id = :id", id=price_id):
        buyer.check_out()
    known = read_rows(app, "SELECT stripe_price_id FROM stripe_mirrors WHERE price_id = :id", id=price_id)[0]
    line: dict[str, Any] = {"price": known["stripe_price_id"], "quantity": 1}
    if adjustable:
        line["adjustable_quantity"] = {"enabled": True, "minimum": 1, "maximum": 9}
    return sandbox.create_session([dict(line) for _ in range(lines)])


def test_mails_nothing_before_two_minutes_without_a_webhook(
    buyer: Buyer, sandbox: SandboxClient, app: Flask
) -> None:
    buyer.add()
    session_id = buyer.check_out()
    sandbox.pay(session_id)
    buyer.land(session_id)
    run_worker_once(app)
    assert read_rows(app, "SELECT state FROM outbox") == [{"state": "queued"}]
