"""What is typed beside a quantity stays while the cart is shown anew, in Chromium."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page, Route, expect

from tests.journeys.parts import let_go
from tests.support.web_server import serve

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def cart(app: Flask, page: Page) -> Iterator[Page]:
    """The page of a cart with one thing at $14.00."""
    with serve(app) as port:
        page.goto(f"http://127.0.0.1:{port}/products/the-patient-toolmaker")
        page.get_by_role("button", name="Add to cart").click()
        page.wait_for_url("**/cart")
        yield page


def open_code(page: Page) -> None:
    page.get_by_text("Have a discount code?").click()


def test_keeps_a_typed_code_and_its_place_when_the_cart_is_shown_anew(cart: Page) -> None:
    """Typed while the answer to the quantity, and the page after it, are on their way."""
    held: list[Route] = []
    cart.route("**/cart/update", lambda route: held.append(route), times=1)  # noqa: PLW0108 - Playwright marks it
    open_code(cart)
    code = cart.get_by_label("Discount code")
    code.fill("WEL")
    cart.get_by_role("spinbutton").fill("2")
    with cart.expect_request("**/cart/update"):
        code.focus()
    code.press("End")
    cart.keyboard.type("CO")
    with cart.expect_navigation():
        let_go(cart, held)
    cart.wait_for_selector(".summary:has-text('$28.00')")
    expect(code).to_have_value("WELCO")
    expect(code).to_be_focused()
    cart.keyboard.type("ME")
    expect(code).to_have_value("WELCOME")
    cart.reload()
    expect(code).to_be_hidden()
    assert cart.evaluate("sessionStorage.length") == 0


def test_keeps_a_typed_code_when_another_thing_is_removed(cart: Page) -> None:
    cart.goto(cart.url.replace("/cart", "/products/soft-taps"))
    cart.get_by_role("button", name="Add to cart").click()
    cart.wait_for_url("**/cart")
    open_code(cart)
    cart.get_by_label("Discount code").fill("WELCOME")
    cart.get_by_role("button", name="Remove Soft Taps").click()
    expect(cart.get_by_role("spinbutton")).to_have_count(1)
    expect(cart.get_by_label("Discount code")).to_have_value("WELCOME")


def test_forgets_a_code_that_was_sent(cart: Page) -> None:
    open_code(cart)
    cart.get_by_label("Discount code").fill("NOBODYS")
    cart.keyboard.press("Enter")
    cart.wait_for_selector("text=NOBODYS")
    expect(cart.get_by_label("Discount code")).to_have_value("")
