"""A search is named in the title of its page: tabs and the browser's history tell it from the list."""

from urllib.parse import quote

import pytest
from flask import Flask

from tests.support.people import make_person, sign_in_at_admin
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer
from tests.support.sign_in import signed_in


@pytest.mark.parametrize("address", ["/admin/orders", "/admin/audit"])
def test_names_what_the_owner_looks_for(app: Flask, address: str) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    assert "<title>“" not in owner.get(address).text
    page = owner.get(f"{address}?q={quote('ada & <b>')}")
    assert "<title>“ada &amp; &lt;b&gt;” · " in page.text
    assert f"<title>“{'x' * 57}...” · " in owner.get(f"{address}?q={'x' * 90}").text


@pytest.mark.parametrize("at", ["", "/de"])
def test_names_what_a_buyer_looks_for(buyer: Buyer, at: str) -> None:
    assert "<title>“" not in buyer.get(f"{at}/").text
    title = buyer.get(f"{at}/?q=twin+%26").text.split("<title>")[1].split("</title>")[0]
    assert title.startswith("“twin &amp;” · ")
    assert title.count(" · ") == 1, "the words and the shop's name, without its tagline"


@pytest.mark.parametrize("path", ["/library", "/library/orders"])
def test_names_what_a_buyer_looks_for_in_the_library(app: Flask, sandbox: SandboxClient, path: str) -> None:
    sell(app, sandbox)
    buyer = signed_in(app)
    assert "<title>“" not in buyer.get(path).text
    assert "<title>“twin” · " in buyer.get(f"{path}?q=twin").text
