"""Texts that run from right to left, and what a product's page says once and in plain words."""

import re

import pytest
from flask import Flask

from storefront.shop.catalog.latest_release import LatestRelease, kind_of_file
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
    ("filename", "kind"),
    [
        ("twinspot-2.1.zip", "ZIP"),
        ("a.tar.gz", "TAR.GZ"),
        ("a.flatpak", "FLATPAK"),
        ("Makefile", ""),
        ("tool-2.1", ""),
        ("tool-v2.1b", ""),
        ("tool-2.0rc1", ""),
        ("tool-2.0.beta2", ""),
        ("name.v2", ""),
        ("name.V12", ""),
        ("a.7z", "7Z"),
        ("a.tar.7z", "TAR.7Z"),
        ("a.mp3", "MP3"),
        ("a.3mf", "3MF"),
        ("a.3ds", "3DS"),
        ("a.woff2", "WOFF2"),
        ("a.présent", ""),
        ("notes.for everybody", ""),
    ],
)
def test_knows_the_kind_of_a_file(filename: str, kind: str) -> None:
    assert kind_of_file(filename) == kind


@pytest.mark.parametrize(
    ("version", "words"), [("2.1", "Version 2.1"), ("v2", "v2"), ("2nd edition", "2nd edition"), ("", "")]
)
def test_says_version_before_a_number(version: str, words: str) -> None:
    assert LatestRelease(version=version, published_at=None, notes=html_of(""), files=()).version_words == words


def test_names_files_of_one_kind_and_says_the_kind_of_others(app: Flask, buyer: Buyer) -> None:
    assert "<span>ZIP, 2.2 KB</span>" in buyer.get("/products/twinspot").text
    change_rows(
        app,
        "INSERT INTO release_files (release_id, filename, path, size_bytes, sha256, content_type)"
        " SELECT release_id, 'other.zip', 'other', 9, sha256, content_type FROM release_files"
        " WHERE filename = 'twinspot-2.1.zip'",
    )
    page = buyer.get("/products/twinspot").text
    assert "<span>twinspot-2.1.zip, 2.2 KB</span>" in page
    assert "<span>other.zip, 9 bytes</span>" in page


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
