"""Two tabs of one browser, each with a purchase of its own: form, state and page after paying are of that one."""

import re
from dataclasses import replace

import pytest
from flask import Flask

from storefront.core import tokens
from storefront.core.config.checkout_ui import CheckoutUi
from storefront.core.runtime import runtime
from storefront.payments.checkout.begun_here import MOST_NOW
from tests.payments.checkout.buttons import ask_form, count_sessions, press, status_of
from tests.support.goods import make_product
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, find_price, keys_on

NAMES = {"Personal": "Twinspot (Personal)", "Team": "Twinspot (Team)"}


def sold_in(sandbox: SandboxClient, session_id: str) -> list[str]:
    lines = sandbox.stripe.v1.checkout.sessions.line_items.list(session_id).data
    return [str(line.description) for line in lines]


@pytest.fixture
def tabs(buyer: Buyer) -> dict[str, str]:
    """Edition -> the address of the form in its tab."""
    return {edition: press(buyer, "twinspot", edition).location for edition in NAMES}


def test_shows_each_tab_the_form_of_its_own_purchase(
    buyer: Buyer, sandbox: SandboxClient, tabs: dict[str, str]
) -> None:
    sessions = {edition: buyer.session_on(buyer.get(form)) for edition, form in tabs.items()}
    for edition, session_id in sessions.items():
        assert sold_in(sandbox, session_id) == [NAMES[edition]]
        assert ask_form(buyer, tabs[edition]) == {"state": "open", "session": session_id}
        assert status_of(sandbox, session_id) == "open"


@pytest.mark.parametrize("first", list(NAMES))
def test_pays_in_both_tabs_and_shows_each_its_own_order(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, tabs: dict[str, str], first: str
) -> None:
    sessions = {edition: buyer.session_on(buyer.get(form)) for edition, form in tabs.items()}
    order = [first, *(edition for edition in NAMES if edition != first)]
    for edition in order:
        sandbox.pay(sessions[edition])
        page = buyer.land(sessions[edition]).text
        assert keys_on(page)
        assert f">{edition}<" in page or NAMES[edition] in page
    for edition, form in tabs.items():
        assert buyer.get(form).location == f"/checkout/return?session_id={sessions[edition]}"
        assert ask_form(buyer, form)["state"] == "paid"
    assert len(read_rows(app, "SELECT id FROM orders")) == 2


def test_keeps_one_tab_open_while_the_other_is_paid(
    buyer: Buyer, sandbox: SandboxClient, tabs: dict[str, str]
) -> None:
    paid, left = (buyer.session_on(buyer.get(tabs[edition])) for edition in NAMES)
    sandbox.pay(paid)
    buyer.land(paid)
    assert ask_form(buyer, tabs["Team"]) == {"state": "open", "session": left}
    assert press(buyer, "twinspot", "Team").location == tabs["Team"], "the button leads back to its form"
    assert press(buyer, "twinspot", "Personal").location not in tabs.values(), "bought once more"


def test_begins_something_else_where_the_page_after_paying_was_not_seen_yet(
    buyer: Buyer, sandbox: SandboxClient
) -> None:
    """Paid in the first tab, whose page comes later."""
    paid = buyer.session_on(buyer.get(press(buyer, "twinspot", "Personal").location))
    sandbox.pay(paid)
    other = buyer.session_on(buyer.get(press(buyer, "twinspot", "Team").location))
    assert sold_in(sandbox, other) == [NAMES["Team"]]
    assert press(buyer, "twinspot", "Personal").location == f"/checkout/return?session_id={paid}"


@pytest.mark.parametrize("ui", [CheckoutUi.EMBEDDED, CheckoutUi.HOSTED])
def test_sells_two_things_from_one_page_that_is_sent_twice(
    app: Flask, sandbox: SandboxClient, ui: CheckoutUi
) -> None:
    """Into new tabs, or after Back: one nonce, two things, and each of them clicked twice."""
    shop = runtime(app)
    shop.settings = replace(shop.settings, checkout_ui=ui)
    buyer, nonce = Buyer(app), tokens.new_token()
    clicks = {
        edition: {press(buyer, "twinspot", edition, nonce=nonce).location for _click in range(2)}
        for edition in NAMES
    }
    assert [len(answers) for answers in clicks.values()] == [1, 1]
    assert clicks["Personal"] != clicks["Team"]
    assert count_sessions(sandbox) == 2


def test_goes_on_with_the_cart_beside_a_tab_of_one_thing(buyer: Buyer, sandbox: SandboxClient) -> None:
    buyer.add("soft-taps")
    of_cart = buyer.check_out()
    of_one = buyer.session_on(buyer.get(press(buyer, "twinspot", "Team").location))
    sandbox.pay(of_one)
    assert "Team" in buyer.land(of_one).text
    assert buyer.check_out() == of_cart
    sandbox.pay(of_cart)
    assert "Soft Taps" in buyer.land(of_cart).text
    assert "Your cart is empty" in buyer.get("/cart").text


def test_keeps_one_form_of_the_cart_in_all_tabs(buyer: Buyer, sandbox: SandboxClient) -> None:
    """A browser has one cart, so an older form of it is expired."""
    buyer.add("soft-taps")
    before = buyer.check_out()
    buyer.add("twinspot", "Personal")
    assert buyer.check_out() != before
    assert status_of(sandbox, before) == "expired"


def test_tries_again_in_the_tab_whose_session_has_expired(
    buyer: Buyer, sandbox: SandboxClient, tabs: dict[str, str]
) -> None:
    expired = buyer.session_on(buyer.get(tabs["Personal"]))
    other = buyer.session_on(buyer.get(tabs["Team"]))
    sandbox.stripe.v1.checkout.sessions.expire(expired)
    back = buyer.get(tabs["Personal"]).location
    assert re.fullmatch(rf"/products/twinspot\?edition={find_price(buyer.app, 'twinspot', 'Personal')}", back)
    assert press(buyer, "twinspot", "Personal").location == tabs["Personal"]
    again = buyer.session_on(buyer.get(tabs["Personal"]))
    assert again not in (expired, other)
    assert sold_in(sandbox, again) == [NAMES["Personal"]]
    assert buyer.session_on(buyer.get(tabs["Team"])) == other


def test_shows_no_other_browser_any_of_the_tabs(app: Flask, sandbox: SandboxClient, tabs: dict[str, str]) -> None:
    stranger = Buyer(app)
    stranger.csrf_token()
    for form in tabs.values():
        assert stranger.get(form).status_code == 404
    assert press(stranger, "twinspot", "Team").location not in tabs.values()


def test_goes_on_with_the_checkout_that_a_cookie_of_before_has(buyer: Buyer, sandbox: SandboxClient) -> None:
    """It held one token, as the cookie of who has one tab still does."""
    form = press(buyer, "twinspot", "Personal").location
    with buyer.client.session_transaction(base_url=buyer.base_url) as cookie:
        assert cookie["checkout_now"] == form.rsplit("/", 1)[1]
    assert press(buyer, "twinspot", "Personal").location == form


def test_remembers_few_tabs_and_leaves_the_older_ones_open(
    buyer: Buyer, sandbox: SandboxClient, tabs: dict[str, str]
) -> None:
    first = buyer.session_on(buyer.get(tabs["Personal"]))
    for price_id in make_product(buyer.app, "shelf", *[(1000, "usd")] * MOST_NOW):
        assert press(buyer, price_id=price_id).status_code == 303
    with buyer.client.session_transaction(base_url=buyer.base_url) as cookie:
        assert len(cookie["checkout_now"].split()) == MOST_NOW
    assert buyer.session_on(buyer.get(tabs["Personal"])) == first
