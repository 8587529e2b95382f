"""The addresses that the shop makes of names, which stay for good."""

import pytest
from flask import Flask

from storefront.shop.editor.editions import add_edition
from storefront.shop.editor.products import change_texts, create_product
from storefront.shop.editor.stale import digest_of
from storefront.shop.pages.edit import create_page
from tests.support.rows import change_rows, read_rows

SLUGS = {
    "Größe Überraschung": "grosse-uberraschung",
    "STRASSENKARTE ẞ": "strassenkarte-ss",
    "Smørrebrød": "smorrebrod",
    "ÆRØ Ǿ": "aero-o",
    "Łódź": "lodz",
    "Đakovo, œuvre": "dakovo-oeuvre",
    "Þingvellir Eiður": "thingvellir-eidur",
    "Iş\N{LATIN SMALL LETTER DOTLESS I}k": "isik",
    "Café ﬁrst": "cafe-first",
    "Journal №5": "journal-no5",
    "₨ tool": "rs-tool",
    "5 ㎒ App™": "5-mhz-apptm",
    "\N{MATHEMATICAL BOLD CAPITAL B}\N{MATHEMATICAL BOLD SMALL O}": "bo",
    "💫": "product",
}


@pytest.mark.parametrize("name", SLUGS)
def test_spells_letters_that_no_address_has(app: Flask, name: str) -> None:
    with app.app_context():
        assert create_product(name) == SLUGS[name]


def test_spells_them_for_editions_and_pages_too(app: Flask) -> None:
    with app.app_context():
        assert add_edition("twinspot", "Große Gruppe") == "grosse-gruppe"
        assert create_page("Über Łódź") == "uber-lodz"


def test_leaves_the_address_that_a_product_has(app: Flask) -> None:
    with app.app_context():
        create_product("Größe")
        change_rows(app, "UPDATE products SET slug = 'groe', first_slug = 'groe' WHERE slug = 'grosse'")
        change_texts("groe", {"name": "Größe 2"}, shown={"name": digest_of("Größe")})
        assert read_rows(app, "SELECT slug, first_slug FROM products WHERE name = 'Größe 2'") == [
            {"slug": "groe", "first_slug": "groe"}
        ]
        assert create_product("Größe") == "grosse"
