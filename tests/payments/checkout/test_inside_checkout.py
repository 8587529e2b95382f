"""What buyers change inside Checkout, quantities and further things: fulfilled as Stripe's lines say."""

from typing import Any

import pytest
from flask import Flask

from storefront.shop.editor.product_settings import SettingRefused, change_product_settings
from tests.support.goods import change_product
from tests.support.rows import read_rows
from tests.support.sale import Sale, link_of
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer, keys_on

ITEMS = "SELECT position, quantity, total_minor, is_refunded FROM order_items ORDER BY position"


def pay(app: Flask, sandbox: SandboxClient, buyer: Buyer, session_id: str, **how: Any) -> Sale:
    sandbox.pay(session_id, **how)
    keys = keys_on(buyer.land(session_id).text)
    link = link_of(app, session_id)
    return Sale(app=app, sandbox=sandbox, buyer=buyer, session_id=session_id, keys=keys, link=link, downloads=[])


def lines_of(sandbox: SandboxClient, session_id: str) -> list[Any]:
    return list(sandbox.stripe.v1.checkout.sessions.line_items.list(session_id).data)


@pytest.mark.parametrize("quantity", [1, 4])
def test_hands_out_as_many_keys_as_were_bought_in_the_end(
    app: Flask, sandbox: SandboxClient, buyer: Buyer, quantity: int
) -> None:
    change_product(app, "twinspot", most_in_form=5)
    buyer.add("twinspot", "Personal", quantity=2)
    session_id = buyer.check_out()
    (line,) = lines_of(sandbox, session_id)
    assert line.to_dict()["adjustable_quantity"] == {"enabled": True, "maximum": 5, "minimum": 1}
    sale = pay(app, sandbox, buyer, session_id, quantities={line.id: quantity})
    assert len(sale.keys) == quantity
    sale.deliver("checkout.session.")
    (item,) = read_rows(app, ITEMS)
    assert (item["quantity"], item["total_minor"]) == (quantity, quantity * 1900)
    sale.refund()
    sale.deliver("charge.", "refund.")
    assert not keys_on(sale.order_page())


def test_puts_back_into_the_cart_what_a_cart_can_hold(app: Flask, sandbox: SandboxClient, buyer: Buyer) -> None:
    change_product(app, "twinspot", most_in_form=200)
    buyer.add("twinspot", "Personal", quantity=2)
    session_id = buyer.check_out()
    (line,) = lines_of(sandbox, session_id)
    token = pay(app, sandbox, buyer, session_id, quantities={line.id: 150}).link.rpartition("/")[2]
    assert buyer.get(f"/checkout/again/{token}").status_code == 302
    assert 'value="99"' in buyer.get("/cart").text


def test_does_not_lower_a_cart_to_the_most(app: Flask, sandbox: SandboxClient, buyer: Buyer) -> None:
    change_product(app, "twinspot", most_in_form=2)
    buyer.add("twinspot", "Personal", quantity=7)
    (line,) = lines_of(sandbox, buyer.check_out())
    assert (line.quantity, line.to_dict()["adjustable_quantity"]["maximum"]) == (7, 7)


@pytest.mark.parametrize("is_taken", [True, False])
def test_sells_what_is_offered_beside_only_where_it_was_taken(
    app: Flask, sandbox: SandboxClient, buyer: Buyer, is_taken: bool
) -> None:
    change_product(app, "twinspot", offered_beside=["soft-taps", "gridling", "twinspot"])
    buyer.add("twinspot", "Personal")
    session_id = buyer.check_out()
    (offered,) = sandbox.stripe.v1.checkout.sessions.retrieve(session_id).to_dict()["optional_items"]
    sale = pay(app, sandbox, buyer, session_id, optional_items={offered["price"]: 1} if is_taken else {})
    sale.deliver("checkout.session.")
    items = read_rows(app, ITEMS)
    assert len(items) == (2 if is_taken else 1)
    assert len(sale.keys) == 1
    if is_taken:
        sale.refund(amount=items[1]["total_minor"], metadata={"storefront_items": "2"})
        sale.deliver("charge.", "refund.")
        assert [bool(item["is_refunded"]) for item in read_rows(app, ITEMS)] == [False, True]
        assert keys_on(sale.order_page()) == sale.keys
        sale.at_charge("dispute", status="needs_response")
        sale.deliver("charge.")
        assert not keys_on(sale.order_page())


def offer_beside(app: Flask, sandbox: SandboxClient) -> tuple[Buyer, str]:
    """Let a cart be offered something beside, and return it with that price at Stripe."""
    change_product(app, "twinspot", offered_beside=["soft-taps"])
    buyer = Buyer(app)
    buyer.add("twinspot", "Personal")
    return buyer, offered_in(sandbox, buyer.check_out())[0]


def offered_in(sandbox: SandboxClient, session_id: str) -> list[str]:
    items = sandbox.stripe.v1.checkout.sessions.retrieve(session_id).to_dict().get("optional_items") or []
    return [item["price"] for item in items]


@pytest.mark.parametrize("what", ["price", "product"])
def test_makes_anew_what_is_offered_beside_and_was_archived_at_stripe(
    app: Flask, sandbox: SandboxClient, what: str
) -> None:
    _buyer, price = offer_beside(app, sandbox)
    if what == "price":
        sandbox.stripe.v1.prices.update(price, {"active": False})
    else:
        product = str(sandbox.stripe.v1.prices.retrieve(price).product)
        sandbox.stripe.v1.products.update(product, {"active": False})
    second = Buyer(app)
    second.add("twinspot", "Personal")
    (offered,) = offered_in(sandbox, second.check_out())
    assert offered != price


def refuse_beside(sandbox: SandboxClient, times: int, **answer: Any) -> None:
    sandbox.control("faults", path="/v1/checkout/sessions", status=400, times=times, **answer)


@pytest.mark.parametrize(
    "answer",
    [
        {"param": "optional_items"},
        {"param": "optional_items[0][quantity]", "code": "parameter_invalid_integer"},
    ],
)
def test_sells_without_what_is_offered_beside_where_stripe_refuses_it(
    app: Flask, sandbox: SandboxClient, caplog: pytest.LogCaptureFixture, answer: dict[str, str]
) -> None:
    offer_beside(app, sandbox)
    second = Buyer(app)
    second.add("twinspot", "Personal")
    refuse_beside(sandbox, 1, **answer)
    session_id = second.check_out()
    assert offered_in(sandbox, session_id) == []
    assert "stripe refused what is offered beside a cart" in caplog.text
    sandbox.pay(session_id)
    assert second.state(session_id) == "fulfilled"


def test_sells_without_what_is_offered_beside_where_stripe_refuses_it_made_anew_as_well(
    app: Flask, sandbox: SandboxClient
) -> None:
    offer_beside(app, sandbox)
    second = Buyer(app)
    second.add("twinspot", "Personal")
    refuse_beside(sandbox, 2, param="optional_items[0][price]")
    assert offered_in(sandbox, second.check_out()) == []


def test_sells_without_what_stripe_takes_no_price_of(app: Flask, sandbox: SandboxClient, buyer: Buyer) -> None:
    buyer.add("twinspot", "Team")
    buyer.check_out()
    change_product(app, "twinspot", offered_beside=["soft-taps"])
    sandbox.control("faults", method="POST", path="/v1/products", status=400, times=1)
    second = Buyer(app)
    second.add("twinspot", "Team")
    assert offered_in(sandbox, second.check_out()) == []


def test_offers_nothing_that_is_in_the_cart_or_in_another_currency(
    app: Flask, sandbox: SandboxClient, buyer: Buyer
) -> None:
    change_product(app, "twinspot", offered_beside=["soft-taps"])
    buyer.add("twinspot", "Personal")
    buyer.add("soft-taps")
    session = sandbox.stripe.v1.checkout.sessions.retrieve(buyer.check_out())
    assert not session.to_dict().get("optional_items")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"most_in_form": 1}, "2 to 999"),
        ({"offered_beside": ["nothing-here"]}, "no product nothing-here"),
        ({"offered_beside": ["twinspot"]}, "is this product"),
        ({"offered_beside": ["a1", "b1", "c1", "d1"]}, "up to 3"),
    ],
)
def test_refuses_what_cannot_be_offered(app: Flask, values: dict[str, Any], words: str) -> None:
    with app.app_context(), pytest.raises(SettingRefused, match=words):
        change_product_settings("twinspot", values)
