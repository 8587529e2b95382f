"""The catalog is searched, narrowed by tags, sorted and paged, by address alone."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from urllib.parse import quote

import pytest
from flask import Flask

from storefront.core.languages import Language, speaking
from storefront.shop.catalog.browse import PAGE_SIZE, Asked, Sort, browse, read_asked
from storefront.shop.catalog.products import OfferedEdition, ProductCard, list_products
from storefront.shop.editor.products import change_texts
from storefront.shop.profile.change import change_profile
from storefront.shop.translations.change import change_product_texts
from tests.support.databases import BOTH
from tests.support.many_products import add_products
from tests.support.shop import Buyer

LISTED_AT = datetime(2026, 11, 2, tzinfo=UTC)


def card(number: int, name: str, *tags: str, amount: int | None = 100, currency: str = "usd") -> ProductCard:
    edition = OfferedEdition(
        price_id=number,
        name="",
        line="",
        amount_minor=amount or 0,
        least_minor=None,
        most_minor=None,
        currency=currency,
    )
    return ProductCard(
        product_id=number,
        slug=f"p{number}",
        new_at=LISTED_AT,
        name=name,
        summary="A thing to have",
        grants_license=False,
        grants_download=True,
        editions=() if amount is None else (edition,),
        currencies=() if amount is None else (currency,),
        tags=tags,
        tax_behavior="",
    )


GOODS = (
    card(1, "Café Sounds", "Audio", amount=900),
    card(2, "Gridling", "Fonts", amount=None),
    card(3, "Ångström", "Fonts", "science", amount=0),
    card(4, "An old book", "Books", amount=500),
    card(5, "Müller's Book", "books", amount=500),
)


def found(**asked: str) -> list[int]:
    return [each.product_id for each in browse(GOODS, read_asked(asked)).found]


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("cafe", [1]),
        ("CAFÉ  sounds", [1]),
        ("angstrom", [3]),
        ("book old", [4]),
        ("book", [4, 5]),
        ("\uff22\uff2f\uff2f\uff2b", [4, 5]),  # full-width letters
        ("fonts", [2, 3]),
        ("thing", [1, 2, 3, 4, 5]),
        ("book\0old", [4]),
        ("%", []),
        ("nothing like it", []),
    ],
)
def test_finds_every_word_wherever_it_stands(words: str, numbers: list[int]) -> None:
    assert found(q=words) == numbers


@pytest.mark.parametrize("words", ["lodz", "ŁÓDŹ", "tromso", "thorn aer", "þorn"])
def test_finds_letters_that_a_keyboard_lacks_as_they_are_spelled(words: str) -> None:
    goods = [card(1, "Łódź", "Tromsø", "Þorn Ær"), card(2, "Gridling")]
    assert [each.product_id for each in browse(goods, read_asked({"q": words})).found] == [1]


@pytest.mark.parametrize("words", ["apptm", "APP\u2122", "no 5", "\u2116 5", "bold", "STRASSE", "stra\u00dfe"])
def test_finds_signs_as_the_letters_that_they_stand_for(words: str) -> None:
    goods = [card(1, "App\u2122", "\u2116 5", "\U0001d401old", "Stra\u1e9ee"), card(2, "Gridling")]
    assert [each.product_id for each in browse(goods, read_asked({"q": words})).found] == [1]


def test_narrows_by_a_tag_however_it_is_written() -> None:
    assert found(tag="BOOKS") == [4, 5]
    assert found(tag="books", q="muller") == [5]
    assert found(tag="book") == []


@pytest.mark.parametrize(
    ("sort", "numbers"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("newest", [5, 4, 3, 2, 1]),
        ("name", [4, 3, 1, 2, 5]),
        ("price", [3, 4, 5, 1, 2]),
        ("price-desc", [1, 4, 5, 3, 2]),
        ("drop table", [1, 2, 3, 4, 5]),
    ],
)
def test_sorts_and_keeps_the_owners_order_among_equals(sort: str, numbers: list[int]) -> None:
    assert found(sort=sort) == numbers


def test_takes_for_newest_what_was_listed_last() -> None:
    late = replace(GOODS[1], new_at=LISTED_AT + timedelta(seconds=1))
    shelf = browse((GOODS[0], late, *GOODS[2:]), Asked(sort=Sort.NEWEST))
    assert [each.product_id for each in shelf.found] == [2, 5, 4, 3, 1]


def test_compares_no_amounts_of_two_currencies() -> None:
    yen = card(2, "b", amount=9000, currency="jpy")
    shelf = browse((card(1, "a", amount=300), yen, card(3, "c", amount=100)), Asked(sort=Sort.CHEAPEST))
    assert [each.product_id for each in shelf.found] == [2, 3, 1]


def test_lists_the_tags_that_several_share_those_of_most_first() -> None:
    assert browse(GOODS, Asked(words="cafe")).tags == ("Books", "Fonts")
    assert browse((*GOODS, card(6, "x", "FONTS", "fonts")), Asked()).tags == ("Fonts", "Books")


@pytest.mark.parametrize(
    ("page", "shown", "first"),
    [
        ("", 1, 1),
        ("1", 1, 1),
        ("2", 2, 49),
        ("3", 3, 97),
        ("4", 3, 97),
        ("0", 1, 1),
        ("-1", 1, 1),
        ("9" * 30, 1, 1),
        ("²", 1, 1),
    ],
)
def test_pages_from_forty_eight_on(page: str, shown: int, first: int) -> None:
    shelf = browse([card(number, "x") for number in range(1, 101)], read_asked({"page": page}))
    assert (shelf.page, shelf.pages, shelf.cards[0].product_id) == (shown, 3, first)
    assert len(shelf.cards) == (4 if shown == 3 else PAGE_SIZE)


def test_asks_for_no_search_where_everything_is_seen_at_a_glance() -> None:
    assert [browse(GOODS[:1] * count, Asked()).has_tools for count in (1, 5, 6)] == [False, False, True]


def names(page: str) -> list[str]:
    return re.findall(r"<h3[^>]*><a [^>]*>([^<]*)</a>", page)


def test_leads_from_page_to_page_and_keeps_what_was_asked(app: Flask, buyer: Buyer) -> None:
    add_products(app, 60)
    first = buyer.get("/?q=more&sort=price-desc").text
    assert names(first)[:2] == ["More 059", "More 058"]
    assert len(names(first)) == PAGE_SIZE
    assert "60 products for <strong>“more”</strong>" in first
    following = re.search(r'href="([^"]*)">Next<', first)
    assert following
    second = buyer.get(following[1].replace("&amp;", "&")).text
    assert names(second) == [f"More {number:03}" for number in range(11, -1, -1)]
    assert "Page 2 of 2" in second
    assert ">Next<" not in second


def test_offers_tags_and_shows_markup_in_one_as_it_is_written(app: Flask, buyer: Buyer) -> None:
    add_products(app, 6)
    page = buyer.get("/").text
    assert '<a class="tag" href="/?tag=Many"' in page
    tag = quote("<b>&amp;")
    assert "&lt;b&gt;&amp;amp;</a>" in page
    assert names(buyer.get(f"/?tag={tag}").text) == ["More 001", "More 003", "More 005"]
    assert 'href="/?tag=Many">Many</a>' in buyer.get("/products/more-001").text


def test_says_so_when_nothing_is_found_and_leads_back(app: Flask, buyer: Buyer) -> None:
    add_products(app, 6)
    page = buyer.get("/?q=<script>alert(1)</script>").text
    assert "No products for <strong>“&lt;script&gt;alert(1)&lt;/script&gt;”</strong>" in page
    assert '<a href="/">Show all</a>' in page
    assert names(page) == []
    assert 'content="noindex, follow"' in page


def test_keeps_no_found_page_as_the_front_page(app: Flask) -> None:
    add_products(app, 6)
    assert names(Buyer(app).get("/?q=more-nothing").text) == []
    assert "More 001" in names(Buyer(app).get("/").text)
    assert names(Buyer(app).get("/?q=more 001").text) == ["More 001"]


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_finds_a_product_by_its_words_in_each_language_that_is_offered(app: Flask) -> None:
    german = {"name": "Zwillingsblick", "summary": "Findet Doppeltes.", "tags": ["Werkzeug"]}
    with app.app_context():
        change_texts("twinspot", {"tags": ["Tool"], "summary": "Finds what you have twice."})
        change_product_texts("twinspot", Language.GERMAN, german)
        change_product_texts("twinspot", Language.FRENCH, {"tags": ["Outil"]})
        change_profile({"languages": "en, de, es"})
    for asked in ("tag=Tool", "tag=werkzeug", "q=Twinspot", "q=finds+twice", "q=zwillings", "q=doppeltes+tool"):
        for language in ("en", "de", "es"):
            page = Buyer(app).get(f"/{language}/?{asked}").text
            assert f'href="/{language}/products/twinspot"' in page, (language, asked)
            assert page.count('<li class="card">') == 1, (language, asked)
    for asked in ("tag=Outil", "q=outil", "tag=Tool+Werkzeug"):
        assert 'class="card"' not in Buyer(app).get(f"/de/?{asked}").text, asked


def test_makes_cards_and_what_is_compared_once_for_each_way_to_ask(app: Flask) -> None:
    add_products(app, 3)
    ways = list(product(Language, ("usd", "eur"), (False, True)))
    with app.app_context():
        for slug, language in product(("twinspot", "more-001"), (Language.GERMAN, Language.FRENCH)):
            change_product_texts(slug, language, {"name": f"Überall {language}"})

    def ask() -> list[str]:
        words = []
        for language, currency, is_searched in ways:
            with app.app_context(), speaking(language):
                words += [each.plain_words for each in list_products(currency, is_searched=is_searched)]
        return words

    first, again = ask(), ask()
    assert any("uberall" in words for words in first)
    assert all(before is now for before, now in zip(first, again, strict=True))
