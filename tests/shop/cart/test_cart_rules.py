"""The cart's rules on plain values."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.shop.cart.cart import (
    MAX_QUANTITY,
    CartLine,
    CartRefused,
    add,
    load_cart,
    new_nonce,
    save_cart,
    set_quantity,
    subtract,
)

line = st.builds(CartLine, price_id=st.integers(1, 8), quantity=st.integers(1, MAX_QUANTITY))
carts = st.lists(line, max_size=8, unique_by=lambda each: each.price_id).map(tuple)


def quantities(lines: tuple[CartLine, ...]) -> dict[int, int]:
    return {line.price_id: line.quantity for line in lines}


@given(carts)
def test_survives_the_cookie(cart: tuple[CartLine, ...]) -> None:
    session: dict[str, Any] = {}
    save_cart(session, cart)
    assert load_cart(session) == cart
    assert ("cart" in session) == bool(cart)


@pytest.mark.parametrize(
    "stored",
    [None, "x", {}, 7, [1, 2], [[1]], [["1", 2]], [[1, 0]], [[1, 100]], [[1, -3]], [None], [[1, 2, 3]]],
)
def test_is_empty_after_a_cookie_of_another_version(stored: object) -> None:
    assert load_cart({"cart": stored}) == ()


@given(carts, carts)
def test_loses_only_what_was_bought(cart: tuple[CartLine, ...], bought: tuple[CartLine, ...]) -> None:
    before, paid, after = quantities(cart), quantities(bought), quantities(subtract(cart, bought))
    assert after == {
        price_id: quantity - paid.get(price_id, 0)
        for price_id, quantity in before.items()
        if quantity > paid.get(price_id, 0)
    }


@given(carts, line)
def test_breaks_no_rule_whatever_is_added(cart: tuple[CartLine, ...], new: CartLine) -> None:
    before = quantities(cart)
    try:
        after = quantities(add(cart, new, is_free=False))
    except CartRefused:
        assert before.get(new.price_id, 0) + new.quantity > MAX_QUANTITY
    else:
        assert after == before | {new.price_id: before.get(new.price_id, 0) + new.quantity}


def test_holds_a_free_thing_once() -> None:
    once = add((), CartLine(price_id=1, quantity=1), is_free=True)
    assert add(once, CartLine(price_id=1, quantity=1), is_free=True) == once
    with pytest.raises(CartRefused):
        add((), CartLine(price_id=1, quantity=2), is_free=True)


def test_adds_nothing_by_a_quantity_for_what_is_not_in_it() -> None:
    assert set_quantity((), CartLine(price_id=1, quantity=5), is_free=False) == ()


def test_makes_a_new_nonce_after_one_was_taken() -> None:
    session: dict[str, Any] = {}
    first = new_nonce(session)
    assert new_nonce(session) == first
    session.pop("checkout_nonce")
    assert new_nonce(session) != first
