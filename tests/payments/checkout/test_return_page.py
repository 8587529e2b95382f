"""`/checkout/return`: what each state shows, to whom, and what it may cost Stripe."""

import dataclasses
import json
from datetime import UTC, datetime

import pytest
import requests
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.core.runtime import runtime
from storefront.orders.models import Order
from storefront.stripe_api.gateway import EXPAND, FOR_PAGES, set_up_gateway
from tests.faults.strange_stripe import StrangeStripe
from tests.payments.checkout.buttons import in_cart
from tests.support.gifts import give
from tests.support.goods import set_price
from tests.support.letters import words_of
from tests.support.payment_links import make_link, visit
from tests.support.rows import count_rows, read_rows
from tests.support.sale import link_of
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, keys_on

ONLY_FOR_A_WHILE = "keys and downloads show here only for a while, in the browser that paid."
GIFT_FOR_A_WHILE = (
    "For your safety, your gift and its receipt show here only for a while, in the browser that paid. "
    "The link in your email opens them anywhere."
)
NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)


@pytest.fixture
def open_session(buyer: Buyer, sandbox: SandboxClient) -> str:
    assert sandbox.url
    buyer.add("twinspot", "Personal")
    return buyer.check_out()


@pytest.mark.parametrize(
    "session_id", ["", "x", "cs_test_", "cs_test_../..", "cs_test_" + "a" * 300, "pi_123456789"]
)
def test_knows_no_malformed_id(app: Flask, session_id: str) -> None:
    answer = app.test_client().get("/checkout/return", query_string={"session_id": session_id})
    assert answer.status_code == 404


def test_knows_no_unknown_id_and_remembers_it_for_a_minute(buyer: Buyer, sandbox: SandboxClient) -> None:
    for _ in range(3):
        assert buyer.land("cs_test_unknown12345").status_code == 404
    assert len(sandbox.calls("/v1/checkout/sessions")) == 1
    with time_machine.travel(clock.now().timestamp() + 1, tick=True):
        assert buyer.land("cs_test_unknown12346").status_code == 404
    assert len(sandbox.calls("/v1/checkout/sessions")) == 2


def test_limits_guesses_of_ids(buyer: Buyer, sandbox: SandboxClient) -> None:
    codes = [buyer.land(f"cs_test_guess{number:08}").status_code for number in range(12)]
    assert codes == [404] * 10 + [429] * 2
    assert len(sandbox.calls("/v1/checkout/sessions")) == 10


def test_says_that_the_payment_is_safe_to_who_looked_too_often(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    """Who pays by a link has no row here, and the page looks again every few seconds while Stripe is slow."""
    session_id = visit(make_link(app, "twinspot/Personal"))
    sandbox.pay(session_id)
    sandbox.control("faults", method="GET", path="/v1/checkout/sessions/*", status=503, times=None)
    with time_machine.travel(NOON, tick=False) as moment:
        assert [buyer.land(session_id).status_code for _ in range(10)] == [503] * 10
        sandbox.control("faults/clear")
        sandbox.forget_calls()
        for _ in range(2):
            page = buyer.land(session_id)
            assert page.status_code == 429
            seconds = int(page.headers["Retry-After"])
            assert 50 < seconds <= 61
            assert f'http-equiv="refresh" content="{seconds}"' in page.text
            assert "your payment is safe" in page.text
            assert "checked several times" in page.text
            assert "your cart" not in page.text.split("<main")[1]
        assert buyer.state(session_id) == "checked"
        assert not sandbox.calls("/v1/checkout/sessions")
        moment.shift(62)
        assert keys_on(buyer.land(session_id).text)


@pytest.mark.parametrize(
    ("looks", "said"),
    [(1, "Stripe antwortet gerade langsam. Diese Seite"), (11, "Wir haben gerade mehrmals nachgesehen")],
    ids=["slow", "often"],
)
def test_says_why_a_payment_is_checked_in_the_language_of_its_buyer(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, looks: int, said: str
) -> None:
    session_id = visit(make_link(app, "twinspot/Personal"))
    sandbox.control("faults", method="GET", path="/v1/checkout/sessions/*", status=503, times=None)
    with time_machine.travel(NOON, tick=False):
        for _ in range(looks):
            page = buyer.get(f"/de/checkout/return?session_id={session_id}")
    assert said in page.text
    assert "right now" not in page.text
    assert "checked several" not in page.text


def test_leads_an_unfinished_buyer_back_to_the_form(buyer: Buyer, open_session: str) -> None:
    answer = buyer.land(open_session)
    assert answer.status_code == 303
    assert open_session in buyer.get(answer.location).text


def test_says_being_checked_when_stripe_does_not_answer(
    buyer: Buyer, sandbox: SandboxClient, open_session: str
) -> None:
    sandbox.pay(open_session)
    sandbox.control("faults", method="GET", path="/v1/checkout/sessions", status=503, times=4)
    page = buyer.land(open_session)
    assert page.status_code == 503
    assert page.headers["Retry-After"] == "5"
    assert 'http-equiv="refresh"' in page.text
    assert "<form" not in page.text.split("<main")[1].split("</main>")[0], "no pay button"
    assert buyer.state(open_session) == "checked"
    assert buyer.state(open_session) == "fulfilled"


def test_takes_only_the_bought_lines_out_of_the_cart_once(
    buyer: Buyer, sandbox: SandboxClient, open_session: str
) -> None:
    sandbox.pay(open_session)
    buyer.add("soft-taps")
    buyer.add("twinspot", "Personal")
    buyer.land(open_session)
    buyer.land(open_session)
    cart = buyer.get("/cart").text
    assert "Soft Taps" in cart
    assert "Twinspot" in cart, "the second one was put in after the first was bought"


def test_takes_out_of_the_cart_what_has_another_price_by_now(
    buyer: Buyer, sandbox: SandboxClient, open_session: str, app: Flask
) -> None:
    newer = set_price(app, "twinspot", "personal", "usd", 2400)
    assert in_cart(buyer) == [(str(newer), "1")]
    taps = buyer.add("soft-taps")
    sandbox.pay(open_session)
    buyer.land(open_session)
    assert in_cart(buyer) == [(str(taps), "1")]


def test_takes_out_of_the_cart_what_has_another_currency_by_now(
    buyer: Buyer, sandbox: SandboxClient, app: Flask
) -> None:
    buyer.add("twinspot", "Personal", quantity=2)
    session_id = buyer.check_out()
    personal = set_price(app, "twinspot", "personal", "eur", 1700)
    team = set_price(app, "twinspot", "team", "eur", 6900)
    buyer.post("/cart/add", price_id=team)
    buyer.post("/cart/add", price_id=personal)
    assert in_cart(buyer) == [(str(personal), "3"), (str(team), "1")]
    sandbox.pay(session_id)
    for _look in range(2):
        buyer.land(session_id)
        assert in_cart(buyer) == [(str(personal), "1"), (str(team), "1")]


def test_fills_the_cart_once_however_often_it_is_asked_for_at_another_price(
    buyer: Buyer, sandbox: SandboxClient, open_session: str, app: Flask
) -> None:
    sandbox.pay(open_session)
    buyer.land(open_session)
    newer = set_price(app, "twinspot", "personal", "usd", 2400)
    again = link_of(app, open_session).replace("/orders/", "/checkout/again/")
    for _look in range(3):
        assert buyer.get(again).location == "/cart"
        assert in_cart(buyer) == [(str(newer), "1")]


def test_shows_keys_to_the_buyers_browser_for_thirty_days(
    buyer: Buyer, sandbox: SandboxClient, open_session: str
) -> None:
    sandbox.pay(open_session)
    shown = keys_on(buyer.land(open_session).text)
    for days, keys in ((29, shown), (31, [])):
        with time_machine.travel(clock.now().timestamp() + days * 86400, tick=True):
            page = buyer.land(open_session).text
            assert keys_on(page) == keys
            assert (ONLY_FOR_A_WHILE in page) is (keys == [])


def test_counts_the_thirty_days_from_the_payment_when_the_checkout_was_begun_long_before(
    buyer: Buyer, sandbox: SandboxClient, open_session: str
) -> None:
    begun = clock.now().timestamp()
    sandbox.advance(31 * 86400)
    with time_machine.travel(begun + 20 * 86400, tick=True):
        buyer.get("/cart")
    with time_machine.travel(begun + 31 * 86400, tick=True):
        session_id = buyer.check_out()
        assert session_id != open_session
        sandbox.pay(session_id)
        shown = keys_on(buyer.land(session_id).text)
        assert len(shown) == 1
    for days, keys in ((60, shown), (62, [])):
        with time_machine.travel(begun + days * 86400, tick=True):
            assert keys_on(buyer.land(session_id).text) == keys


def test_shows_keys_to_any_browser_for_half_an_hour_then_mails_the_link(
    buyer: Buyer, sandbox: SandboxClient, app: Flask, open_session: str
) -> None:
    """The address with the Session id is in histories, logs and referrers."""
    sandbox.pay(open_session)
    shown = keys_on(buyer.land(open_session).text)
    stranger = Buyer(app)
    assert keys_on(stranger.land(open_session).text) == shown
    with time_machine.travel(clock.now().timestamp() + 31 * 60, tick=True):
        page = stranger.land(open_session).text
        assert keys_on(page) == []
        assert ONLY_FOR_A_WHILE in page
        assert "/orders/" not in page
        assert "/downloads/" not in page
        assert "ada@example.com" not in page
        for _ in range(2):
            assert stranger.post("/checkout/return/mail", session_id=open_session).status_code == 303
    receipts = read_rows(app, "SELECT recipient FROM outbox WHERE kind = 'receipt'")
    assert receipts == [{"recipient": "ada@example.com"}] * 2, "the first, and one more however often it is asked"


def test_promises_a_giver_no_keys_where_the_gift_is_shown_no_more(app: Flask, sandbox: SandboxClient) -> None:
    """In another browser, and after thirty days in the one that paid."""
    sale = give(app, sandbox)
    for days, buyer in ((1, Buyer(app)), (31, sale.buyer)):
        with time_machine.travel(clock.now().timestamp() + days * 86400, tick=True):
            page = words_of(buyer.land(sale.session_id).text)
            assert GIFT_FOR_A_WHILE in page
            assert "keys" not in page
            assert "Email me the link" in page


def test_tells_programs_the_state(buyer: Buyer, sandbox: SandboxClient, open_session: str, app: Flask) -> None:
    sandbox.pay(open_session)
    assert buyer.state(open_session) == "fulfilled"
    assert count_rows(app, Order) == {"orders": 1}


def test_keeps_the_order_in_sight_whatever_stripe_says_of_its_session(
    buyer: Buyer, open_session: str, sandbox: SandboxClient, app: Flask
) -> None:
    """Stripe does not take back that a form was completed; an order that is there is shown all the same."""
    sandbox.pay(open_session, payment_method="ach_success")
    assert buyer.state(open_session) == "awaiting_payment"
    seen = requests.get(
        f"{sandbox.url}/v1/checkout/sessions/{open_session}",
        params={"expand[]": EXPAND},
        auth=(sandbox.secret_key, ""),
        timeout=60,
    ).json()
    strange = StrangeStripe()
    strange.body = json.dumps(seen | {"status": "expired"}).encode()
    set_up_gateway(app, dataclasses.replace(runtime(app).settings, stripe_api_base=strange.url), FOR_PAGES)
    with time_machine.travel(clock.now().timestamp() + 61, tick=True):
        page = buyer.land(open_session).text
    strange.stop()
    assert strange.asked == 1
    assert "/checkout/again/" in page
