"""Which language a page speaks: its address, else its browser, else the shop; and how its links keep it."""

import re

import pytest
from flask import Flask

from storefront.core.languages import Language, read_catalog, show_country, speaking
from storefront.core.runtime import absolute_url
from tests.support.shop import Buyer

HTML = re.compile(r'<html lang="(..)">')


def language_of(buyer: Buyer, address: str, accepts: str = "") -> str:
    answer = buyer.get(address, headers={"Accept-Language": accepts} if accepts else {})
    found = HTML.search(answer.text)
    assert found, answer.text
    return found[1]


@pytest.mark.parametrize(
    ("address", "accepts", "language"),
    [
        ("/", "", "en"),
        ("/", "de-AT,de;q=0.9,en;q=0.8", "de"),
        ("/", "it,fr;q=0.5", "fr"),
        ("/", "it", "en"),
        ("/", "*", "en"),
        ("/", "?;;q=x", "en"),
        ("/es/", "de", "es"),
        ("/es", "de", "es"),
        ("/en/cart", "de", "en"),
        ("/fr/nothing-here", "de", "fr"),
    ],
)
def test_speaks_by_address_then_browser_then_shop(buyer: Buyer, address: str, accepts: str, language: str) -> None:
    assert language_of(buyer, address, accepts) == language


def test_keeps_the_language_of_its_address_in_links_and_redirects(buyer: Buyer) -> None:
    page = buyer.get("/de/products/twinspot").text
    assert 'href="/de/cart"' in page
    assert 'action="/de/cart/add"' in page
    assert '<link rel="canonical" href="http://localhost/de/products/twinspot">' in page
    assert 'href="/static/shop.css' in page
    assert buyer.get("/de/account").headers["Location"] == "/de/sign-in"
    assert buyer.get("/account").headers["Location"] == "/sign-in"


def test_offers_each_language_by_its_own_name(buyer: Buyer) -> None:
    page = buyer.get("/fr/products/twinspot?edition=1").text
    assert '<a href="/de/products/twinspot?edition=1" hreflang="de" lang="de">Deutsch</a>' in page
    assert 'hreflang="fr" lang="fr" aria-current="true">Français</a>' in page


@pytest.mark.parametrize(
    "path", ["/admin", "/static/shop.css", "/v1/openapi.json", "/webhook", "/robots.txt", "/feed.xml"]
)
def test_gives_files_and_programs_no_language(buyer: Buyer, path: str) -> None:
    assert buyer.get(f"/de{path}").status_code == 404


def test_tells_search_engines_and_caches_of_languages(buyer: Buyer) -> None:
    plain = buyer.get("/products/twinspot")
    german = buyer.get("/de/products/twinspot")
    assert "Accept-Language" in plain.headers["Vary"]
    assert "Accept-Language" not in german.headers["Vary"]
    assert plain.headers["ETag"] != german.headers["ETag"]
    wanted = '<http://localhost/de/products/twinspot>; rel="alternate"; hreflang="de"'
    assert wanted in plain.headers.getlist("Link")
    assert plain.headers.getlist("Link") == german.headers.getlist("Link")
    assert not buyer.get("/cart").headers.getlist("Link")


def test_writes_links_of_an_email_in_its_language(app: Flask) -> None:
    with app.app_context():
        with speaking(Language.GERMAN):
            assert absolute_url("cart.cart") == "http://localhost/de/cart"
            with speaking(Language.ENGLISH):
                assert absolute_url("cart.cart") == "http://localhost/cart"
            assert absolute_url("webhook.deliver") == "http://localhost/webhook"
        assert absolute_url("cart.cart") == "http://localhost/cart"


def test_says_each_part_of_a_line_in_the_readers_language(buyer: Buyer) -> None:
    page = buyer.get("/de/products/twinspot").text
    assert "Für eine Person · Auf bis zu 3 Geräten · Läuft nie ab · Alle Updates" in page
    assert "Never expires" not in page


def test_writes_countries_in_the_readers_language(app: Flask) -> None:
    with app.app_context():
        assert show_country("AT") == "Austria"
        with speaking(Language.GERMAN):
            assert show_country("AT") == "Österreich"
            assert show_country("ZZZ") == "ZZZ"


def test_tells_networks_the_language_of_a_page_that_is_not_english(buyer: Buyer) -> None:
    assert '<meta property="og:locale" content="de_DE">' in buyer.get("/de/").text
    assert '<meta property="og:locale" content="fr_FR">' in buyer.get("/fr/products/twinspot").text
    assert "og:locale" not in buyer.get("/products/twinspot").text


def test_translates_a_text_that_is_counted_elsewhere() -> None:
    texts = read_catalog(Language.GERMAN)
    assert texts.ugettext("License key") == texts.ungettext("License key", "%(num)d license keys", 1)
    assert texts.ugettext("License key") != "License key"


@pytest.mark.parametrize("name", ["x.zip", "cover.jpg", "readme.txt", "presets.json", "icon.svg"])
def test_says_in_the_readers_language_why_there_is_no_file_of_any_name(buyer: Buyer, name: str) -> None:
    for address in (f"/downloads/{'0' * 32}/1/{name}", f"/downloads/file/x/{name}"):
        assert language_of(buyer, address, "de") == "de"
        assert language_of(buyer, f"/fr{address}", "de") == "fr"


def test_asks_to_sign_in_for_an_export_in_the_language_of_its_address(buyer: Buyer) -> None:
    assert buyer.get("/de/account/export.json").location == "/de/sign-in"


@pytest.mark.parametrize("language", [Language.FRENCH, Language.SPANISH])
def test_says_no_sentence_in_another_language_than_its_catalogs(language: Language) -> None:
    """A text that was copied from the German catalog passes every check of placeholders."""
    german, own = read_catalog(Language.GERMAN)._catalog, read_catalog(language)._catalog
    texts = ((source, text) for source, text in german.items() if source and " " in text)
    assert not [source for source, text in texts if own.get(source) == text != source]
