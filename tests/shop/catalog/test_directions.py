"""Texts that run from right to left, and what a product's page says once and in plain words."""

import re

import pytest
from flask import Flask

from storefront.shop.catalog.latest_release import LatestRelease
from storefront.shop.catalog.markdown import html_of
from tests.support.goods import change_product, make_product
from tests.support.rows import change_rows
from tests.support.shop import Buyer

ARABIC = "دليل المصمم الهادئ."


def test_lets_the_owners_texts_begin_at_their_own_side(app: Flask, buyer: Buyer) -> None:
    change_product(
        app, "twinspot", name=ARABIC, summary=ARABIC, description_markdown=ARABIC, questions=[[ARABIC, ARABIC]]
    )
    page = buyer.get("/products/twinspot").text
    assert f'<h1 dir="auto">{ARABIC}</h1>' in page
    assert f'<p class="lead" dir="auto">{ARABIC}</p>' in page
    assert f'<summary dir="auto">{ARABIC}</summary><p dir="auto">{ARABIC}</p>' in page
    front = buyer.get("/").text
    assert re.search(rf'<h3 dir="auto"><a [^>]+>{ARABIC}</a></h3>', front)
    assert f'<p class="card-summary" dir="auto">{ARABIC}</p>' in front
    buyer.post("/cart/add", price_id=re.findall(r'name="price_id" value="(\d+)"', page)[0])
    assert '<h2 class="line-name" dir="auto">' in buyer.get("/cart").text


def test_gives_only_outermost_blocks_a_direction_and_only_where_one_is_needed() -> None:
    assert html_of("- one\n\n> two") == "<ul>\n<li>one</li>\n</ul>\n<blockquote>\n<p>two</p>\n</blockquote>\n"
    html = html_of(f"Latin.\n\n{ARABIC}\n\n3. {ARABIC}\n\n> {ARABIC}\n\n## שלום")
    assert f'<p dir="auto">Latin.</p>\n<p dir="auto">{ARABIC}</p>' in html
    assert f'<ol start="3" dir="auto">\n<li>{ARABIC}</li>' in html
    assert f'<blockquote dir="auto">\n<p>{ARABIC}</p>' in html
    assert '<h2 dir="auto">שלום</h2>' in html


@pytest.mark.parametrize(
    ("version", "words"), [("2.1", "Version 2.1"), ("v2", "v2"), ("2nd edition", "2nd edition"), ("", "")]
)
def test_says_version_before_a_number(version: str, words: str) -> None:
    assert LatestRelease(version=version, published_at=None, notes=html_of(""), files=()).version_words == words


def test_says_once_what_all_editions_allow(app: Flask, buyer: Buyer) -> None:
    change_rows(app, "UPDATE editions SET seats = NULL, activation_limit = NULL, update_days = NULL")
    page = buyer.get("/products/twinspot").text
    terms = page[page.index('<dl class="terms">') :].split("</dl>")[0]
    assert "<dt>All editions</dt>" in terms
    assert terms.count("<dd>") == 1
    change_rows(app, "UPDATE editions SET seats = 4 WHERE key = 'team'")
    page = buyer.get("/products/twinspot").text
    terms = page[page.index('<dl class="terms">') :].split("</dl>")[0]
    assert "All editions" not in terms
    assert terms.count("<dd>") == 2


def test_writes_the_price_on_the_button_alike_for_one_edition_and_several(app: Flask, buyer: Buyer) -> None:
    make_product(app, "single", (1400, "usd"))
    assert '<span>Buy now, <span class="money">$14.00</span></span>' in buyer.get("/products/single").text
    assert 'Buy Personal, <span class="money">$19.00</span>' in buyer.get("/products/twinspot").text
