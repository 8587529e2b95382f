"""An edition of which the buyer chooses the amount: its page, the cart, Stripe's form, and everything after it."""

import html

import pytest
from flask import Flask

from storefront.shop.editor.prices import read_amount
from storefront.shop.editor.refusals import ProductRefused
from tests.payments.checkout.buttons import press
from tests.support.gifts import FIELDS
from tests.support.goods import change_price
from tests.support.rows import read_rows
from tests.support.sale import Sale, link_of
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, find_price, keys_on

CASES = [("usd", 700, "$7.00"), ("jpy", 777, "¥777"), ("kwd", 1230, "KWD\u00a01.230")]


def let_choose(app: Flask, currency: str = "usd", *, least: int = 500) -> int:
    price_id = find_price(app, "twinspot", "Personal")
    change_price(app, price_id, currency=currency, amount_minor=1000, least_minor=least, most_minor=5000)
    change_price(app, find_price(app, "twinspot", "Team"), is_active=False)
    return price_id


def buy(app: Flask, sandbox: SandboxClient, amount: int) -> Sale:
    buyer = Buyer(app)
    page = buyer.get(press(buyer).location)
    session_id = buyer.session_on(page)
    method = "pm_card_visa" if amount else None
    sandbox.pay(session_id, custom_unit_amount=amount, payment_method=method)
    landed = buyer.land(session_id).text
    return Sale(
        app=app,
        sandbox=sandbox,
        buyer=buyer,
        session_id=session_id,
        keys=keys_on(landed),
        link=link_of(app, session_id),
        downloads=[],
    )


@pytest.mark.usefixtures("sandbox")
def test_says_on_every_page_that_the_buyer_chooses(app: Flask, buyer: Buyer) -> None:
    price_id = let_choose(app)
    page = buyer.get("/products/twinspot").text
    assert "from $5.00, suggested $10.00, up to $50.00" in page
    assert "Choose what you pay" in page
    assert "Add to cart" not in page
    assert "from $5.00" in buyer.get("/").text
    buyer.post("/cart/add", price_id=price_id)
    cart = buyer.get("/cart").text
    assert "it is bought by itself" in cart
    assert "Your cart is empty" in cart
    form = buyer.get(press(buyer).location).text
    assert "$10.00" not in form


def test_leaves_it_out_of_a_cart_that_held_it_at_a_fixed_price(app: Flask, buyer: Buyer) -> None:
    buyer.add("twinspot", "Personal")
    let_choose(app)
    assert buyer.post("/checkout", nonce="x").location == "/cart"
    assert "press Buy now on its page" in buyer.get("/cart").text


@pytest.mark.parametrize(("currency", "amount", "shown"), CASES, ids=[case[0] for case in CASES])
def test_keeps_what_was_chosen_through_refund_and_dispute(
    app: Flask, sandbox: SandboxClient, currency: str, amount: int, shown: str
) -> None:
    let_choose(app, currency)
    sale = buy(app, sandbox, amount)
    assert len(sale.keys) == 1
    assert shown in sale.order_page()
    (item,) = read_rows(app, "SELECT quantity, subtotal_minor, total_minor FROM order_items")
    assert item == {"quantity": 1, "subtotal_minor": amount, "total_minor": amount}
    (order,) = read_rows(app, "SELECT total_minor, currency, is_paid FROM orders")
    assert (order["total_minor"], order["currency"], bool(order["is_paid"])) == (amount, currency, True)
    dispute = sale.at_charge("dispute", status="needs_response")
    sale.deliver("charge.", "checkout.session.")
    assert not keys_on(sale.order_page())
    sandbox.control(f"disputes/{dispute}/move", status="won")
    sale.deliver("charge.")
    assert keys_on(sale.order_page()) == sale.keys
    sale.refund()
    sale.deliver("charge.", "refund.")
    assert not keys_on(sale.order_page())
    assert read_rows(app, "SELECT refunded_minor FROM orders") == [{"refunded_minor": amount}]


def test_hands_out_once_by_mail_what_was_taken_for_nothing(app: Flask, sandbox: SandboxClient) -> None:
    let_choose(app, least=0)
    sale = buy(app, sandbox, 0)
    assert not sale.keys, "nothing was paid, so only its mail holds the key"
    sale.deliver("checkout.session.")
    buy(app, sandbox, 0)
    (grants,) = read_rows(app, "SELECT count(*) AS number FROM grants WHERE kind = 'license'")
    assert grants["number"] == 1


def test_asks_stripe_for_the_limits_and_takes_no_code(app: Flask, sandbox: SandboxClient, buyer: Buyer) -> None:
    let_choose(app, least=0)
    session_id = buyer.session_on(buyer.get(press(buyer).location))
    session = sandbox.stripe.v1.checkout.sessions.retrieve(session_id, {"expand": ["line_items"]})
    assert not session.allow_promotion_codes
    assert session.line_items
    price = session.line_items.data[0].price
    assert price
    assert price.custom_unit_amount
    assert (price.custom_unit_amount.minimum, price.custom_unit_amount.preset) == (None, 1000)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("from 0", "above zero"),
        ("from 0.10, suggested 5", "Stripe takes"),
        ("from 5, suggested 4", "between the least and the most"),
        ("from 5, suggested 10, up to 9", "between the least and the most"),
        ("from five", "no amount in USD"),
    ],
)
def test_refuses_limits_that_cannot_be(text: str, words: str) -> None:
    with pytest.raises(ProductRefused, match=words):
        read_amount(text, "usd")


@pytest.mark.parametrize("text", ["from 5", "From 5,00, suggested 10,50", "from 0, suggested 1 up to 20.00"])
def test_reads_limits_as_people_type_them(text: str) -> None:
    expected = {"from 5": (500, 500, None), "From 5,00, suggested 10,50": (1050, 500, None)}
    assert read_amount(text, "usd") == expected.get(text, (100, 0, 2000))


@pytest.mark.parametrize("is_gift", [False, True])
def test_says_that_a_gift_for_which_nothing_was_chosen_stays_with_its_giver(
    is_gift: bool, app: Flask, sandbox: SandboxClient
) -> None:
    price_id, buyer = let_choose(app, least=0), Buyer(app)
    asked = buyer.get(f"/checkout/gift?price_id={price_id}").text
    assert "If it costs nothing in the end, it stays yours and nothing is sent." in asked
    session_id = buyer.session_on(buyer.get(press(buyer, **(FIELDS if is_gift else {})).location))
    sandbox.pay(session_id, custom_unit_amount=0, payment_method=None)
    for _ in range(2):
        landed = html.unescape(buyer.land(session_id).text)
        assert "Check your email" in landed
        assert ("It cost nothing, so it isn't sent as a gift. It's yours." in landed) is is_gift
    assert "as a gift" not in html.unescape(Buyer(app).land(session_id).text)
    assert read_rows(app, "SELECT is_gift FROM orders") == [{"is_gift": 0}]
