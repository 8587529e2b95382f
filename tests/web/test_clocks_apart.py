"""Two hosts whose clocks are apart: what one says in a cookie, the other believes."""

from datetime import timedelta

import time_machine
from flask import Flask

from storefront.core import clock
from tests.support.shop import Buyer

APART = timedelta(minutes=5)
LONG = timedelta(days=31)


def test_keeps_the_cart_between_hosts_and_no_longer_than_a_month(app: Flask) -> None:
    now, buyer = clock.now(), Buyer(app)
    with time_machine.travel(now + APART, tick=False):
        buyer.add("twinspot", "Personal")
    with time_machine.travel(now, tick=False):
        cart = buyer.get("/cart").text
        assert 'name="nonce"' in cart
        buyer.add("twinspot", "Personal")
    cookie = buyer.client.get_cookie("storefront_session")
    assert cookie is not None
    with time_machine.travel(now + LONG, tick=False):
        old = Buyer(app)
        old.client.set_cookie("storefront_session", cookie.value)
        assert 'name="nonce"' not in old.get("/cart").text


def test_believes_no_cookie_that_was_changed(app: Flask) -> None:
    buyer = Buyer(app)
    buyer.add("twinspot", "Personal")
    cookie = buyer.client.get_cookie("storefront_session")
    assert cookie is not None
    buyer.client.set_cookie("storefront_session", cookie.value[:-2] + "AA")
    assert 'name="nonce"' not in buyer.get("/cart").text
