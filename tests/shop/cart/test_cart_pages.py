"""The cart through its forms, without JavaScript."""

import re

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from storefront.shop.catalog.models import ProductState
from tests.support.goods import change_price, change_product, make_product, set_price
from tests.support.shop import Buyer, find_price
from tests.support.statements import counted


def follow(buyer: Buyer, answer: TestResponse) -> str:
    assert (answer.status_code, answer.location) == (303, "/cart")
    return buyer.get("/cart").text


def badge(page: str) -> str:
    number = re.search(r'class="badge">(\d+)', page)
    return number[1] if number else ""


def total(page: str) -> str:
    amount = re.search(r'class="total"><dt>Total</dt><dd><span class="money">([^<]+)', page)
    return amount[1] if amount else ""


def test_shows_the_way_back_when_it_is_empty(buyer: Buyer) -> None:
    page = buyer.get("/cart").text
    assert "Your cart is empty" in page
    assert 'action="/checkout"' not in page
    assert badge(page) == ""


def test_shows_added_things_priced_and_counted(buyer: Buyer, app: Flask) -> None:
    buyer.add("twinspot", "Team", quantity=2)
    page = follow(buyer, buyer.post("/cart/add", price_id=find_price(app, "gridling")))
    for words in ("Twinspot", "Team", "$79.00</span> each", "Gridling", "Free", "Added to your cart."):
        assert words in page
    assert total(page) == "$158.00"
    assert badge(page) == "3"
    assert badge(buyer.get("/").text) == "3"


def test_survives_closing_the_browser(buyer: Buyer) -> None:
    buyer.add("twinspot")
    cookie = buyer.client.get_cookie("storefront_session")
    assert cookie is not None
    assert cookie.expires is not None


def test_shows_a_notice_once(buyer: Buyer) -> None:
    buyer.add("twinspot")
    assert "Added to your cart." in buyer.get("/cart").text
    assert "Added to your cart." not in buyer.get("/cart").text


def test_adds_up_what_is_added_again(buyer: Buyer) -> None:
    buyer.add("twinspot", "Personal")
    buyer.add("twinspot", "Personal", quantity=2)
    assert total(buyer.get("/cart").text) == "$57.00"


def test_goes_on_with_the_form_of_buy_now_of_a_page_of_the_last_version(buyer: Buyer, app: Flask) -> None:
    answer = buyer.post("/cart/add", price_id=find_price(app, "twinspot"), next="checkout")
    assert (answer.status_code, answer.location) == (307, "/checkout/now")
    assert "Your cart is empty" in buyer.get("/cart").text


def test_changes_all_quantities_at_once(buyer: Buyer) -> None:
    tool, book = buyer.add("twinspot", "Personal"), buyer.add("the-patient-toolmaker")
    page = follow(buyer, buyer.post("/cart/update", **{f"quantity-{tool}": 3, f"quantity-{book}": 2}))
    assert total(page) == "$85.00"


def test_takes_a_line_out_by_quantity_zero_and_by_remove(buyer: Buyer) -> None:
    tool, book = buyer.add("twinspot"), buyer.add("the-patient-toolmaker")
    page = follow(buyer, buyer.post("/cart/update", **{f"quantity-{tool}": 0, f"quantity-{book}": 1}))
    assert "Twinspot" not in page
    assert "Your cart is empty" in follow(buyer, buyer.post("/cart/remove", price_id=book))


@pytest.mark.parametrize("quantity", ["100", "-1", "1.5", "many", "9999999999999999999", "٣"])
def test_refuses_impossible_quantities_and_changes_nothing(buyer: Buyer, quantity: str) -> None:
    tool = buyer.add("twinspot", "Personal", quantity=2)
    page = follow(buyer, buyer.post("/cart/update", **{f"quantity-{tool}": quantity}))
    assert "notice-bad" in page
    assert total(page) == "$38.00"
    page = follow(buyer, buyer.post("/cart/add", price_id=tool, quantity=quantity))
    assert "notice-bad" in page
    assert total(page) == "$38.00"


def test_holds_at_most_99_of_one_thing(buyer: Buyer) -> None:
    tool = buyer.add("twinspot", "Personal", quantity=99)
    page = follow(buyer, buyer.post("/cart/add", price_id=tool))
    assert "at most 99" in page
    assert badge(page) == "99"


def test_holds_one_of_a_free_thing(buyer: Buyer) -> None:
    font = buyer.add("gridling")
    assert badge(follow(buyer, buyer.post("/cart/add", price_id=font))) == "1"
    page = follow(buyer, buyer.post("/cart/update", **{f"quantity-{font}": 2}))
    assert "one is all you need" in page
    assert badge(page) == "1"


def test_holds_20_different_things(buyer: Buyer, app: Flask) -> None:
    prices = make_product(app, "shelf", *[(100 + number, "usd") for number in range(21)])
    for price_id in prices[:20]:
        buyer.post("/cart/add", price_id=price_id)
    page = follow(buyer, buyer.post("/cart/add", price_id=prices[20]))
    assert "A cart holds 20 different things" in page
    assert badge(page) == "20"
    assert badge(follow(buyer, buyer.post("/cart/add", price_id=prices[0]))) == "21"


def test_changes_to_the_currency_that_was_added_when_everything_is_sold_in_it(buyer: Buyer, app: Flask) -> None:
    set_price(app, "twinspot", "personal", "eur", 1700)
    euros = set_price(app, "soft-taps", "one-project", "eur", 800)
    buyer.add("twinspot", "Personal")
    buyer.add("twinspot", "Personal")
    page = follow(buyer, buyer.post("/cart/add", price_id=euros))
    assert "Added to your cart." in page
    assert total(page) == "€42.00"


def test_says_that_a_price_changed_and_asks_for_the_new_one(buyer: Buyer, app: Flask) -> None:
    buyer.add("twinspot", "Personal")
    set_price(app, "twinspot", "personal", "usd", 2400)
    page = buyer.get("/cart").text
    assert "The price of Twinspot (Personal) has changed: it is $24.00 now." in page
    assert total(page) == "$24.00"
    again = buyer.get("/cart").text
    assert "has changed" not in again
    assert total(again) == "$24.00"


def test_counts_what_has_one_price_now_as_one_line(buyer: Buyer, app: Flask) -> None:
    buyer.add("twinspot", "Personal")
    new = set_price(app, "twinspot", "personal", "usd", 2400)
    buyer.post("/cart/add", price_id=new)
    assert [total(buyer.get("/cart").text) for _time in range(2)] == ["$48.00", "$48.00"]


def test_keeps_both_of_two_old_prices_at_the_new_one(buyer: Buyer, app: Flask) -> None:
    buyer.add("twinspot", "Personal")
    buyer.post("/cart/add", price_id=set_price(app, "twinspot", "personal", "usd", 2400))
    set_price(app, "twinspot", "personal", "usd", 2500)
    page = buyer.get("/cart").text
    assert "no longer for sale" not in page
    assert total(page) == "$50.00"


def test_takes_a_free_thing_once_whatever_it_cost_before(buyer: Buyer, app: Flask) -> None:
    buyer.add("twinspot", "Personal", quantity=3)
    set_price(app, "twinspot", "personal", "usd", 0)
    buyer.get("/cart")
    assert badge(buyer.get("/cart").text) == "1"


def test_shows_a_new_price_before_anybody_pays_it(buyer: Buyer, app: Flask) -> None:
    buyer.add("twinspot", "Personal")
    set_price(app, "twinspot", "personal", "usd", 2400)
    answer = buyer.post("/checkout")
    assert answer.location == "/cart"
    assert "it is $24.00 now" in follow(buyer, answer)


def test_has_one_currency(buyer: Buyer, app: Flask) -> None:
    (euros,) = make_product(app, "map", (700, "eur"))
    buyer.add("twinspot", "Personal")
    page = follow(buyer, buyer.post("/cart/add", price_id=euros))
    assert "Map is sold in EUR and your cart is in USD" in page
    assert total(page) == "$19.00"


def test_takes_nothing_that_is_not_for_sale(buyer: Buyer, app: Flask) -> None:
    (hidden,) = make_product(app, "hidden", (700, "usd"), state=ProductState.DRAFT)
    for price_id in (hidden, 999_999, "x", ""):
        page = follow(buyer, buyer.post("/cart/add", price_id=price_id))
        assert "not for sale" in page
        assert "Your cart is empty" in page


def test_loses_withdrawn_things_with_a_notice(buyer: Buyer, app: Flask) -> None:
    tool = buyer.add("twinspot", "Personal")
    buyer.add("soft-taps")
    buyer.add("the-patient-toolmaker")
    change_price(app, tool, is_active=False)
    change_product(app, "soft-taps", state=ProductState.DRAFT)
    page = buyer.get("/cart").text
    assert "Twinspot (Personal) is no longer for sale" in page
    assert "Soft Taps (One project) is no longer for sale" in page
    assert total(page) == "$14.00"
    assert "no longer for sale" not in buyer.get("/cart").text


@pytest.mark.parametrize("path", ["/cart/add", "/cart/update", "/cart/remove"])
def test_refuses_changes_without_the_forms_token(buyer: Buyer, app: Flask, path: str) -> None:
    answer = buyer.client.post(path, data={"price_id": find_price(app, "twinspot")})
    assert answer.status_code == 400
    assert "This form has expired" in answer.text
    assert "Your cart is empty" in buyer.get("/cart").text


def test_is_changed_by_post_only(buyer: Buyer, app: Flask) -> None:
    assert buyer.get(f"/cart/add?price_id={find_price(app, 'twinspot')}").status_code == 405


def test_costs_three_statements_however_full(buyer: Buyer, app: Flask) -> None:
    for price_id in make_product(app, "shelf", *[(100 + number, "usd") for number in range(20)]):
        buyer.post("/cart/add", price_id=price_id)
    with counted(app) as statements:
        assert badge(buyer.get("/cart").text) == "20"
    assert len(statements) == 3  # prices, pictures, and what the shop is called
    assert len(str(buyer.client.get_cookie("storefront_session"))) < 4093


def test_keeps_the_nonce_of_the_checkout_form_until_it_is_used(buyer: Buyer) -> None:
    buyer.add("twinspot")
    first = buyer.nonce()
    assert len(first) >= 20
    assert buyer.nonce() == first
