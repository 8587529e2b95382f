"""`/admin/products/<slug>/links` and `products link`: lines to copy, and what is missing."""

import re
from html import unescape

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.shop.catalog.models import ProductState
from tests.cli.commands import done, read_json, refused
from tests.owner.admin.editor_forms import said
from tests.payments.buy.frames import SITE, allow
from tests.support.discounts import discount
from tests.support.goods import change_price, change_product, set_price
from tests.support.people import make_person, sign_in_at_admin
from tests.support.shop import Buyer, find_price

PAGE = "/admin/products/twinspot/links"


@pytest.fixture
def owner(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app))


def copied(page: str) -> list[str]:
    return [unescape(text) for text in re.findall(r"data-copy-text[^>]*>([^<]*)<", page)]


def test_has_a_link_and_a_button_for_each_edition_and_currency(app: Flask, owner: Buyer) -> None:
    set_price(app, "twinspot", "team", "eur", 7000)
    page = owner.get(f"{PAGE}?quantity=2&code=nobody").text
    shop = owner.base_url
    team = f"{shop}/buy/twinspot?edition=team&currency=usd&quantity=2&code=NOBODY"
    euros = f"{shop}/buy/twinspot?edition=team&currency=eur&quantity=2&code=NOBODY"
    lines = copied(page)
    assert lines[0] == f'<script src="{shop}/buy.js" async></script>'
    assert {team, euros} < set(lines)
    assert f'<a href="{team.replace("&", "&amp;")}" data-storefront>Buy Twinspot</a>' in lines
    assert "We don't know the code NOBODY." in unescape(page)
    assert "No site may show your checkout yet" in page
    for line in (team, euros):
        assert owner.get(line).status_code == 200


def test_says_no_more_than_the_link_needs(app: Flask, owner: Buyer) -> None:
    discount(app)
    allow(app)
    change_price(app, find_price(app, "twinspot", "Team"), is_active=False)
    page = owner.get(f"{PAGE}?code=spring").text
    assert f"{owner.base_url}/buy/twinspot?currency=usd&code=SPRING" in copied(page)
    assert f"<li>{SITE}</li>" in page
    assert "Your shop has no https" in page


@pytest.mark.parametrize("quantity", ["0", "100", "two"])
def test_refuses_a_quantity_that_nobody_buys(owner: Buyer, quantity: str) -> None:
    page = owner.get(f"{PAGE}?quantity={quantity}")
    assert (page.status_code, "Write a quantity from 1 to 99." in page.text) == (400, True)


def test_says_what_is_missing(app: Flask, owner: Buyer) -> None:
    change_product(app, "twinspot", checkout_ui="hosted")
    assert "It is sold on Stripe&#39;s own page" in owner.get(PAGE).text
    change_product(app, "twinspot", state=ProductState.DRAFT)
    page = owner.get(PAGE).text
    assert "It isn&#39;t for sale" in page
    assert copied(page) == []
    assert owner.get("/admin/products/nothing/links").status_code == 404


def test_keeps_the_sites_as_browsers_write_them(app: Flask, owner: Buyer) -> None:
    saved = owner.post("/admin/shop/other-sites", frame_origins="HTTPS://Blog.example/\nhttp://localhost:8000")
    assert "Saved." in said(owner, saved)
    assert "https://blog.example\nhttp://localhost:8000" in owner.get("/admin/shop").text
    refused = owner.post("/admin/shop/other-sites", frame_origins="https://*.example")
    assert refused.status_code == 400
    assert "name each site by itself" in refused.text
    assert "https://*.example" in refused.text


def test_prints_the_same_by_command(app: Flask, command: CliRunner) -> None:
    printed = done(command, "products", "link", "twinspot", "--quantity", "2")
    query = "edition=team&amp;currency=usd&amp;quantity=2"
    assert f'/buy/twinspot?{query}" data-storefront>Buy Twinspot</a>' in printed
    assert "Sites that may show the checkout: none" in printed
    done(command, "shop", "edit", "--frame-origins", "https://blog.example")
    read = read_json(command, "products", "link", "twinspot")
    assert (read["sites"], [link["edition"] for link in read["links"]]) == ([SITE], ["Personal", "Team"])
    assert "There is no product" in refused(command, "products", "link", "nothing")
    assert "use https" in refused(command, "shop", "edit", "--frame-origins", "http://blog.example")
