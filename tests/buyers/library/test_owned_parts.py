"""Who is signed in reads that a bundle includes again what they own; nobody else's page says anything of it."""

import pytest
from flask import Flask

from storefront.buyers.library.owned import owned_words
from tests.support.bundles import KIT, add_bundle
from tests.support.databases import BOTH
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer
from tests.support.sign_in import signed_in
from tests.support.statements import counted

PAGE = f"/products/{KIT[0]}"
SAID = "You already own Twinspot. The bundle includes it again."
COOKIE_STATEMENTS = 8  # of a bundle's page: one more than for somebody who is not signed in


@pytest.mark.postgresql
@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_says_so_on_page_and_cart_before_paying(app: Flask, sandbox: SandboxClient) -> None:
    add_bundle(app)
    sell(app, sandbox)
    owner = signed_in(app)
    with counted(app) as of_page:
        page = owner.get(PAGE)
    assert SAID in page.text
    assert len(of_page) == COOKIE_STATEMENTS
    assert page.headers["Cache-Control"] == "no-store"
    owner.add(*KIT)
    with counted(app) as of_cart:
        assert SAID in owner.get("/cart").text
    assert len(of_cart) == 5
    assert "already own" not in owner.get("/products/twinspot").text


def test_says_nothing_to_who_is_not_signed_in(app: Flask, sandbox: SandboxClient) -> None:
    add_bundle(app)
    sale = sell(app, sandbox)
    for buyer in (Buyer(app), sale.buyer):  # a browser that paid has that one order open, and is nobody's
        assert "already own" not in buyer.get(PAGE).text


def test_says_nothing_of_an_order_that_is_closed(app: Flask, sandbox: SandboxClient) -> None:
    add_bundle(app)
    sale = sell(app, sandbox)
    owner = signed_in(app)
    assert SAID in owner.get(PAGE).text
    sale.refund()
    sale.deliver("charge.", "refund.")
    assert "already own" not in owner.get(PAGE).text


def test_knows_what_came_in_another_bundle(app: Flask, sandbox: SandboxClient) -> None:
    add_bundle(app, slug="other-kit", name="Other kit")
    add_bundle(app)
    sell(app, sandbox, ("other-kit", "Kit"))
    said = "You already own Twinspot and The Patient Toolmaker. The bundle includes them again."
    assert said in signed_in(app).get(PAGE).text


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], ""),
        (["A"], "You already own A. The bundle includes it again."),
        (["A", "B", "C"], "You already own A, B and C. The bundle includes them again."),
    ],
)
def test_lists_them_in_words(names: list[str], words: str) -> None:
    assert owned_words(names) == words
