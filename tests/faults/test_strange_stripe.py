"""Stripe hangs, or answers what nobody can read: that is trouble with Stripe, and only for who needs it."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from threading import Event, Semaphore

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from storefront.core.runtime import runtime
from storefront.stripe_api.gateway import FOR_PAGES, Patience, set_up_gateway
from storefront.stripe_api.turns import StripeCrowded, Turns, as_delivery
from tests.faults.strange_stripe import StrangeStripe
from tests.support.shop import Buyer, make_event, post_event, wait_for

THREADS = 8


@pytest.fixture
def stripe() -> Iterator[StrangeStripe]:
    server = StrangeStripe()
    yield server
    server.stop()


@pytest.fixture
def environment(environment: dict[str, str], stripe: StrangeStripe) -> dict[str, str]:
    return environment | {"STRIPE_API_BASE": stripe.url, "WEB_THREADS": str(THREADS)}


@pytest.fixture
def patient(app: Flask) -> Flask:
    """Waits as long as the test wants, and once only."""
    set_up_gateway(app, runtime(app).settings, Patience(connect=5, read=60, retries=0, shares_threads=True))
    return app


def land(app: Flask, number: int) -> TestResponse:
    """Each from an address of its own, so that no request limit speaks."""
    return Buyer(app, address=f"10.0.0.{number}").land(f"cs_test_{number:020}", headers={"Accept": "text/html"})


def deliver(app: Flask, number: int) -> TestResponse:
    return post_event(app, make_event("checkout.session.completed", f"cs_test_{number:020}"))


SESSION = {"id": "cs_test_1", "object": "checkout.session", "mode": "payment", "payment_intent": None}
UNREADABLE = [
    (200, "text/html", b"<html>Welcome to the hotel's network</html>"),
    (200, "application/json", b'{"id": "cs_test_'),
    (200, "application/json", b""),
    (200, "application/json", b"[]"),
    (200, "application/json", b"null"),
    (200, "application/json", b'"cs_test_1"'),
    (200, "application/json", b"{}"),
    (200, "application/json", json.dumps(SESSION).encode()),
    (200, "application/json", json.dumps(SESSION | {"line_items": "ten"}).encode()),
    (200, "application/json", json.dumps(SESSION | {"payment_intent": 7}).encode()),
    (502, "text/html", b"<html>Bad gateway</html>"),
    (404, "text/html", b"<html>No such page</html>"),
]


@pytest.mark.parametrize(("status", "content_type", "body"), UNREADABLE)
def test_takes_an_answer_that_nobody_can_read_for_trouble_with_stripe(
    app: Flask, stripe: StrangeStripe, status: int, content_type: str, body: bytes
) -> None:
    set_up_gateway(app, runtime(app).settings, Patience(connect=5, read=20, retries=0))
    stripe.status, stripe.content_type, stripe.body = status, content_type, body
    page = land(app, 1)
    assert page.status_code == 503, page.text
    assert "payment is safe" in page.text
    answer = deliver(app, 2)
    assert answer.status_code == 503, answer.text
    assert answer.get_json()["error"]["code"].startswith("stripe_")
    buyer = Buyer(app)
    buyer.add("twinspot", "Personal")
    started = buyer.post("/checkout", nonce=buyer.nonce())
    assert started.status_code == 503, started.text
    assert "your cart is safe" in started.text


def test_answers_pages_that_need_no_stripe_while_it_hangs(patient: Flask, stripe: StrangeStripe) -> None:
    """Counted, not timed: six of eight threads may be at Stripe, and the next one is told so at once."""
    most = Turns(THREADS).most
    assert most == 6
    with ThreadPoolExecutor(most) as visitors, stripe.hold():
        waiting = [visitors.submit(land, patient, number) for number in range(most)]
        wait_for(lambda: stripe.asked == most, seconds=60)
        page = land(patient, most)
        assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
        assert "Your payment is being checked" in page.text
        assert deliver(patient, 1).status_code == 503
        assert stripe.asked == most, "nobody else was let to Stripe"
        assert Buyer(patient).get("/cart").status_code == 200
        assert Buyer(patient).get("/").status_code == 200
        assert not any(future.done() for future in waiting)
    assert {future.result().status_code for future in waiting} == {503}
    land(patient, most + 1)
    assert stripe.asked == most + 1, "the turns were given back"


def test_leaves_turns_to_buyers_beside_deliveries(patient: Flask, stripe: StrangeStripe) -> None:
    most = Turns(THREADS).most_with_deliveries
    assert most == 4
    with ThreadPoolExecutor(most + 1) as senders, stripe.hold():
        for number in range(most):
            senders.submit(deliver, patient, number)
        wait_for(lambda: stripe.asked == most, seconds=60)
        refused = deliver(patient, most)
        assert (refused.status_code, refused.get_json()["error"]["code"]) == (503, "stripe_crowded")
        senders.submit(land, patient, 1)
        wait_for(lambda: stripe.asked == most + 1, seconds=60)


def test_gives_deliveries_what_no_buyer_waits_for_while_stripe_answers() -> None:
    """And of two that wait, the buyer is next, though the delivery came first."""
    turns, leave = Turns(8, wait_seconds=60, answers_seconds=60), Semaphore(0)
    inside: list[str] = []

    def ask(who: str) -> None:
        with as_delivery() if who == "deliveries" else nullcontext(), turns.take():
            inside.append(who)
            leave.acquire(timeout=60)

    with turns.take():
        pass  # Stripe has just answered
    with ThreadPoolExecutor(turns.most + 2) as senders:
        for _number in range(turns.most):
            senders.submit(ask, "deliveries")
        wait_for(lambda: len(inside) == turns.most, seconds=60)
        senders.submit(ask, "deliveries")
        wait_for(lambda: turns.in_line["deliveries"] == 1, seconds=60)
        senders.submit(ask, "buyers")
        wait_for(lambda: turns.in_line["buyers"] == 1, seconds=60)
        leave.release()
        wait_for(lambda: len(inside) > turns.most, seconds=60)
        assert inside[-1] == "buyers"
        leave.release(turns.most + 1)
    assert inside[-1] == "deliveries"


def test_takes_a_turn_that_gave_up_for_no_answer() -> None:
    """A timeout gives its turn back, too: the next deliveries are as few as before."""
    turns = Turns(8, wait_seconds=0, answers_seconds=0)  # no turn is so short
    with ExitStack() as stack:
        stack.enter_context(as_delivery())
        with turns.take():
            pass
        for _number in range(turns.most_with_deliveries):
            stack.enter_context(turns.take())
        with pytest.raises(StripeCrowded), turns.take():
            pass


def test_wakes_a_delivery_when_the_last_buyer_leaves_the_line() -> None:
    """Two turns are given back at once, of which the buyer takes one: the delivery sleeps beside no free turn."""
    turns, leave, stay = Turns(8, wait_seconds=60, answers_seconds=60), Semaphore(0), Event()
    inside: list[str] = []

    def ask(who: str) -> None:
        with as_delivery() if who == "deliveries" else nullcontext(), turns.take():
            inside.append(who)
            (stay.wait if len(inside) > turns.most else leave.acquire)(timeout=60)

    with turns.take():
        pass  # Stripe has just answered
    with ThreadPoolExecutor(turns.most + 2) as senders:
        for _number in range(turns.most):
            senders.submit(ask, "buyers")
        wait_for(lambda: len(inside) == turns.most, seconds=60)
        senders.submit(ask, "deliveries")
        wait_for(lambda: turns.in_line["deliveries"] == 1, seconds=60)
        senders.submit(ask, "buyers")
        wait_for(lambda: turns.in_line["buyers"] == 1, seconds=60)
        with turns.changed:  # who ends waits for it, so both end at one moment
            leave.release(2)
        wait_for(lambda: len(inside) == turns.most + 2, seconds=30)
        stay.set()
        leave.release(turns.most)


def test_lets_a_crowd_wait_a_moment_where_stripe_answers() -> None:
    """A burst of buyers is no trouble: the next one's turn comes before anybody is told to wait."""
    turns, inside, leave = Turns(2, wait_seconds=60, answers_seconds=60), Event(), Event()

    def stay() -> None:
        with turns.take():
            inside.set()
            leave.wait(60)

    with ThreadPoolExecutor(2) as visitors:
        first = visitors.submit(stay)
        assert inside.wait(60)
        second = visitors.submit(stay)
        assert not second.done()
        leave.set()
        first.result()
        second.result()


def test_tells_a_crowd_at_once_that_stripe_hangs() -> None:
    turns = Turns(2, wait_seconds=3600, answers_seconds=0)
    with turns.take(), pytest.raises(StripeCrowded), turns.take():
        pass


@pytest.mark.parametrize(
    ("threads", "most", "deliveries"), [(1, 1, 1), (2, 1, 1), (4, 3, 2), (8, 6, 4), (64, 48, 32)]
)
def test_leaves_a_quarter_of_the_threads_to_others(threads: int, most: int, deliveries: int) -> None:
    turns = Turns(threads)
    assert (turns.most, turns.most_with_deliveries) == (most, deliveries)
    assert FOR_PAGES.shares_threads
