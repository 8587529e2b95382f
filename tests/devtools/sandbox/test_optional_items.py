"""Optional items: offered by a session, taken on its page, and lines from then on."""

from typing import Any

import pytest
import stripe

from tests.devtools.sandbox.calls import Calls


def offer(sandbox: Calls, price: str, **more: Any) -> Any:
    return sandbox.make_hosted_session(optional_items=[{"price": price, "quantity": 1} | more])


def test_makes_a_line_of_what_was_taken_and_of_nothing_else(sandbox: Calls) -> None:
    taken, left = sandbox.make_price(500), sandbox.make_price(700)
    items = [{"price": price, "quantity": 1} for price in (taken, left)]
    session = sandbox.make_hosted_session(optional_items=items)
    expected = [{**item, "adjustable_quantity": None} for item in items]
    assert sandbox.session(session.id)["optional_items"] == expected
    for price, quantity, total in ((taken, 1, 2400), (left, 1, 3100), (left, 0, 2400)):
        chosen = {"optional_items[0][price]": price, "optional_items[0][quantity]": quantity}
        assert sandbox.page(session.id, "", **chosen).json["line_item_group"]["due"] == total
    assert sandbox.pay(session.id).status == 200
    lines = sandbox.get(f"/v1/checkout/sessions/{session.id}/line_items")["data"]
    assert [line["price"]["id"] for line in lines[1:]] == [taken]
    assert sandbox.session(session.id)["amount_total"] == 2400


def test_steps_the_quantity_within_its_limits(sandbox: Calls) -> None:
    price = sandbox.make_price(500)
    session = offer(sandbox, price, adjustable_quantity={"enabled": True, "minimum": 1, "maximum": 3})
    refused = {"optional_items[0][price]": price, "optional_items[0][quantity]": 4}
    assert sandbox.page(session.id, "", **refused).status == 400
    assert sandbox.pay(session.id, optional_items={price: 3}).status == 200
    assert sandbox.session(session.id)["amount_total"] == 1900 + 1500


@pytest.mark.parametrize("how", ["currency", "custom", "many", "other", "elements"])
def test_refuses_what_cannot_be_offered(sandbox: Calls, how: str) -> None:
    price = sandbox.make_price(500, "eur" if how == "currency" else "usd")
    price = sandbox.make_custom_price() if how == "custom" else price
    items = [{"price": price, "quantity": 1}] * (11 if how == "many" else 1)
    if how == "other":
        session = sandbox.make_session()
        chosen = {"optional_items[0][price]": price, "optional_items[0][quantity]": 1}
        assert sandbox.page(session.id, "", **chosen).json["error"]["code"] == "resource_missing"
        return
    ui_mode = "elements" if how == "elements" else "embedded_page"
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.make_session(optional_items=items, ui_mode=ui_mode)
