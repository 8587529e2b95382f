"""A bundle in the catalog, on its page and in the cart: marked, and what is in it."""

import re

from flask import Flask

from tests.support.bundles import KIT, add_bundle, include
from tests.support.goods import change_product
from tests.support.shop import Buyer
from tests.support.statements import counted

PAGE = f"/products/{KIT[0]}"


def words_of(page: str) -> str:
    main = page[page.index("<main") : page.index("</main>")]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def test_marks_it_in_the_catalog_in_the_same_statements(app: Flask, buyer: Buyer) -> None:
    assert " Bundle</span>" not in buyer.get("/").text
    add_bundle(app)
    with counted(app) as statements:
        page = buyer.get("/").text
    assert len(re.findall(" Bundle</span>", page)) == 1
    assert len(statements) == 4


def test_says_what_is_included_and_what_that_costs_one_by_one(app: Flask, buyer: Buyer) -> None:
    add_bundle(app)
    page = buyer.get(PAGE)
    said = words_of(page.text)
    assert "Bundle of 2 products" in said
    assert 'href="/products/twinspot" dir="auto">Twinspot (Personal)</a>' in page.text
    assert "For one person · On up to 3 devices · Never expires · All updates" in said
    assert "Bought one by one: $33.00" in said
    assert "License key delivered instantly" in said
    assert page.headers["Cache-Control"].startswith("public")


def test_names_no_saving_that_is_none_and_leads_to_no_page_that_is_not_there(app: Flask, buyer: Buyer) -> None:
    add_bundle(app, amount="33.00")
    assert "one by one" not in buyer.get(PAGE).text
    change_product(app, "twinspot", state="retired")
    page = buyer.get(PAGE).text
    assert '<strong dir="auto">Twinspot (Personal)</strong>' in page
    assert 'href="/products/twinspot"' not in page


def test_costs_one_statement_more_than_another_page_and_another_cart(app: Flask, buyer: Buyer) -> None:
    add_bundle(app)
    buyer.get("/")
    with counted(app) as of_page:
        buyer.get(PAGE)
    assert len(of_page) == 7  # of another product 6
    buyer.add(*KIT)
    with counted(app) as of_cart:
        page = buyer.get("/cart").text
    assert len(of_cart) == 4
    assert "Includes Twinspot (Personal), The Patient Toolmaker (E-book)" in page


def test_is_no_bundle_once_it_includes_nothing(app: Flask, buyer: Buyer) -> None:
    add_bundle(app)
    change_product(app, KIT[0], grants_license=True)
    include(app)
    assert "included" not in words_of(buyer.get(PAGE).text)
    assert " Bundle</span>" not in buyer.get("/").text
