"""Back from a payment that was refused elsewhere, and from a Session whose beginning is not known here."""

from html import unescape

import pytest
from flask import Flask

from tests.payments.checkout.buttons import in_cart, press
from tests.support.gifts import FIELDS
from tests.support.payment_links import make_link, visit
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, find_price

REFUSED = "That payment was not completed, and nothing was charged."
AS_IT_WAS = f"{REFUSED} Your cart is as it was: try again, or choose another way to pay."
TRY_AGAIN = f"{REFUSED} Try again, or choose another way to pay."
WHERE_YOU_BEGAN = f"{REFUSED} To try again, go back to where you began."


def begin(app: Flask, buyer: Buyer, way: str) -> str:
    """Return the Session's id."""
    if way == "link":
        return visit(make_link(app, "twinspot/Personal"))
    if way == "cart":
        buyer.add("twinspot", "Personal")
        return buyer.check_out()
    if way == "gift":
        price_id = find_price(app, "twinspot", "Personal")
        return buyer.session_on(buyer.get(buyer.post("/checkout/now", price_id=price_id, **FIELDS).location))
    return buyer.session_on(buyer.get(press(buyer).location))


@pytest.mark.parametrize(
    ("way", "says"),
    [("cart", AS_IT_WAS), ("buy now", TRY_AGAIN), ("gift", TRY_AGAIN)],
    ids=["cart", "now", "gift"],
)
def test_speaks_of_the_cart_to_who_paid_one_alone(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, way: str, says: str
) -> None:
    """What lies in the cart beside a purchase of one thing was never to be paid."""
    assert sandbox.url
    session_id = begin(app, buyer, way)
    if way != "cart":
        buyer.add("soft-taps", "", 3)
        buyer.get("/cart")  # shows the notice, once
    held = in_cart(buyer)
    for _ in range(2):
        answer = buyer.land(session_id)
        assert answer.status_code == 303
        assert answer.location.startswith("/checkout/")
        page = unescape(buyer.get(answer.location).text)
        assert says in page
        assert ("Your cart is as it was" in page) is (way == "cart")
        assert in_cart(buyer) == held


@pytest.mark.parametrize("way", ["link", "cart", "buy now"])
@pytest.mark.parametrize("has_cart", [False, True], ids=["no cart", "another cart"])
def test_leads_to_no_cart_that_has_nothing_of_it(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, way: str, has_cart: bool
) -> None:
    """After a Payment Link, or in another browser than the one that began."""
    assert sandbox.url
    session_id = begin(app, buyer, way)
    other = Buyer(app)
    if has_cart:
        other.add("soft-taps", "", 3)
        other.get("/cart")
    for _ in range(2):
        answer = other.land(session_id)
        assert (answer.status_code, answer.location) == (303, "/")
        assert WHERE_YOU_BEGAN in unescape(other.get(answer.location).text)
    sandbox.control(f"sessions/{session_id}/expire")
    for _ in range(2):
        page = other.land(session_id).text
        assert "This checkout has expired" in page
        main = page.split("<main")[1].split("</main>")[0]
        assert "See all products" in main
        assert "/cart" not in main
        assert "Start again" not in main


def test_leads_to_the_products_in_the_language_of_the_page(app: Flask, sandbox: SandboxClient) -> None:
    assert sandbox.url
    session_id = visit(make_link(app, "twinspot/Personal"))
    other = Buyer(app)
    answer = other.get("/de/checkout/return", query_string={"session_id": session_id})
    assert answer.location == "/de/"
    assert "Diese Zahlung wurde nicht abgeschlossen, und es wurde nichts abgebucht." in other.get("/de/").text


@pytest.mark.parametrize("way", ["cart", "buy now", "gift"])
def test_says_nothing_of_it_above_the_thanks_of_who_paid_on_stripes_page(
    app: Flask, buyer: Buyer, sandbox: SandboxClient, way: str
) -> None:
    """The way back leads to Stripe at once: no page of the shop is between."""
    begin(app, buyer, way)
    [row] = read_rows(app, "SELECT token FROM checkouts")
    hosted = buyer.post(f"/checkout/{row['token']}/hosted").location
    session_id = hosted.rpartition("/")[2]
    for _ in range(2):
        answer = buyer.land(session_id)
        assert answer.location == f"/checkout/{row['token']}"
        assert buyer.get(answer.location).location == hosted
    sandbox.pay(session_id)
    page = unescape(buyer.land(session_id).text)
    assert "Thank you!" in page
    assert REFUSED not in page
