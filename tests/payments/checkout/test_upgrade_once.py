"""A license is upgraded in one form at a time in a browser: nobody pays the same upgrade twice."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import Barrier, Lock
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from storefront.payments.checkout import start, upgrade_views
from storefront.payments.checkout.begun_here import MOST_NOW
from storefront.shop.editor.prices import add_priced_edition
from tests.payments.checkout.buttons import count_sessions, send, tell_paid, twin_of
from tests.support.databases import BOTH
from tests.support.goods import make_product
from tests.support.rows import read_rows
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer
from tests.support.upgrades import Offer, allow_upgrade, offers_on, pay_upgrade, start_upgrade, states


@pytest.fixture
def sale(app: Flask, sandbox: SandboxClient) -> Sale:
    allow_upgrade(app)
    return sell(app, sandbox, email=ADA)


def begin_others(app: Flask, buyer: Buyer) -> None:
    """As many tabs with other things as the cookie remembers."""
    for price_id in make_product(app, "shelf", *[(1000, "usd")] * MOST_NOW):
        answer = send(buyer, "/checkout/now", price_id=price_id, csrf_token=buyer.csrf_token())
        assert answer.status_code == 303


def test_goes_on_with_it_after_many_other_things_were_begun(
    app: Flask, sandbox: SandboxClient, sale: Sale
) -> None:
    first = start_upgrade(sale)
    begin_others(app, sale.buyer)
    assert start_upgrade(sale) == first
    pay_upgrade(sale, first)
    assert states(app) == ["applied"]


def test_shows_what_was_paid_after_many_other_things_were_begun(
    app: Flask, sandbox: SandboxClient, sale: Sale
) -> None:
    """Stripe has the money, and nobody told the shop yet."""
    offer = offers_on(sale.order_page())[0]
    paid = start_upgrade(sale)
    begin_others(app, sale.buyer)
    sandbox.pay(paid)
    again = sale.buyer.post(offer.action, amount_minor=offer.amount_minor)
    assert again.location == f"/checkout/return?session_id={paid}"
    sale.buyer.land(paid)
    assert states(app) == ["applied"]


def test_expires_the_form_of_one_edition_when_another_is_chosen(
    app: Flask, sandbox: SandboxClient, sale: Sale
) -> None:
    with app.app_context():
        key = add_priced_edition("twinspot", "Studio", ("usd", 20000))
    allow_upgrade(app, edition=key)
    begun = [start_upgrade(sale, place=place) for place in (0, 1, 0)]
    sessions = sandbox.stripe.v1.checkout.sessions
    assert [sessions.retrieve(session_id).status for session_id in begun] == ["expired", "expired", "open"]


def click(browser: Buyer, offer: Offer, token: str) -> TestResponse:
    return send(browser, offer.action, amount_minor=offer.amount_minor, csrf_token=token)


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_makes_one_session_of_clicks_at_the_same_moment(app: Flask, sandbox: SandboxClient, sale: Sale) -> None:
    offer = offers_on(sale.order_page())[0]
    before, token = count_sessions(sandbox), sale.buyer.csrf_token()
    clicks = [twin_of(sale.buyer) for _click in range(4)]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(partial(click, offer=offer, token=token), clicks))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1
    assert count_sessions(sandbox) == before + 1


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_is_of_the_later_edition_where_two_are_clicked_at_once(
    app: Flask, sandbox: SandboxClient, sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        key = add_priced_edition("twinspot", "Studio", ("usd", 20000))
    allow_upgrade(app, edition=key)
    offers, token = offers_on(sale.order_page()), sale.buyer.csrf_token()
    both_are_here, one_by_one, carts = Barrier(2, timeout=20), Lock(), []
    real = vars(start)["insert_checkout"]

    def insert_together(**row: Any) -> Any:
        both_are_here.wait()
        with one_by_one:
            carts.append([[line.price_id, line.quantity] for line in row["cart"]])
            return real(**row)

    monkeypatch.setattr(start, "insert_checkout", insert_together)
    twins = [twin_of(sale.buyer) for _offer in offers]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(partial(click, token=token), twins, offers))
    assert len({answer.location for answer in answers}) == 1
    rows = read_rows(app, "SELECT cart FROM checkouts WHERE upgrades_grant_id IS NOT NULL")
    assert [row["cart"] if isinstance(row["cart"], list) else json.loads(row["cart"]) for row in rows] == carts[1:]
    made = sandbox.stripe.v1.checkout.sessions.list({"limit": 100}).data
    assert len([one for one in made if one.status == "open"]) == 1


def test_is_sold_again_where_the_page_of_what_was_refunded_was_never_seen(
    app: Flask, sandbox: SandboxClient, sale: Sale
) -> None:
    for count in range(1, 4):
        unseen = start_upgrade(sale)
        tell_paid(app, sandbox, unseen)
        assert states(app) == ["replaced"] * (count - 1) + ["applied"]
        upgrade = replace(sale, session_id=unseen)
        upgrade.refund()
        upgrade.deliver("charge.")


def test_is_sold_to_a_further_edition_where_the_page_of_the_first_was_never_seen(
    app: Flask, sandbox: SandboxClient, sale: Sale
) -> None:
    with app.app_context():
        key = add_priced_edition("twinspot", "Studio", ("usd", 20000))
    allow_upgrade(app, "personal, team", edition=key)
    unseen = start_upgrade(sale)
    tell_paid(app, sandbox, unseen)
    further = start_upgrade(sale)
    assert further != unseen
    assert start_upgrade(sale) == further
    pay_upgrade(sale, further)
    assert states(app) == ["applied", "applied"]


def test_shows_what_is_paid_while_it_is_asked_for(
    app: Flask, sandbox: SandboxClient, sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at what is offered and the one at what was begun."""
    offer = offers_on(sale.order_page())[0]
    begun = start_upgrade(sale)
    real = vars(upgrade_views)["prepare_upgrade"]

    def prepare_before_it_is_paid(*args: Any, **kwargs: Any) -> Any:
        line = real(*args, **kwargs)
        tell_paid(app, sandbox, begun)
        return line

    monkeypatch.setattr(upgrade_views, "prepare_upgrade", prepare_before_it_is_paid)
    again = sale.buyer.post(offer.action, amount_minor=offer.amount_minor)
    assert again.location == f"/checkout/return?session_id={begun}"


def test_is_sold_again_each_time_its_money_went_back(app: Flask, sandbox: SandboxClient, sale: Sale) -> None:
    for count in range(1, 4):
        upgrade = pay_upgrade(sale, start_upgrade(sale))
        assert states(app) == ["replaced"] * (count - 1) + ["applied"]
        upgrade.refund()
        upgrade.deliver("charge.")
