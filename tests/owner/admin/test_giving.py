"""What an owner gives for free: an order like a free one, without Stripe, once however often it is sent."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
import time_machine
from flask import Flask

from storefront.buyers.account.erase import erase_address
from storefront.core.db import db
from storefront.orders.decide import decide
from storefront.orders.models import Decision
from storefront.payments.fulfillment import give
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from storefront.payments.fulfillment.outcome import Outcome
from tests.delivery.licenses.pools import bring, make_pool, numbered
from tests.support.databases import BOTH
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_license_keys, read_rows
from tests.support.sale import link_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, keys_on, run_worker_once
from tests.support.sign_in import waiting_mails

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
TOOL = "twinspot/personal"


@pytest.fixture
def owner(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app))


def gift(**fields: str) -> dict[str, str]:
    return {"email": ADA, "goods": TOOL, "quantity": "1", "because": "won a raffle", "form": "one"} | fields


def orders(app: Flask) -> list[dict[str, Any]]:
    return read_rows(app, "SELECT * FROM orders ORDER BY id")


@both
def test_gives_keys_and_files_by_an_email_alone(
    app: Flask, sandbox: SandboxClient, owner: Buyer, mailbox: Any
) -> None:
    sandbox.forget_calls()
    page = owner.post("/admin/orders/give/check", **gift(form="")).text
    assert f"Give it to {ADA}" in page
    assert orders(app) == []
    answer = owner.post("/admin/orders/give", **gift())
    (order,) = orders(app)
    assert answer.location == f"/admin/orders/{order['number']}"
    assert (order["total_minor"], order["given_because"]) == (0, "won a raffle")
    assert order["is_paid"]
    assert "Given for free: won a raffle" in owner.get(answer.location).text
    run_worker_once(app)
    assert len([mail for mail in mailbox.messages() if mail["to"] == [ADA]]) == 1
    assert sandbox.calls() == []
    key = read_license_keys(app)[0]
    buyer = Buyer(app)
    link = link_of(app, order["checkout_session_id"])
    assert keys_on(buyer.get(link).text) == [key]
    assert read_rows(app, "SELECT email_key FROM customers") == [{"email_key": f"unproven:{ADA}"}]
    assert buyer.post(f"{link}/claim").status_code == 303
    rows = read_rows(app, "SELECT c.email_key FROM orders o JOIN customers c ON c.id = o.customer_id")
    assert rows == [{"email_key": ADA}]


@both
def test_gives_once_where_the_page_is_sent_twice_at_once(app: Flask, owner: Buyer) -> None:
    other = sign_in_at_admin(app, make_person(app, "ben@example.com"))
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda one: one.post("/admin/orders/give", **gift()).location, (owner, other)))
    (order,) = orders(app)
    assert answers == [f"/admin/orders/{order['number']}"] * 2
    assert owner.post("/admin/orders/give", **gift()).location == answers[0]
    assert len(read_rows(app, "SELECT id FROM licenses")) == 1
    assert len(read_rows(app, "SELECT id FROM audit_entries WHERE verb = 'order.given'")) == 1


def draw(owner: Buyer, **fields: str) -> str:
    """Look at what will be given; return the form's own name."""
    page = owner.post("/admin/orders/give/check", **gift(form="", **fields)).text
    return page.split('name="form" value="')[1].split('"')[0]


def press(owner: Buyer, form: str, **fields: str) -> str:
    """Give, and read what the owner reads."""
    return owner.get(owner.post("/admin/orders/give", **gift(form=form, **fields)).location).text


@both
@pytest.mark.parametrize("minutes", [0, 4, 59])
def test_gives_once_where_the_page_is_drawn_anew_after_back(app: Flask, owner: Buyer, minutes: int) -> None:
    """Drawn in one hour of the clock, given in the next, however long it lay there."""
    with time_machine.travel(datetime(2026, 11, 30, 12, minutes, tzinfo=UTC), tick=False) as clock:
        forms = [draw(owner)]
        clock.shift(timedelta(minutes=58))
        forms.append(draw(owner, email=ADA.upper()))
        assert f"Given. An email brings it to {ADA}." in press(owner, forms[0])
        for _time in range(2):
            clock.shift(timedelta(minutes=29))
            for form in (*forms, draw(owner)):
                assert "This was given already, as this order." in press(owner, form)
        assert len(orders(app)) == 1
        clock.shift(timedelta(minutes=3))
        assert "This was given already" in press(owner, forms[0]), "the form that gave it never gives again"
        assert "Given. An email" in press(owner, draw(owner))
    assert len(orders(app)) == 2


@both
def test_gives_once_where_two_pages_say_the_same_at_once(
    app: Flask, owner: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two people, or from two tabs: each page has a form of its own, and neither order is there yet."""
    pages = [owner, sign_in_at_admin(app, make_person(app, "ben@example.com"))]
    forms = [draw(one, email=email) for one, email in zip(pages, (ADA, ADA.upper()), strict=True)]
    both_are_here, real = Barrier(2, timeout=20), vars(give)["_answer"]

    def answer_together(*args: Any) -> Any:
        both_are_here.wait()
        return real(*args)

    monkeypatch.setattr(give, "_answer", answer_together)
    with ThreadPoolExecutor(2) as pool:
        read = list(pool.map(press, pages, forms))
    assert len(orders(app)) == len(read_rows(app, "SELECT id FROM customers")) == 1
    assert sorted("This was given already" in page for page in read) == [False, True]
    assert len(read_rows(app, "SELECT id FROM audit_entries WHERE verb = 'order.given'")) == 1


def test_gives_again_what_was_withdrawn_within_the_hour(app: Flask, owner: Buyer) -> None:
    form = draw(owner)
    press(owner, form)
    with app.app_context():
        decide(orders(app)[0]["number"], Decision.WITHDRAW)
        db.session.remove()
    assert "This was given already" in press(owner, form), "the form that gave it never gives again"
    assert "Given. An email" in press(owner, draw(owner))
    assert "This was given already" in press(owner, draw(owner))
    assert [row["decision"] for row in orders(app)] == ["withdraw", "follow_payment"]


@pytest.mark.parametrize(
    "other",
    [{"because": "another raffle"}, {"quantity": "2"}, {"goods": "twinspot/team"}, {"email": "eve@example.com"}],
)
def test_gives_something_else_within_the_hour(app: Flask, owner: Buyer, other: dict[str, str]) -> None:
    press(owner, draw(owner))
    for _time in range(2):
        page = press(owner, draw(owner, **other), **other)
    assert "This was given already" in page
    assert len(orders(app)) == 2


def test_gives_again_what_the_address_has(app: Flask, sandbox: SandboxClient, owner: Buyer) -> None:
    sell(app, sandbox, email=ADA)
    for form in ("one", "two"):
        owner.post("/admin/orders/give", **gift(form=form, because=form, goods="gridling", quantity="1"))
        owner.post("/admin/orders/give", **gift(form=f"{form}-tool", because=form))
    assert len(read_rows(app, "SELECT id FROM licenses")) == 3
    granted = "SELECT g.id FROM grants g JOIN products p ON p.id = g.product_id WHERE slug = 'gridling'"
    grants = read_rows(app, granted)
    assert len(grants) == 2


def test_speaks_the_language_of_the_newest_order_of_the_address(
    app: Flask, sandbox: SandboxClient, owner: Buyer
) -> None:
    owner.post("/admin/orders/give", **gift())  # to who is not known yet
    for language in ("de", "fr"):
        sell(app, sandbox, email=ADA)
        newest = "id = (SELECT max(id) FROM orders)"
        change_rows(app, f"UPDATE orders SET language = :language WHERE {newest}", language=language)
    owner.post("/admin/orders/give", **gift(form="two", because="won another"))
    assert [order["language"] for order in orders(app)] == [None, "de", "fr", "fr"]
    assert '<html lang="fr"' in waiting_mails(app)[-1].html


def test_takes_keys_from_the_pool_and_says_how_many_are_left(app: Flask, owner: Buyer) -> None:
    make_pool(app)
    bring(app, numbered(1))
    assert "of 1 imported key" in owner.post("/admin/orders/give/check", **gift()).text
    owner.post("/admin/orders/give", **gift(quantity="2"))
    assert len(read_rows(app, "SELECT id FROM licenses")) == 1
    assert "no imported key is left" in owner.post("/admin/orders/give/check", **gift()).text


def test_closes_and_opens_like_any_order_and_asks_stripe_nothing(
    app: Flask, sandbox: SandboxClient, owner: Buyer
) -> None:
    owner.post("/admin/orders/give", **gift())
    (order,) = orders(app)
    sandbox.forget_calls()
    home = f"/admin/orders/{order['number']}"
    assert owner.post(f"{home}/decide", decision="withdraw").status_code == 303
    assert "withdrawn" in owner.get(home).text
    with app.app_context():
        assert decide(order["number"], Decision.FOLLOW_PAYMENT).now.allowed
        found = fulfill_checkout(order["checkout_session_id"], Look.NOW)
        unknown = fulfill_checkout("gift_unknown", Look.NOW)
        db.session.remove()
    assert (found.outcome, unknown.outcome) == (Outcome.ALREADY_FULFILLED, Outcome.NOT_OURS)
    link = link_of(app, order["checkout_session_id"])
    assert owner.get(f"{link}/stripe-receipt").status_code == 303
    assert sandbox.calls() == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"email": "ada@"}, "ada@ is not an email address."),
        ({"because": "  "}, "Say why it is given"),
        ({"because": "x" * 201}, "at most 200 characters"),
        ({"goods": ""}, "Choose 1 to 20 things"),
        ({"goods": "no-such"}, "no-such"),
        ({"goods": "twinspot/none"}, "has no edition none"),
        ({"goods": "twinspot"}, "Name one: twinspot/personal, twinspot/team"),
        ({"quantity": "0"}, "1 to 99"),
        ({"quantity": "100"}, "1 to 99"),
        ({"quantity": "-1"}, "1 to 99"),
        ({"form": ""}, "Look at what will be given first."),
    ],
)
def test_refuses_what_cannot_be_given_and_keeps_what_was_typed(
    app: Flask, owner: Buyer, wrong: dict[str, str], words: str
) -> None:
    answer = owner.post("/admin/orders/give", **gift(**wrong))
    assert 400 <= answer.status_code < 500
    assert words in answer.text
    assert f'value="{gift(**wrong)["email"]}"' in answer.text
    assert orders(app) == []


def test_is_of_no_address_once_its_buyer_is_erased(app: Flask, owner: Buyer) -> None:
    owner.post("/admin/orders/give", **gift())
    change_rows(app, "UPDATE outbox SET state = 'sent'")
    with app.app_context():
        erase_address(ADA)
        db.session.remove()
    assert (orders(app)[0]["email"], orders(app)[0]["given_because"]) == ("", "")
