"""`POST /checkout/now`: to the form with one thing in one click, and the cart stays as it is."""

import re

import pytest
from flask import Flask

from storefront.shop.catalog.models import ProductState
from tests.payments.checkout.buttons import in_cart, lines_of, press
from tests.support.goods import change_price, change_product, set_price
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, find_price, keys_on, make_event, post_event

SESSIONS = "/v1/checkout/sessions"


def buy_now(buyer: Buyer, slug: str = "twinspot", edition: str = "Personal") -> str:
    """Up to Stripe's form; returns the Session's id."""
    answer = press(buyer, slug, edition)
    assert answer.status_code == 303, answer.text
    return buyer.session_on(buyer.get(answer.location))


def test_leads_a_first_time_browser_to_the_form_with_that_one_thing(app: Flask, sandbox: SandboxClient) -> None:
    buyer = Buyer(app)
    session_id = buy_now(buyer, "twinspot", "Team")
    assert lines_of(sandbox, session_id) == [("Twinspot (Team)", 1)]
    assert "Your cart is empty" in buyer.get("/cart").text


@pytest.mark.parametrize("held", ["soft-taps", "twinspot"], ids=["another thing", "the same thing"])
def test_leaves_the_cart_as_it_was_before_and_after_buying(
    buyer: Buyer, sandbox: SandboxClient, held: str
) -> None:
    buyer.add(held, "" if held == "soft-taps" else "Personal", 3)
    before = in_cart(buyer)
    session_id = buy_now(buyer)
    assert lines_of(sandbox, session_id) == [("Twinspot (Personal)", 1)]
    assert in_cart(buyer) == before
    sandbox.pay(session_id)
    for _ in range(2):
        assert len(keys_on(buyer.land(session_id).text)) == 1
    assert in_cart(buyer) == before
    assert before


def test_keeps_the_checkout_of_the_cart_open_beside_it(buyer: Buyer, sandbox: SandboxClient) -> None:
    buyer.add("soft-taps")
    of_cart = buyer.check_out()
    of_one = buy_now(buyer)
    assert buyer.check_out() == of_cart
    assert buy_now(buyer) == of_one, "the same thing goes back to its open checkout"
    assert buy_now(buyer, "twinspot", "Team") != of_one
    statuses = [
        sandbox.stripe.v1.checkout.sessions.retrieve(session_id).status for session_id in (of_cart, of_one)
    ]
    assert statuses == ["open", "open"], "each thing is a purchase of its own"


def test_buys_what_goes_with_no_cart(buyer: Buyer, sandbox: SandboxClient, app: Flask) -> None:
    """In another currency than the cart's, and with the cart full."""
    price_id = buyer.add("soft-taps")
    change_price(app, price_id, currency="eur")
    assert lines_of(sandbox, buy_now(buyer)) == [("Twinspot (Personal)", 1)]


def test_says_where_it_came_from(buyer: Buyer, sandbox: SandboxClient) -> None:
    buyer.add("soft-taps")
    page = buyer.get(press(buyer, "twinspot", "Team").location).text
    back = re.search(r'href="(/products/twinspot\?edition=\d+)"', page)
    assert back
    assert "Change your cart" not in page
    assert "keeps its 1 item" in page
    product = buyer.get(back[1]).text
    team = find_price(buyer.app, "twinspot", "Team")
    assert f'value="{team}" checked' in product
    token = read_rows(buyer.app, "SELECT token FROM checkouts")[0]["token"]
    buyer.post(f"/checkout/{token}/hosted")
    hosted = read_rows(buyer.app, "SELECT checkout_session_id FROM checkouts")[0]["checkout_session_id"]
    cancel_url = str(sandbox.stripe.v1.checkout.sessions.retrieve(hosted).cancel_url)
    assert cancel_url == f"{buyer.base_url}/products/twinspot?edition={team}"


def test_leads_back_to_the_same_edition_in_its_currency(app: Flask, buyer: Buyer, sandbox: SandboxClient) -> None:
    """Also in a browser that never chose it, and with nothing remembered of it."""
    set_price(app, "twinspot", "personal", "eur", 1800)
    team = set_price(app, "twinspot", "team", "eur", 7400)
    back = re.search(r'href="(/products/twinspot[^"]+)"', buyer.get(press(buyer, price_id=team).location).text)
    assert back
    fresh = Buyer(app)
    for page in (buyer.get(back[1]).text, fresh.get(back[1]).text):
        assert f'value="{team}" checked' in page
        assert "€74.00" in page
    assert "$79.00" in fresh.get(f"{back[1]}&currency=usd").text, "what is asked for counts"
    assert "€" not in fresh.get("/products/twinspot").text, "nobody chose it"


def test_leads_back_to_the_price_that_took_the_place_of_the_one_bought(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    set_price(app, "twinspot", "personal", "eur", 1800)
    team = set_price(app, "twinspot", "team", "eur", 7400)
    form = press(buyer, price_id=team).location
    newer = set_price(app, "twinspot", "team", "eur", 7500)
    back = re.search(r'href="(/products/twinspot[^"]+)"', buyer.get(form).text)
    assert back
    refused = press(buyer, price_id=team).location
    assert refused == back[1]
    page = buyer.get(refused).text
    assert "not sold at that price any more" in page
    assert f'value="{newer}" checked' in page
    assert "€75.00" in page


def test_says_that_the_price_is_another_one_by_now(buyer: Buyer, sandbox: SandboxClient, app: Flask) -> None:
    """A tab that was open while the owner changed the price."""
    change_price(app, find_price(app, "twinspot", "Personal"), is_active=False)
    answer = press(buyer)
    assert (answer.status_code, answer.location) == (303, "/products/twinspot")
    assert "not sold at that price any more" in buyer.get(answer.location).text
    assert sandbox.calls(SESSIONS) == []


@pytest.mark.parametrize("price_id", ["", "x", "-1", "999999999"])
def test_refuses_what_nobody_sells(buyer: Buyer, sandbox: SandboxClient, price_id: str) -> None:
    answer = press(buyer, price_id=price_id)
    assert (answer.status_code, answer.location) == (303, "/")
    assert "not for sale any more" in buyer.get("/").text
    assert sandbox.calls(SESSIONS) == []


def test_sells_nothing_that_was_taken_from_the_shop(buyer: Buyer, sandbox: SandboxClient, app: Flask) -> None:
    form = {"price_id": find_price(app, "soft-taps"), "nonce": "once"}
    change_product(app, "soft-taps", state=ProductState.DRAFT)
    assert buyer.post("/checkout/now", **form).status_code == 303
    assert sandbox.calls(SESSIONS) == []


def test_sends_the_same_thing_again_when_stripe_did_not_answer(buyer: Buyer, sandbox: SandboxClient) -> None:
    buyer.add("soft-taps")
    sandbox.control("faults", method="POST", path=SESSIONS, times=2, drop_after_execution=True)
    trouble = press(buyer)
    assert trouble.status_code == 503
    form = trouble.text.split("<main")[1]
    assert 'action="/checkout/now"' in form
    hidden = dict(re.findall(r'name="(nonce|price_id)" value="([^"]+)"', form))
    again = buyer.post("/checkout/now", **hidden)
    assert lines_of(sandbox, buyer.session_on(buyer.get(again.location))) == [("Twinspot (Personal)", 1)]
    assert len(sandbox.stripe.v1.checkout.sessions.list({"limit": 9}).data) == 1


def test_does_not_put_the_one_thing_into_the_cart_when_the_bank_said_no(
    buyer: Buyer, sandbox: SandboxClient, app: Flask
) -> None:
    buyer.add("soft-taps", "", 2)
    before = in_cart(buyer)
    session_id = buy_now(buyer)
    sandbox.pay(session_id, payment_method="ach_success")
    assert buyer.state(session_id) == "awaiting_payment"
    payment = read_rows(app, "SELECT payment_intent_id FROM orders")[0]["payment_intent_id"]
    sandbox.settle(payment, "failed")
    post_event(app, make_event("checkout.session.async_payment_failed", session_id))
    again = re.search(r'href="[^"]*(/checkout/again/[^"]+)"', buyer.land(session_id).text)
    assert again
    answer = buyer.get(again[1])
    assert re.fullmatch(r"/products/twinspot\?edition=\d+", answer.location)
    assert "Start again when you&#39;re ready." in buyer.get(answer.location).text
    assert in_cart(buyer) == before


def test_asks_before_one_thing_is_bought_twice(buyer: Buyer, sandbox: SandboxClient) -> None:
    """While the bank debit for the first one is on its way."""
    session_id = buy_now(buyer)
    sandbox.pay(session_id, payment_method="ach_success")
    assert buyer.state(session_id) == "awaiting_payment"
    asked = press(buyer)
    assert asked.status_code == 200
    form = asked.text.split('action="/checkout/now"')[1]
    hidden = dict(re.findall(r'name="(nonce|price_id|again)" value="([^"]+)"', form))
    assert buyer.session_on(buyer.get(buyer.post("/checkout/now", **hidden).location)) != session_id


def test_buys_one_thing_twice_for_who_said_so_on_a_page_from_before(buyer: Buyer, sandbox: SandboxClient) -> None:
    """Back in the browser's history the product's page is the one whose form was sent already."""
    form = {"price_id": find_price(buyer.app, "twinspot", "Personal"), "nonce": "of-one-page"}
    first = buyer.session_on(buyer.get(buyer.post("/checkout/now", **form).location))
    sandbox.pay(first, payment_method="ach_success")
    assert buyer.state(first) == "awaiting_payment"
    asked = buyer.post("/checkout/now", **form).text.split('action="/checkout/now"')[1]
    hidden = dict(re.findall(r'name="(nonce|price_id|again)" value="([^"]+)"', asked))
    second = [buyer.post("/checkout/now", **hidden).location for _click in range(2)]
    assert second[0] == second[1]
    assert buyer.session_on(buyer.get(second[0])) != first


def test_limits_starts_of_both_kinds_together(buyer: Buyer, sandbox: SandboxClient) -> None:
    buyer.add()
    codes = [press(buyer).status_code for _ in range(6)]
    codes += [buyer.post("/checkout", nonce=buyer.nonce()).status_code for _ in range(5)]
    assert codes == [303] * 10 + [429]


def test_shows_who_paid_and_saw_no_page_the_order_before_the_same_cart_is_paid_again(
    buyer: Buyer, sandbox: SandboxClient, app: Flask
) -> None:
    """The webhook came, the answer to the browser did not."""
    buyer.add("twinspot", "Personal")
    session_id = buyer.check_out()
    sandbox.pay(session_id)
    post_event(app, make_event("checkout.session.completed", session_id))
    answer = buyer.post("/checkout", nonce=buyer.nonce())
    assert answer.location == f"/checkout/return?session_id={session_id}"
    assert len(keys_on(buyer.get(answer.location).text)) == 1
    assert "Your cart is empty" in buyer.get("/cart").text


def test_charges_what_the_open_form_shows_though_the_price_changed_meanwhile(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    form = press(buyer, "twinspot", "Personal").location
    session_id = buyer.session_on(buyer.get(form))
    set_price(app, "twinspot", "personal", "usd", 2400)
    assert buyer.session_on(buyer.get(form)) == session_id
    assert sandbox.stripe.v1.checkout.sessions.retrieve(session_id).amount_total == 1900
    sandbox.pay(session_id)
    assert len(keys_on(buyer.land(session_id).text)) == 1
    assert read_rows(app, "SELECT total_minor FROM orders") == [{"total_minor": 1900}]


def test_shows_the_new_price_to_who_presses_the_old_button(app: Flask, buyer: Buyer) -> None:
    old = find_price(app, "twinspot", "Personal")
    newer = set_price(app, "twinspot", "personal", "usd", 2400)
    answer = buyer.post("/checkout/now", price_id=old)
    assert answer.location == f"/products/twinspot?edition={newer}"
    assert "$24.00" in buyer.get(answer.location).text
