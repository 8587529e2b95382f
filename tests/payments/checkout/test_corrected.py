"""What a buyer corrects before paying takes the place of what was typed first: the wrong one cannot be paid."""

import re
from typing import Any

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from storefront.core import tokens
from tests.payments.checkout.buttons import ask_form, count_sessions, press, status_of, tell_paid
from tests.support.gifts import FIELDS, WORDS, in_days
from tests.support.gifts import begin_gift as cart_gift
from tests.support.goods import set_price
from tests.support.letters import words_of
from tests.support.rows import read_rows
from tests.support.sale import link_of
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, find_price, make_event, post_event

ROSA, WRONG, BEN = "rosa@example.net", "rosa@exmaple.net", "ben@example.net"
NOT_SAVED = (
    "You already ordered this gift, so what you just changed wasn't saved. Until it's sent, you can change it on "
    "its order page."
)


def begin_gift(buyer: Buyer, email: str, *, edition: str = "Personal", **fields: Any) -> TestResponse:
    """Fill in the page of a gift of one thing, and send it."""
    price_id = find_price(buyer.app, "twinspot", edition)
    nonce = re.search(r'name="nonce" value="([^"]+)"', gift_page(buyer, edition))
    assert nonce
    form = FIELDS | {"nonce": nonce[1], "price_id": price_id, "gift_email": email} | fields
    answer = buyer.post("/checkout/now", **form)
    assert answer.status_code == 303, answer.text
    return answer


def gift_page(buyer: Buyer, edition: str = "Personal", price_id: int | None = None) -> str:
    price_id = price_id or find_price(buyer.app, "twinspot", edition)
    return str(buyer.get("/checkout/gift", query_string={"price_id": price_id}).text)


def filled_in(buyer: Buyer, edition: str = "Personal", price_id: int | None = None) -> str:
    """The address that stands in the page of a gift."""
    field = re.search(r'<input[^>]*name="gift_email"[^>]*>', gift_page(buyer, edition, price_id))
    assert field
    value = re.search(r' value="([^"]*)"', field[0])
    return value[1] if value else ""


def session_at(buyer: Buyer, answer: TestResponse) -> str:
    return buyer.session_on(buyer.get(answer.location))


def pay(buyer: Buyer, sandbox: SandboxClient, session_id: str) -> None:
    sandbox.pay(session_id)
    buyer.land(session_id)


def gifts_sold(app: Flask) -> list[str]:
    rows = read_rows(app, "SELECT email FROM gifts WHERE order_id IS NOT NULL ORDER BY order_id")
    return [str(row["email"]) for row in rows]


@pytest.mark.parametrize("before", [{"email": WRONG}, {"email": ROSA, "gift_message": "Hapy birthday"}])
def test_replaces_the_gift_that_it_corrects(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, before: dict[str, str]
) -> None:
    first = begin_gift(buyer, **before)
    wrong = session_at(buyer, first)
    assert filled_in(buyer) == before["email"]
    right = session_at(buyer, begin_gift(buyer, ROSA))
    assert (status_of(sandbox, wrong), status_of(sandbox, right)) == ("expired", "open")
    assert ask_form(buyer, first.location) == {"state": "open", "session": right}
    pay(buyer, sandbox, right)
    assert ask_form(buyer, first.location)["state"] == "paid"
    assert buyer.get(first.location).location == f"/checkout/return?session_id={right}"
    assert (gifts_sold(app), filled_in(buyer)) == ([ROSA], "")
    assert WORDS.split("\n")[0] not in gift_page(buyer)


def test_replaces_the_gift_whose_page_came_back_from_the_history(buyer: Buyer, sandbox: SandboxClient) -> None:
    """With the nonce of then."""
    nonce = tokens.new_token()
    wrong = session_at(buyer, begin_gift(buyer, WRONG, nonce=nonce))
    for _click in range(2):
        right = session_at(buyer, begin_gift(buyer, ROSA, nonce=nonce))
        assert (status_of(sandbox, wrong), status_of(sandbox, right)) == ("expired", "open")


def test_shows_the_words_of_the_gift_that_was_begun_last(buyer: Buyer, sandbox: SandboxClient) -> None:
    for email in (ROSA, BEN, ROSA):
        begin_gift(buyer, email)
        assert filled_in(buyer) == email


@pytest.mark.parametrize("currency", ["usd", "eur"])
def test_shows_the_words_of_a_gift_whose_price_is_another_one_now(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, currency: str
) -> None:
    wrong = session_at(buyer, begin_gift(buyer, WRONG))
    newer = set_price(app, "twinspot", "personal", currency, 2500)
    assert filled_in(buyer, price_id=newer) == WRONG
    assert filled_in(buyer, "Team") == ""
    right = session_at(buyer, begin_gift(buyer, ROSA, price_id=newer))
    assert (status_of(sandbox, wrong), status_of(sandbox, right)) == ("expired", "open")


def test_replaces_what_was_begun_with_another_quantity(app: Flask, buyer: Buyer, sandbox: SandboxClient) -> None:
    sessions = [session_at(buyer, press(buyer, "twinspot", "Team", quantity=quantity)) for quantity in (1, 3, 2)]
    assert [status_of(sandbox, one) for one in sessions] == ["expired", "expired", "open"]
    pay(buyer, sandbox, sessions[-1])
    assert read_rows(app, "SELECT total_minor FROM orders") == [{"total_minor": 15800}]


def test_replaces_what_was_begun_at_an_older_price(app: Flask, buyer: Buyer, sandbox: SandboxClient) -> None:
    older = session_at(buyer, press(buyer, "twinspot", "Team"))
    newer = set_price(app, "twinspot", "team", "usd", 9000)
    again = session_at(buyer, press(buyer, "twinspot", "Team", price_id=newer))
    assert (status_of(sandbox, older), status_of(sandbox, again)) == ("expired", "open")


def test_leaves_a_gift_beside_what_its_giver_buys_and_other_gifts(buyer: Buyer, sandbox: SandboxClient) -> None:
    begun = [
        press(buyer, "twinspot", "Personal"),
        begin_gift(buyer, ROSA),
        begin_gift(buyer, BEN, edition="Team"),
        press(buyer, "twinspot", "Team"),
    ]
    sessions = [session_at(buyer, answer) for answer in begun]
    assert [status_of(sandbox, one) for one in sessions] == ["open"] * 4
    assert (filled_in(buyer), filled_in(buyer, "Team")) == (ROSA, BEN)


def test_sells_another_gift_beside_one_that_is_paid(app: Flask, buyer: Buyer, sandbox: SandboxClient) -> None:
    """Whose page after paying was never seen: it is shown to who asks for the same once more."""
    paid = session_at(buyer, begin_gift(buyer, ROSA))
    tell_paid(app, sandbox, paid)
    assert filled_in(buyer) == ""
    bens = session_at(buyer, begin_gift(buyer, BEN))
    assert filled_in(buyer) == BEN
    assert begin_gift(buyer, ROSA).location == f"/checkout/return?session_id={paid}"
    assert session_at(buyer, begin_gift(buyer, BEN)) == bens
    pay(buyer, sandbox, bens)
    assert (gifts_sold(app), filled_in(buyer)) == ([ROSA, BEN], "")
    buyer.land(paid)
    assert session_at(buyer, begin_gift(buyer, ROSA)) not in (paid, bens), (
        "now it was seen, and is bought once more"
    )


def test_fills_in_what_was_begun_after_a_payment_that_failed(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    failed = session_at(buyer, begin_gift(buyer, ROSA))
    sandbox.pay(failed, payment_method="ach_success")
    post_event(app, make_event("checkout.session.completed", failed))
    sandbox.settle(read_rows(app, "SELECT payment_intent_id AS id FROM orders")[0]["id"], "failed")
    post_event(app, make_event("checkout.session.async_payment_failed", failed))
    assert filled_in(buyer) == ROSA
    begin_gift(buyer, BEN)
    assert filled_in(buyer) == BEN


# Stripe has the money, and its event has not come: what is asked for decides, not who is faster.


@pytest.mark.parametrize("nonce", ["", tokens.new_token()], ids=["from a new page", "from the history"])
def test_sells_another_gift_beside_one_that_only_stripe_knows_to_be_paid(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, nonce: str
) -> None:
    sent = {"nonce": nonce} if nonce else {}
    paid = session_at(buyer, begin_gift(buyer, ROSA, **sent))
    sandbox.pay(paid)
    bens = session_at(buyer, begin_gift(buyer, BEN, **sent))
    for _click in range(2):
        assert session_at(buyer, begin_gift(buyer, BEN, **sent)) == bens
        assert begin_gift(buyer, ROSA, **sent).location == f"/checkout/return?session_id={paid}"
    assert status_of(sandbox, bens) == "open"
    pay(buyer, sandbox, bens)
    buyer.land(paid)
    assert gifts_sold(app) == [BEN, ROSA]


def test_sells_a_third_gift_beside_two_that_only_stripe_knows_to_be_paid(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    paid = []
    for email in (ROSA, BEN, WRONG):
        paid.append(session_at(buyer, begin_gift(buyer, email)))
        sandbox.pay(paid[-1])
    assert len(set(paid)) == 3
    for email, session_id in zip((ROSA, BEN, WRONG), paid, strict=True):
        assert begin_gift(buyer, email).location == f"/checkout/return?session_id={session_id}"
        buyer.land(session_id)
    assert gifts_sold(app) == [ROSA, BEN, WRONG]


def test_sells_another_quantity_beside_one_that_only_stripe_knows_to_be_paid(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    one = session_at(buyer, press(buyer, "twinspot", "Team"))
    sandbox.pay(one)
    two = session_at(buyer, press(buyer, "twinspot", "Team", quantity="2"))
    for _click in range(2):
        assert press(buyer, "twinspot", "Team").location == f"/checkout/return?session_id={one}"
        assert session_at(buyer, press(buyer, "twinspot", "Team", quantity="2")) == two
    pay(buyer, sandbox, two)
    buyer.land(one)
    totals = read_rows(app, "SELECT total_minor FROM orders ORDER BY id")
    assert [row["total_minor"] for row in totals] == [15800, 7900]


@pytest.mark.parametrize("is_told", [False, True])
@pytest.mark.parametrize("currency", ["usd", "eur"])
def test_shows_what_was_paid_where_it_costs_something_else_now(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, currency: str, *, is_told: bool
) -> None:
    paid = session_at(buyer, press(buyer, "twinspot", "Team"))
    sandbox.pay(paid)
    if is_told:
        post_event(app, make_event("checkout.session.completed", paid))
    newer = set_price(app, "twinspot", "team", currency, 9000)
    for _click in range(2):
        answer = press(buyer, "twinspot", "Team", price_id=newer)
        assert answer.location == f"/checkout/return?session_id={paid}"


@pytest.mark.parametrize("is_told", [False, True])
def test_goes_on_with_a_gift_that_is_sent_again_after_midnight(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, *, is_told: bool
) -> None:
    """Its day is empty, which is today, and today is another day."""
    sent = {"nonce": tokens.new_token(), "gift_on": ""}
    with time_machine.travel("2027-01-05T23:59:50Z"):
        begun = session_at(buyer, begin_gift(buyer, ROSA, **sent))
    with time_machine.travel("2027-01-06T00:00:30Z"):
        assert session_at(buyer, begin_gift(buyer, ROSA, **sent)) == begun
        assert session_at(buyer, begin_gift(buyer, ROSA, gift_on="2027-01-06")) == begun
        sandbox.pay(begun)
        if is_told:
            buyer.land(begun)
    with time_machine.travel("2027-01-07T00:00:30Z"):
        for _click in range(2):
            assert begin_gift(buyer, ROSA, **sent).location == f"/checkout/return?session_id={begun}"
        later = begin_gift(buyer, ROSA, **sent | {"gift_on": "2027-01-08"})
        assert (later.location == f"/checkout/return?session_id={begun}") is not is_told
    if is_told:  # its page was seen
        assert status_of(sandbox, session_at(buyer, later)) == "open"


CORRECTED = [
    {"gift_message": "Happy birthday, Rosa!"},
    {"gift_from": "Ada L."},
    {"gift_on": in_days(3)},
    {"gift_email": ROSA.upper()},
]


@pytest.mark.parametrize("is_from_history", [False, True], ids=["from a new page", "from the history"])
@pytest.mark.parametrize("corrected", CORRECTED, ids=lambda words: next(iter(words)))
def test_leads_to_the_gift_that_is_paid_from_what_corrects_it(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, corrected: dict[str, str], *, is_from_history: bool
) -> None:
    """On a page that nobody saw. It can be corrected on the page of its order, and is paid once.

    Of every two corrections the shop has heard that one is paid, the other way round from a new page.
    """
    sent = {"nonce": tokens.new_token()} if is_from_history else {}
    is_told = CORRECTED.index(corrected) % 2 == is_from_history
    paid = session_at(buyer, begin_gift(buyer, ROSA, **sent))
    sandbox.pay(paid)
    if is_told:
        post_event(app, make_event("checkout.session.completed", paid))
    for _click in range(2):
        answer = begin_gift(buyer, **{"email": ROSA} | sent | corrected)
        assert answer.location == f"/checkout/return?session_id={paid}"
    assert count_sessions(sandbox) == 1
    page = words_of(buyer.get(answer.location).text)
    assert "Your gift" in page
    assert NOT_SAVED in page
    order_page = words_of(buyer.get(link_of(app, paid)).text)
    assert "Change address, message or day" in order_page
    assert NOT_SAVED not in order_page
    assert gifts_sold(app) == [ROSA]


def test_says_of_a_paid_gift_that_is_sent_unchanged_nothing_about_changes(
    buyer: Buyer, sandbox: SandboxClient
) -> None:
    paid = session_at(buyer, begin_gift(buyer, ROSA))
    sandbox.pay(paid)
    page = buyer.get(begin_gift(buyer, ROSA).location)
    assert page.status_code == 200
    assert NOT_SAVED not in words_of(page.text)


def test_leads_to_the_paid_gift_of_a_cart_from_what_corrects_it(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    buyer.add("twinspot", "Personal")
    paid = cart_gift(buyer)
    sandbox.pay(paid)
    answer = buyer.post("/checkout", nonce=buyer.nonce(), **FIELDS | CORRECTED[0])
    assert answer.location == f"/checkout/return?session_id={paid}"
    assert NOT_SAVED in words_of(buyer.get(answer.location).text)
    assert gifts_sold(app) == [ROSA]


def test_asks_stripe_once_of_each_gift_that_only_it_knows_to_be_paid(buyer: Buyer, sandbox: SandboxClient) -> None:
    """All sent from one page, which came back from the browser's history each time."""
    nonce, paid = tokens.new_token(), []
    for email in (ROSA, BEN, WRONG):
        paid.append(session_at(buyer, begin_gift(buyer, email, nonce=nonce)))
        sandbox.pay(paid[-1])
    sandbox.forget_calls()
    session_at(buyer, begin_gift(buyer, "eve@example.net", nonce=nonce))
    asked = [path for method, path in sandbox.calls("/v1/checkout/sessions/") if method == "GET"]
    assert [asked.count(f"/v1/checkout/sessions/{one}") for one in paid] == [1, 1, 1]
