"""A checkout opened again after its end: it says what happened and leads back, and nobody pays twice."""

import re

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from tests.payments.checkout.buttons import in_cart, press
from tests.support.gifts import FIELDS, ROSA
from tests.support.goods import set_price
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, find_price, keys_on

JSON = {"Accept": "application/json"}
DAY_AND_HOUR = 25 * 3600


def open_form(buyer: Buyer, *, is_from_cart: bool) -> tuple[str, str]:
    """Address of the form, and the Session's id."""
    if is_from_cart:
        buyer.add("twinspot", "Personal", 2)
        address = buyer.post("/checkout", nonce=buyer.nonce()).location
    else:
        address = press(buyer).location
    return address, buyer.session_on(buyer.get(address))


both_kinds = pytest.mark.parametrize("is_from_cart", [True, False], ids=["cart", "buy now"])


@both_kinds
@pytest.mark.parametrize("hours", [0, 25], ids=["ended early at Stripe", "a day later"])
def test_says_that_it_has_expired_and_leads_back(
    buyer: Buyer, sandbox: SandboxClient, is_from_cart: bool, hours: int
) -> None:
    address, session_id = open_form(buyer, is_from_cart=is_from_cart)
    buyer.add("soft-taps", "", 3)
    before = in_cart(buyer)
    sandbox.control(f"sessions/{session_id}/expire")
    with time_machine.travel(clock.now().timestamp() + hours * 3600, tick=True):
        assert buyer.get(address, headers=JSON).get_json()["state"] == "expired"
        answer = buyer.get(address)
        assert answer.status_code == 303
        expected = "/cart" if is_from_cart else r"/products/twinspot\?edition=\d+"
        assert re.fullmatch(expected, answer.location)
        page = buyer.get(answer.location).text
        assert "That checkout has expired, and nothing was charged." in page
        assert in_cart(buyer) == before


@both_kinds
def test_leads_back_to_the_words_of_a_gift(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, is_from_cart: bool
) -> None:
    """On any other page it would become the buyer's own."""
    price_id = find_price(app, "twinspot", "Personal")
    page = "/checkout/gift" if is_from_cart else f"/checkout/gift?price_id={price_id}"
    if is_from_cart:
        buyer.add("twinspot", "Personal")
    path, which = ("/checkout", {}) if is_from_cart else ("/checkout/now", {"price_id": price_id})
    address = buyer.post(path, **which, **FIELDS).location
    session_id = buyer.session_on(buyer.get(address))
    sandbox.control(f"sessions/{session_id}/expire")
    assert f'href="{page}"' in buyer.land(session_id).text
    for ask, where in ((buyer.get, address), (buyer.post, f"{address}/hosted")):
        answer = ask(where)
        assert answer.location == page
        shown = buyer.get(answer.location).text
        assert "That checkout has expired, and nothing was charged." in shown
        assert f'value="{ROSA}"' in shown
        assert "Happy birthday!" in shown
    assert ROSA not in Buyer(app).get(f"/checkout/gift?price_id={price_id}").text
    team = find_price(app, "twinspot", "Team")
    assert ROSA not in buyer.get(f"/checkout/gift?price_id={team}").text


def test_leads_from_stripes_page_back_to_the_words_of_a_gift(
    app: Flask, buyer: Buyer, sandbox: SandboxClient
) -> None:
    price_id = find_price(app, "twinspot", "Personal")
    address = buyer.post("/checkout/now", price_id=price_id, **FIELDS).location
    buyer.post(f"{address}/hosted")
    (session_id,) = (row["id"] for row in read_rows(app, "SELECT checkout_session_id AS id FROM checkouts"))
    back = str(sandbox.stripe.v1.checkout.sessions.retrieve(session_id).cancel_url)
    assert back == f"{buyer.base_url}/checkout/gift?price_id={price_id}"
    assert f'value="{ROSA}"' in buyer.get(back).text


@both_kinds
@pytest.mark.parametrize("has_seen", [False, True], ids=["changed after", "changed before"])
def test_asks_again_with_the_words_of_a_gift_whose_price_has_changed(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, *, is_from_cart: bool, has_seen: bool
) -> None:
    price_id = find_price(app, "twinspot", "Personal")
    if is_from_cart:
        buyer.add("twinspot", "Personal")
    path, which = ("/checkout", {}) if is_from_cart else ("/checkout/now", {"price_id": price_id})
    seen = "" if has_seen else buyer.get("/checkout/gift", query_string=which).text
    newer = set_price(app, "twinspot", "personal", "usd", 2400)
    seen = seen or buyer.get("/checkout/gift", query_string=which).text
    assert ("$24.00" if has_seen else "$19.00") in seen
    if has_seen and not is_from_cart:
        which = {"price_id": newer}  # as the page has it
    answer = buyer.post(path, **which, **FIELDS)
    if not has_seen:
        for shown in (f'value="{ROSA}"', "Happy birthday!", "$24.00", 'class="notice'):
            assert shown in answer.text, shown
        answer = buyer.post(path, **(which and {"price_id": newer}), **FIELDS)
    assert answer.status_code == 303
    session_id = buyer.session_on(buyer.get(answer.location))
    assert sandbox.stripe.v1.checkout.sessions.retrieve(session_id).amount_total == 2400
    assert [row["email"] for row in read_rows(app, "SELECT email FROM gifts")] == [ROSA]


@both_kinds
def test_makes_no_hosted_page_of_an_expired_one(buyer: Buyer, sandbox: SandboxClient, is_from_cart: bool) -> None:
    """Without JavaScript the form's page may be a day old, and its button still there."""
    address, session_id = open_form(buyer, is_from_cart=is_from_cart)
    sandbox.control(f"sessions/{session_id}/expire")
    answer = buyer.post(f"{address}/hosted")
    assert answer.status_code == 303
    assert "has expired" in buyer.get(answer.location).text
    assert len(sandbox.stripe.v1.checkout.sessions.list({"limit": 9}).data) == 1


@pytest.mark.parametrize("seconds", [0, DAY_AND_HOUR], ids=["at once", "a day later"])
def test_shows_the_order_of_one_that_was_paid_unseen(buyer: Buyer, sandbox: SandboxClient, seconds: int) -> None:
    """No webhook came, and no page: expired by our clock, paid by Stripe's word."""
    address, session_id = open_form(buyer, is_from_cart=True)
    sandbox.pay(session_id)
    with time_machine.travel(clock.now().timestamp() + seconds, tick=True):
        assert buyer.get(address, headers=JSON).get_json()["state"] == "paid"
        for answer in (buyer.get(address), buyer.post(f"{address}/hosted")):
            assert answer.location == f"/checkout/return?session_id={session_id}"
        assert len(keys_on(buyer.get(answer.location).text)) == 2


def test_says_which_form_is_open_now(buyer: Buyer, sandbox: SandboxClient) -> None:
    """Another tab has changed the cart: the form of this one is dead, though the checkout is open."""
    address, old = open_form(buyer, is_from_cart=True)
    buyer.add("soft-taps")
    new = buyer.check_out()
    assert buyer.get(address, headers=JSON).get_json() == {"state": "open", "session": new}
    assert new != old
    assert sandbox.url


def test_shows_the_form_while_only_the_shop_cannot_reach_stripe(buyer: Buyer, sandbox: SandboxClient) -> None:
    address, session_id = open_form(buyer, is_from_cart=True)
    sandbox.control("faults", method="GET", path="/v1/checkout/sessions", status=503, times=99)
    assert session_id in buyer.get(address).text
    with time_machine.travel(clock.now().timestamp() + DAY_AND_HOUR, tick=True):
        trouble = buyer.get(address)
        assert trouble.status_code == 503
        assert f'href="{address}"' in trouble.text, "try again opens the same checkout"


def test_looks_again_by_itself_when_its_time_is_up(buyer: Buyer, sandbox: SandboxClient, app: Flask) -> None:
    """With JavaScript by its script, without it by the page."""
    address, _session_id = open_form(buyer, is_from_cart=True)
    page = buyer.get(address).text
    seconds = re.search(r'data-seconds-left="(\d+)"', page)
    refresh = re.search(r'<noscript><meta http-equiv="refresh" content="(\d+)"></noscript>', page)
    assert seconds
    assert refresh
    assert 23 * 3600 < int(seconds[1]) < int(refresh[1]) <= 24 * 3600 + 2
    assert read_rows(app, "SELECT attempt FROM checkouts") == [{"attempt": 1}]
    assert sandbox.url


def test_asks_stripe_no_more_than_a_person_looks(buyer: Buyer) -> None:
    """Each view of a form is a call to Stripe, which answers one shop so many a second and no more."""
    codes = [buyer.get("/checkout/of-nobody").status_code for _look in range(61)]
    assert codes == [404] * 60 + [429]
