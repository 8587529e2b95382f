"""`POST /checkout`: one open checkout a browser, whatever is clicked twice, times out or is refused."""

import re

import pytest
import time_machine
from flask import Flask

from storefront.core import clock
from storefront.payments.checkout.models import Checkout
from tests.payments.checkout.buttons import count_sessions, in_cart
from tests.support.databases import BOTH
from tests.support.goods import change_price
from tests.support.rows import count_rows, read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, keys_on

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
SESSIONS = "/v1/checkout/sessions"


@both
def test_mirrors_a_price_when_first_needed_and_only_then(buyer: Buyer, sandbox: SandboxClient, app: Flask) -> None:
    assert sandbox.calls("/v1/products") == []
    buyer.add("twinspot", "Personal")
    buyer.check_out()
    assert sandbox.calls("/v1/products") == [("POST", "/v1/products")]
    assert sandbox.calls("/v1/prices") == [("POST", "/v1/prices")]
    second = Buyer(app)
    second.add("twinspot", "Personal")
    second.check_out()
    assert len(sandbox.calls("/v1/products")) == 1
    assert count_rows(app, Checkout) == {"checkouts": 2}


def test_names_the_edition_where_stripe_shows_it(buyer: Buyer, sandbox: SandboxClient) -> None:
    """Form, receipt and invoice show a product's name, so each edition is a product there."""
    buyer.add("twinspot", "Personal")
    buyer.add("twinspot", "Team")
    session_id = buyer.check_out()
    lines = sandbox.stripe.v1.checkout.sessions.line_items.list(session_id).data
    assert [line.description for line in lines] == ["Twinspot (Personal)", "Twinspot (Team)"]


def test_makes_one_session_of_a_double_click(buyer: Buyer, sandbox: SandboxClient, app: Flask) -> None:
    buyer.add()
    nonce = buyer.nonce()
    first = buyer.post("/checkout", nonce=nonce)
    second = buyer.post("/checkout", nonce=nonce)
    assert first.location == second.location
    assert count_sessions(sandbox) == 1
    assert count_rows(app, Checkout) == {"checkouts": 1}


def test_goes_back_to_the_open_checkout_with_the_same_cart(buyer: Buyer, sandbox: SandboxClient) -> None:
    buyer.add()
    assert buyer.check_out() == buyer.check_out()
    assert count_sessions(sandbox) == 1


def test_expires_the_old_session_when_the_cart_has_changed(buyer: Buyer, sandbox: SandboxClient) -> None:
    buyer.add("twinspot", "Personal")
    old = buyer.check_out()
    buyer.add("soft-taps")
    new = buyer.check_out()
    assert new != old
    assert sandbox.stripe.v1.checkout.sessions.retrieve(old).status == "expired"
    assert len(sandbox.stripe.v1.checkout.sessions.line_items.list(new).data) == 2


def typed(buyer: Buyer, *quantities: int | str) -> dict[str, str]:
    """The form of the cart, as it is sent when these quantities were typed just before."""
    form = buyer.get("/cart").text.split('action="/checkout"')[1].split("</form>")[0]
    fields = dict(re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', form))
    names = [name for name in fields if name.startswith("quantity-")]
    return fields | {name: str(quantity) for name, quantity in zip(names, quantities, strict=True)}


def test_takes_quantities_along_that_were_typed_just_before(buyer: Buyer, sandbox: SandboxClient) -> None:
    buyer.add("twinspot", "Personal")
    buyer.add("soft-taps")
    buyer.add("the-patient-toolmaker")
    answer = buyer.post("/checkout", **typed(buyer, 5, 0, 1))
    session_id = buyer.session_on(buyer.get(answer.location))
    lines = sandbox.stripe.v1.checkout.sessions.line_items.list(session_id).data
    assert [line.quantity for line in lines] == [5, 1]
    assert [quantity for _price, quantity in in_cart(buyer)] == ["5", "1"]
    sandbox.pay(session_id)
    assert len(keys_on(buyer.land(session_id).text)) == 5
    assert in_cart(buyer) == []


@pytest.mark.parametrize(
    ("quantity", "words"),
    [
        ("100", "You can buy at most 99 of one thing at a time."),
        ("", "must be a whole number"),
        ("x", "whole number"),
    ],
)
def test_refuses_quantities_as_the_cart_does_and_starts_nothing(
    buyer: Buyer, sandbox: SandboxClient, quantity: str, words: str
) -> None:
    buyer.add("twinspot", "Personal", 2)
    buyer.add("soft-taps")
    answer = buyer.post("/checkout", **typed(buyer, 3, quantity))
    assert (answer.status_code, answer.location) == (303, "/cart")
    assert words in buyer.get("/cart").text
    assert [quantity for _price, quantity in in_cart(buyer)] == ["2", "1"]
    assert count_sessions(sandbox) == 0


def test_shows_the_empty_cart_where_everything_was_taken_out(buyer: Buyer, sandbox: SandboxClient) -> None:
    buyer.add("twinspot", "Personal")
    assert buyer.post("/checkout", **typed(buyer, 0)).location == "/cart"
    assert "Your cart is empty" in buyer.get("/cart").text
    assert count_sessions(sandbox) == 0


def test_says_what_is_sold_no_more_though_its_quantity_was_typed(
    buyer: Buyer, sandbox: SandboxClient, app: Flask
) -> None:
    tool = buyer.add("twinspot", "Personal")
    buyer.add("soft-taps")
    form = typed(buyer, 3, 2)
    change_price(app, tool, is_active=False)
    assert buyer.post("/checkout", **form).location == "/cart"
    assert "Twinspot (Personal) is no longer for sale" in buyer.get("/cart").text
    assert [quantity for _price, quantity in in_cart(buyer)] == ["2"]
    assert count_sessions(sandbox) == 0


def test_shows_the_order_when_the_old_session_was_paid_meanwhile(buyer: Buyer, sandbox: SandboxClient) -> None:
    """Paid in another tab, and neither page nor webhook came yet: no second payment for it."""
    buyer.add("twinspot", "Personal")
    old = buyer.check_out()
    sandbox.pay(old)
    buyer.add("soft-taps")
    answer = buyer.post("/checkout", nonce=buyer.nonce())
    assert answer.status_code == 303
    assert answer.location == f"/checkout/return?session_id={old}"
    buyer.land(old)
    cart = buyer.get("/cart").text
    assert "Soft Taps" in cart
    assert "/products/twinspot" not in cart.split("</header>")[1].split("</main>")[0]


def test_keeps_key_and_body_when_the_answer_was_lost(buyer: Buyer, sandbox: SandboxClient) -> None:
    """Stripe made the Session, the answer never came: asking again makes no second one."""
    buyer.add()
    sandbox.control("faults", method="POST", path=SESSIONS, times=2, drop_after_execution=True)
    nonce = buyer.nonce()
    trouble = buyer.post("/checkout", nonce=nonce)
    assert trouble.status_code == 503
    assert "cart" in trouble.text
    again = buyer.post("/checkout", nonce=nonce)
    assert again.status_code == 303
    assert buyer.get(again.location).status_code == 200
    assert count_sessions(sandbox) == 1


def test_takes_a_new_key_after_a_stored_500(buyer: Buyer, sandbox: SandboxClient, app: Flask) -> None:
    """Stripe replays a 500 that it stored under the key, for 24 hours."""
    buyer.add()
    sandbox.control("faults", method="POST", path=SESSIONS, times=1, status=500)
    nonce = buyer.nonce()
    assert buyer.post("/checkout", nonce=nonce).status_code == 503
    assert buyer.post("/checkout", nonce=nonce).status_code == 303
    assert count_sessions(sandbox) == 1
    assert read_rows(app, "SELECT attempt FROM checkouts") == [{"attempt": 2}]


def test_sends_the_edited_cart_after_a_lost_answer(buyer: Buyer, sandbox: SandboxClient) -> None:
    buyer.add("twinspot", "Personal")
    sandbox.control("faults", method="POST", path=SESSIONS, times=2, drop_after_execution=True)
    assert buyer.post("/checkout", nonce=buyer.nonce()).status_code == 503
    buyer.add("twinspot", "Personal", 2)
    session_id = buyer.check_out()
    line = sandbox.stripe.v1.checkout.sessions.line_items.list(session_id).data[0]
    assert line.quantity == 3


def test_says_what_to_do_when_stripe_is_down_and_keeps_the_cart(buyer: Buyer, sandbox: SandboxClient) -> None:
    buyer.add()
    sandbox.control("faults", method="POST", path="/v1/", times=20, status=503)
    answer = buyer.post("/checkout", nonce=buyer.nonce())
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert 'action="/checkout"' in answer.text
    assert "Twinspot" in buyer.get("/cart").text


def test_renews_an_expired_checkout(buyer: Buyer, sandbox: SandboxClient, app: Flask) -> None:
    buyer.add()
    old = buyer.check_out()
    sandbox.control(f"sessions/{old}/expire")
    with time_machine.travel(clock.now().timestamp() + 25 * 3600, tick=True):
        # The sandbox keeps real time; only the shop's clock moved on, as at a buyer who comes back next day.
        new = buyer.check_out()
    assert new != old
    assert count_rows(app, Checkout) == {"checkouts": 1}


def test_makes_mirrors_anew_once_when_stripe_lost_them(buyer: Buyer, sandbox: SandboxClient, app: Flask) -> None:
    """The sandbox was emptied, or somebody deleted the product at Stripe."""
    buyer.add()
    buyer.check_out()
    sandbox.reset()
    second = Buyer(app)
    second.add()
    session_id = second.check_out()
    sandbox.pay(session_id)
    assert second.state(session_id) == "fulfilled"
    assert count_rows(app, Checkout) == {"checkouts": 2}


def test_shows_the_form_to_its_own_browser_only(buyer: Buyer, sandbox: SandboxClient, app: Flask) -> None:
    buyer.add()
    page = buyer.post("/checkout", nonce=buyer.nonce()).location
    assert buyer.get(page).status_code == 200
    without_cookies = Buyer(app).get(page)
    assert without_cookies.status_code == 404
    assert "allow cookies for this shop" in without_cookies.text
    other = Buyer(app)
    other.add("soft-taps")
    told = other.get(page).text
    assert (
        "This checkout belongs to another browser, or has expired. To try again, go back to where you began."
    ) in told
    assert "as you left it" not in told
    assert count_sessions(sandbox) == 1


def test_leads_to_the_hosted_page_and_closes_the_embedded_one(
    buyer: Buyer, sandbox: SandboxClient, app: Flask
) -> None:
    """Without JavaScript: nobody can pay both."""
    buyer.add()
    embedded = buyer.check_out()
    token = read_rows(app, "SELECT token FROM checkouts")[0]["token"]
    answer = buyer.post(f"/checkout/{token}/hosted")
    assert answer.status_code == 303
    assert answer.location.startswith(sandbox.url)
    assert sandbox.stripe.v1.checkout.sessions.retrieve(embedded).status == "expired"
    hosted = str(read_rows(app, "SELECT checkout_session_id FROM checkouts")[0]["checkout_session_id"])
    sandbox.pay(hosted)
    assert buyer.state(hosted) == "fulfilled"


def test_limits_starts_and_keeps_the_cart(buyer: Buyer, sandbox: SandboxClient) -> None:
    buyer.add()
    nonce = buyer.nonce()
    codes = [buyer.post("/checkout", nonce=nonce).status_code for _ in range(11)]
    assert codes == [303] * 10 + [429]
    assert "Twinspot" in buyer.get("/cart").text
    assert count_sessions(sandbox) == 1


def test_leads_an_empty_cart_back_to_the_cart(buyer: Buyer, sandbox: SandboxClient) -> None:
    answer = buyer.post("/checkout", nonce="x")
    assert (answer.status_code, answer.location) == (303, "/cart")
    assert count_sessions(sandbox) == 0


def test_refuses_a_form_without_its_token(buyer: Buyer) -> None:
    buyer.add()
    answer = buyer.client.post("/checkout", data={"nonce": "x"}, base_url=buyer.base_url)
    assert answer.status_code == 400
    assert "has expired" in answer.text


class TestOnAnotherSandbox:
    def test_sells_after_the_keys_are_switched_to_an_empty_one(
        self, buyer: Buyer, sandbox: SandboxClient, app: Flask, environment: dict[str, str]
    ) -> None:
        from storefront.app import create_app
        from storefront.core.config.settings import load_settings
        from storefront.devtools.sandbox.config import SandboxConfig
        from storefront.devtools.sandbox.server import SandboxServer

        buyer.add()
        buyer.check_out()
        with SandboxServer(SandboxConfig(port=0)) as other:
            switched = environment | {
                "STRIPE_API_BASE": other.url,
                "STRIPE_SECRET_KEY": other.secret_key,
                "STRIPE_PUBLISHABLE_KEY": other.publishable_key,
            }
            second = create_app(load_settings(switched))
            same_browser = Buyer(second)
            same_browser.client = second.test_client()
            cookie = buyer.client.get_cookie("storefront_session", domain="localhost")
            assert cookie is not None
            same_browser.client.set_cookie("storefront_session", cookie.value, domain="localhost")
            session_id = same_browser.check_out()
            client = SandboxClient(other)
            client.pay(session_id)
            assert same_browser.state(session_id) == "fulfilled"
            mirrors = read_rows(app, "SELECT account FROM stripe_mirrors")
            assert len({row["account"] for row in mirrors}) == 2
            with second.app_context():
                from storefront.core.db import db

                db.session.remove()
                db.engine.dispose()
