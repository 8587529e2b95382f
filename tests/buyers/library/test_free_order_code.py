"""ORDER_PAGE_CODE and what costs nothing: its order hangs beside the customer's until its button is pressed."""

from dataclasses import replace

import pytest

from storefront.buyers.account.erase import erase_customer
from storefront.core.config.settings import Settings
from storefront.core.db import db
from tests.support.rows import read_rows
from tests.support.sale import TOOL, Sale, sell, take_free
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, Shop
from tests.support.sign_in import mailed_proof


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, order_page_code=True)


def open_by_code(shop: Shop, sale: Sale) -> Buyer:
    reader = Buyer(shop.app)
    reader.post(f"{sale.link}/code")
    code, _link = mailed_proof(shop, ADA)
    assert reader.post(f"{sale.link}/code/check", code=code).location == sale.link
    return reader


def test_opens_by_the_code_of_its_customer_however_the_address_was_typed(
    shop: Shop, sandbox: SandboxClient
) -> None:
    """A phone begins every field with a capital letter; the code goes to the spelling on file."""
    sell(shop.app, sandbox, TOOL, email=ADA)
    sale = take_free(shop.app, sandbox, email="Ada@Example.com")
    assert "gridling-1.0.ttf" in open_by_code(shop, sale).get(sale.link).text


def test_stays_open_for_a_browser_that_typed_the_code_and_takes_it_into_its_library(
    shop: Shop, sandbox: SandboxClient
) -> None:
    sell(shop.app, sandbox, TOOL, email=ADA)
    sale = take_free(shop.app, sandbox)
    reader = open_by_code(shop, sale)
    assert reader.post(f"{sale.link}/claim").location == sale.link
    page = reader.get(sale.link)
    assert (page.status_code, "gridling-1.0.ttf" in page.text) == (200, True)


def test_leaves_nothing_of_its_browsers_when_the_customer_is_erased(shop: Shop, sandbox: SandboxClient) -> None:
    sell(shop.app, sandbox, TOOL, email=ADA)
    sale = take_free(shop.app, sandbox)
    open_by_code(shop, sale)
    (first, *_beside) = read_rows(shop.app, "SELECT id FROM customers ORDER BY id")
    with shop.app.app_context():
        erase_customer(first["id"])
        db.session.remove()
    assert read_rows(shop.app, "SELECT browser FROM sign_ins") == []
