"""Two requests that left with the same cookies, before the first answer came: one checkout, of this browser."""

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from storefront.core import tokens
from storefront.core.config.checkout_ui import CheckoutUi
from storefront.core.db import db
from storefront.core.runtime import runtime
from storefront.payments.checkout.models import Checkout
from storefront.payments.checkout.rows import start_next_attempt
from storefront.shop.catalog.models import StripeMirror
from tests.payments.checkout.buttons import count_sessions, send, twin_of
from tests.support.databases import BOTH
from tests.support.rows import change_rows, count_rows, read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, find_price, make_event, post_event

SESSIONS = "/v1/checkout/sessions"


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    """Of eight threads not all may be at Stripe at once."""
    return environment | {"WEB_THREADS": "16"}


def form_of_cart(buyer: Buyer) -> dict[str, Any]:
    page = buyer.get("/cart").text
    fields = dict(re.findall(r'name="(csrf_token|nonce)" value="([^"]+)"', page.split('action="/checkout"')[1]))
    return {**fields}


def form_of_product(buyer: Buyer) -> dict[str, Any]:
    page = buyer.get("/products/twinspot").text
    fields = dict(re.findall(r'name="(csrf_token|nonce)" value="([^"]+)"', page))
    return {**fields, "price_id": find_price(buyer.app, "twinspot", "Personal")}


def first_time(app: Flask, path: str) -> tuple[Buyer, dict[str, Any]]:
    buyer = Buyer(app)
    if path == "/checkout":
        buyer.add("twinspot", "Personal")
        return buyer, form_of_cart(buyer)
    buyer.csrf_token()  # so that its pages are its own
    return buyer, form_of_product(buyer)


both_ways = pytest.mark.parametrize("path", ["/checkout", "/checkout/now"])


@both_ways
def test_leads_both_clicks_to_the_same_checkout(app: Flask, sandbox: SandboxClient, path: str) -> None:
    buyer, form = first_time(app, path)
    clicks = [twin_of(buyer), twin_of(buyer)]
    answers = [send(browser, path, **form) for browser in clicks]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    for click in clicks:
        assert click.get(answers[0].location).status_code == 200
    assert count_sessions(sandbox) == 1


@both_ways
@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_makes_one_checkout_of_eight_clicks_at_the_same_moment(
    app: Flask, sandbox: SandboxClient, path: str
) -> None:
    buyer, form = first_time(app, path)
    sandbox.control("faults", method="POST", path=SESSIONS, times=1, delay_seconds=0.6)
    clicks = [twin_of(buyer) for _ in range(8)]
    together = threading.Barrier(8)

    def click(each: Buyer) -> TestResponse:
        together.wait(timeout=60)
        return send(each, path, **form)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(click, clicks))
    assert [answer.status_code for answer in answers] == [303] * 8
    assert len({answer.location for answer in answers}) == 1
    assert clicks[0].get(answers[0].location).status_code == 200
    assert count_sessions(sandbox) == 1
    assert count_rows(app, Checkout) == {"checkouts": 1}


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_leads_eight_clicks_at_the_same_moment_to_one_page_of_stripe(app: Flask, sandbox: SandboxClient) -> None:
    shop = runtime(app)
    shop.settings = replace(shop.settings, checkout_ui=CheckoutUi.HOSTED)
    buyer, form = first_time(app, "/checkout")
    sandbox.control("faults", method="POST", path=SESSIONS, times=1, delay_seconds=0.6)
    clicks = [twin_of(buyer) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda click: send(click, "/checkout", **form), clicks))
    (session,) = sandbox.stripe.v1.checkout.sessions.list({"limit": 100}).data
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, session.url)}
    assert count_rows(app, Checkout) == {"checkouts": 1}


def first_page() -> dict[str, Any]:
    """What a page for everybody sends: no token, and a nonce that its script drew."""
    return {"nonce": tokens.new_token()}


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_makes_one_checkout_of_two_clicks_before_the_first_cookie(app: Flask, sandbox: SandboxClient) -> None:
    form = first_page() | {"price_id": find_price(app, "twinspot", "Personal")}
    clicks = [Buyer(app), Buyer(app)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda click: send(click, "/checkout/now", **form), clicks))
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    for click in clicks:
        assert click.get(answers[0].location).status_code == 200
    assert count_sessions(sandbox) == 1
    stranger = Buyer(app)
    send(stranger, "/checkout/now", **(form | first_page()))
    assert stranger.get(answers[0].location).status_code == 404


@both_ways
def test_goes_on_with_the_checkout_whose_answer_was_lost(app: Flask, sandbox: SandboxClient, path: str) -> None:
    """The same page, back from the browser's history a day later."""
    buyer, form = first_time(app, path)
    lost = send(twin_of(buyer), path, **form)
    again = send(buyer, path, **form)
    assert again.location == lost.location
    assert count_sessions(sandbox) == 1


@both_ways
def test_gives_another_browser_with_the_same_form_a_checkout_of_its_own(
    app: Flask, sandbox: SandboxClient, path: str
) -> None:
    buyer, form = first_time(app, path)
    own_answer = send(buyer, path, **form)
    stranger, own = first_time(app, path)
    other_answer = send(stranger, path, **{**own, "nonce": form["nonce"]})
    assert other_answer.status_code == 303
    assert other_answer.location != own_answer.location
    assert stranger.get(own_answer.location).status_code == 404
    assert buyer.get(own_answer.location).status_code == 200
    assert count_sessions(sandbox) == 2


GIFT = {"is_gift": "1", "gift_from": "Ada", "gift_message": "", "gift_on": ""}


def pay_now(buyer: Buyer, sandbox: SandboxClient, form: dict[str, Any]) -> str:
    """From the page's form to the order; returns the Session's id."""
    answer = send(buyer, "/checkout/now", **form)
    session_id = re.search(r"/(cs_test_\w+)", answer.location)
    paid = session_id[1] if session_id else buyer.session_on(buyer.get(answer.location))
    sandbox.pay(paid)
    buyer.land(paid)
    return paid


@pytest.mark.parametrize("ui", [CheckoutUi.EMBEDDED, CheckoutUi.HOSTED])
def test_sells_something_else_on_a_page_that_has_sold_something(
    app: Flask, sandbox: SandboxClient, ui: CheckoutUi
) -> None:
    """Back from the browser's history, with the nonce of then."""
    shop = runtime(app)
    shop.settings = replace(shop.settings, checkout_ui=ui)
    buyer, form = first_time(app, "/checkout/now")
    sold = [pay_now(buyer, sandbox, form)]
    other = {**form, "price_id": find_price(app, "twinspot", "Team")}
    clicks = [send(twin_of(buyer), "/checkout/now", **other) for _click in range(2)]
    assert clicks[0].location == clicks[1].location
    assert count_sessions(sandbox) == 2
    sold.append(pay_now(buyer, sandbox, other))
    assert len(set(sold)) == 2
    for again, session_id in zip((form, other), sold, strict=True):
        answer = send(buyer, "/checkout/now", **again)
        assert answer.location == f"/checkout/return?session_id={session_id}"
    assert count_sessions(sandbox) == 2
    assert [row["total_minor"] for row in read_rows(app, "SELECT total_minor FROM orders ORDER BY id")] == [
        1900,
        7900,
    ]


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_makes_one_checkout_of_eight_clicks_on_a_page_that_has_sold_something(
    app: Flask, sandbox: SandboxClient
) -> None:
    buyer, form = first_time(app, "/checkout/now")
    pay_now(buyer, sandbox, form)
    other = {**form, "price_id": find_price(app, "twinspot", "Team")}
    clicks = [twin_of(buyer) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda click: send(click, "/checkout/now", **other), clicks))
    assert len({answer.location for answer in answers}) == 1
    assert count_sessions(sandbox) == 2


def press_meanwhile(monkeypatch: pytest.MonkeyPatch, where: str, click: Callable[[], TestResponse]) -> list[str]:
    """Let another click happen, from its beginning to its end, when this one gets back from there. Once."""
    module, _, name = where.rpartition(".")
    before = getattr(import_module(module), name)
    answers: list[str] = []

    def run(*args: Any, **named: Any) -> Any:
        result = before(*args, **named)
        if not answers:
            answers.append("")
            with ThreadPoolExecutor(1) as pool:
                answers[0] = pool.submit(click).result().location
        return result

    monkeypatch.setattr(where, run)
    return answers


def test_sells_the_price_that_was_stored_first(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two clicks make the first price of an edition at Stripe, and a minute begins between them."""
    buyer, form = first_time(app, "/checkout/now")
    with time_machine.travel(datetime(2026, 11, 30, 12, 0, 59, tzinfo=UTC), tick=False) as clock:

        def click() -> TestResponse:
            clock.shift(2)
            return send(twin_of(buyer), "/checkout/now", **form)

        others = press_meanwhile(monkeypatch, "storefront.shop.catalog.mirrors.create_product", click)
        answer = send(twin_of(buyer), "/checkout/now", **form)
    assert answer.status_code == 303
    assert others == [answer.location]
    assert count_sessions(sandbox) == 1
    assert count_rows(app, StripeMirror) == {"stripe_mirrors": 1}


def test_begins_what_differs_from_a_click_that_was_paid_at_the_same_moment(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two tabs with the same page; only Stripe knows of the money."""
    buyer, form = first_time(app, "/checkout/now")

    def click() -> TestResponse:
        other = twin_of(buyer)
        answer = send(other, "/checkout/now", **form)
        sandbox.pay(other.session_on(other.get(answer.location)))
        return answer

    others = press_meanwhile(monkeypatch, "storefront.payments.checkout.start.find_by_nonce", click)
    both = {**form, "quantity": "2"}
    answer = send(twin_of(buyer), "/checkout/now", **both)
    assert answer.location.startswith("/checkout/")
    assert answer.location not in (others[0], "/checkout/return")
    assert buyer.get(answer.location).status_code == 200
    assert send(twin_of(buyer), "/checkout/now", **both).location == answer.location
    assert "/checkout/return" in send(twin_of(buyer), "/checkout/now", **form).location
    assert count_sessions(sandbox) == 2


def test_sends_what_another_click_has_stored(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two tabs that start the same checkout, one speaks French."""
    buyer, form = first_time(app, "/checkout/now")
    french = twin_of(buyer)
    french.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "fr"
    others = press_meanwhile(
        monkeypatch,
        "storefront.payments.checkout.start.build_body",
        lambda: send(french, "/checkout/now", **form),
    )
    answer = send(twin_of(buyer), "/checkout/now", **form)
    assert answer.status_code == 303
    assert others == [answer.location]
    assert [row["locale"] for row in read_rows(app, "SELECT body->>'locale' AS locale FROM checkouts")] == ["fr"]
    assert count_sessions(sandbox) == 1


@pytest.mark.parametrize("engine", BOTH, indirect=True)
@pytest.mark.parametrize("nothing", ["NULL", "'null'"])  # the latter as earlier versions left it
def test_begins_anew_where_an_attempt_was_given_up(app: Flask, sandbox: SandboxClient, nothing: str) -> None:
    buyer, form = first_time(app, "/checkout/now")
    assert send(buyer, "/checkout/now", **form).status_code == 303
    given_up = f"UPDATE checkouts SET body = {nothing}, checkout_session_id = NULL, expires_at = NULL, attempt = 2"
    change_rows(app, given_up)
    assert send(buyer, "/checkout/now", **form).status_code == 303
    assert count_sessions(sandbox) == 2


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_keeps_nothing_of_an_attempt_that_is_given_up(app: Flask, sandbox: SandboxClient) -> None:
    """What looks for such rows, as what forgets them does, asks for NULL."""
    buyer, form = first_time(app, "/checkout/now")
    send(buyer, "/checkout/now", **form)
    with app.app_context():
        start_next_attempt(*db.session.execute(select(Checkout.token, Checkout.attempt)).one())
    assert read_rows(app, "SELECT attempt FROM checkouts WHERE body IS NULL") == [{"attempt": 2}]
    assert count_sessions(sandbox) == 1


def test_sells_a_second_gift_on_a_page_that_has_sold_one(app: Flask, sandbox: SandboxClient) -> None:
    buyer, form = first_time(app, "/checkout/now")
    rosas, bens = ({**form, **GIFT, "gift_email": email} for email in ("rosa@example.net", "ben@example.net"))
    first = pay_now(buyer, sandbox, rosas)
    assert send(buyer, "/checkout/now", **rosas).location == f"/checkout/return?session_id={first}"
    assert pay_now(buyer, sandbox, bens) != first
    gifts = "SELECT email FROM gifts WHERE order_id IS NOT NULL ORDER BY order_id"
    assert [row["email"] for row in read_rows(app, gifts)] == ["rosa@example.net", "ben@example.net"]


def test_shows_what_was_paid_first_where_its_page_was_never_seen(app: Flask, sandbox: SandboxClient) -> None:
    """Who asks for the same once more: something else is a purchase of its own."""
    buyer, form = first_time(app, "/checkout/now")
    session_id = buyer.session_on(buyer.get(send(buyer, "/checkout/now", **form).location))
    sandbox.pay(session_id)
    post_event(app, make_event("checkout.session.completed", session_id))
    other = {**form, "price_id": find_price(app, "twinspot", "Team")}
    own_form = send(buyer, "/checkout/now", **other).location
    assert buyer.session_on(buyer.get(own_form)) != session_id
    for nonce in (form["nonce"], tokens.new_token()):
        again = send(buyer, "/checkout/now", **{**form, "nonce": nonce})
        assert again.location == f"/checkout/return?session_id={session_id}"
    buyer.land(session_id)
    assert send(buyer, "/checkout/now", **other).location == own_form
    assert count_sessions(sandbox) == 2
