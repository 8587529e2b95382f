"""Clients, as limits count them: an IPv6 network is one, however its addresses are written."""

import pytest

from storefront.web.clients import client_of
from tests.support.make_shop import MakeShop

ONE_CLIENT = [
    ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
    ("2001:db8:1:2::1", "2001:0DB8:0001:0002:0:0:0:9"),
    ("2001:db8:1:2::1", "[2001:db8:1:2::7]:51123"),
    ("fe80::1%eth0", "fe80::2%eth1"),
    ("203.0.113.7", "::ffff:203.0.113.7"),
    ("203.0.113.7", "::ffff:cb00:7107"),
    ("203.0.113.7", "203.0.113.7:51123"),
    ("203.0.113.7", "[::ffff:203.0.113.7]:443"),
]
TWO_CLIENTS = [
    ("2001:db8:1:2::1", "2001:db8:1:3::1"),
    ("203.0.113.7", "203.0.113.8"),
    ("::ffff:203.0.113.7", "::ffff:203.0.113.8"),
    ("", "203.0.113.7"),
]


@pytest.mark.parametrize(("address", "other"), ONE_CLIENT)
def test_counts_two_addresses_of_a_client_as_one(address: str, other: str) -> None:
    assert client_of(address) == client_of(other)


@pytest.mark.parametrize(("address", "other"), TWO_CLIENTS)
def test_tells_two_clients_apart(address: str, other: str) -> None:
    assert client_of(address) != client_of(other)


@pytest.mark.parametrize("text", ["", "unix:", "/run/shop.sock", "::g", "[", "1:2:3"])
def test_leaves_what_is_no_address_as_it_is(text: str) -> None:
    assert client_of(text) == text


@pytest.mark.parametrize(("address", "other"), ONE_CLIENT[:1] + ONE_CLIENT[4:5])
def test_limits_a_client_and_not_an_address_on_every_page(make_shop: MakeShop, address: str, other: str) -> None:
    browser = make_shop().test_client()
    statuses = [
        browser.get("/wrong/limited", environ_overrides={"REMOTE_ADDR": sender}).status_code
        for sender in (address, other, "198.51.100.1")
    ]
    assert statuses == [200, 429, 200]
