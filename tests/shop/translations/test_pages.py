"""What the owner wrote in another language is what its pages say; where it is missing, the shop's own language."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.core.languages import Language
from storefront.shop.catalog.queries import get_product
from storefront.shop.editor.products import change_texts
from storefront.shop.editor.refusals import StaleSave
from storefront.shop.editor.stale import digest_of
from storefront.shop.pages.edit import create_page, publish_page
from storefront.shop.translations.change import (
    TranslationRefused,
    change_page_texts,
    change_product_texts,
    change_shop_texts,
    list_product_texts,
)
from tests.shop.media.drawn import SLUG, add, draw, saved
from tests.support.databases import BOTH
from tests.support.rows import read_rows
from tests.support.shop import Buyer

both = pytest.mark.parametrize("engine", BOTH, indirect=True)
GERMAN = {
    "name": "Zwillingsblick",
    "summary": "Findet gleiche Dateien.",
    "description_markdown": "Was es **tut**.",
    "questions": [["Löscht es etwas?", "Nie."]],
    "tags": ["Werkzeug"],
    "editions/personal/name": "Persönlich",
    "editions/personal/line": "Sie allein",
}


def translate(app: Flask, texts: Mapping[str, Any], language: Language = Language.GERMAN) -> list[str]:
    with app.app_context():
        return change_product_texts(SLUG, language, texts)


@both
def test_shows_a_product_in_the_language_of_the_page(app: Flask, buyer: Buyer) -> None:
    picture = saved(draw())
    add(app, picture, alt="Two folders.")
    translate(app, {**GERMAN, f"pictures/{sha256(picture).hexdigest()}/alt": "Zwei Ordner."})
    for address in ("/de/", "/de/?q=zwilling"):
        assert "Zwillingsblick" in buyer.get(address).text
        assert "Findet gleiche Dateien." in buyer.get(address).text
    page = buyer.get("/de/products/twinspot").text
    for words in (
        "Zwillingsblick",
        "Was es <strong>tut</strong>.",
        "Löscht es etwas?",
        "Persönlich",
        "Sie allein",
    ):
        assert words in page
    assert 'alt="Zwei Ordner."' in page
    assert '"name":"Zwillingsblick"' in page
    assert '<meta property="og:title" content="Zwillingsblick">' in page
    for own in ("/", "/fr/"):
        assert "Twinspot" in buyer.get(own).text
        assert "Zwillingsblick" not in buyer.get(own).text
    buyer.add(SLUG, "Personal")
    assert "Zwillingsblick" in buyer.get("/de/cart").text
    assert "Twinspot" in buyer.get("/cart").text
    assert "Twinspot" in buyer.get("/feed.xml").text
    assert "Zwillingsblick" in buyer.get("/de/buy/twinspot?edition=Personal").text
    assert "Zwillingsblick" in buyer.get("/de/products/twinspot/changelog").text


def test_says_in_which_language_a_text_stands_that_is_missing(app: Flask, buyer: Buyer) -> None:
    translate(app, {"name": "Zwillingsblick"})
    page = buyer.get("/de/products/twinspot").text
    assert '<h1 dir="auto">Zwillingsblick</h1>' in page
    assert '<p class="lead" dir="auto" lang="en">' in page
    assert '<div lang="en"><' in page
    assert 'lang="en"' not in buyer.get("/en/products/twinspot").text.split("<main")[1].split("</main>")[0]
    assert '<h3 dir="auto" lang="en">' in buyer.get("/fr/").text


@both
def test_shows_the_shop_and_its_pages_in_the_language_of_the_page(app: Flask, buyer: Buyer) -> None:
    with app.app_context():
        change_shop_texts(Language.GERMAN, {"tagline": "Kleine Programme.", "announcement": "Neu im Laden."})
        slug = create_page("Who we are", body_markdown="Two people.")
        publish_page(slug)
        change_page_texts(slug, Language.GERMAN, {"title": "Wer wir sind", "body_markdown": "Zwei Menschen."})
        db.session.remove()
    front = buyer.get("/de/").text
    assert "Kleine Programme.</h1>" in front
    assert "Neu im Laden." in front
    assert ">Wer wir sind</a>" in front
    assert "Zwei Menschen." in buyer.get(f"/de/pages/{slug}").text
    assert ">Who we are</a>" in buyer.get("/").text
    assert 'lang="en">Two people.' not in buyer.get(f"/pages/{slug}").text


def test_says_what_is_missing_or_older_than_its_original(app: Flask) -> None:
    translate(app, {"name": "Zwillingsblick", "summary": "Findet gleiche Dateien."})
    with app.app_context():
        change_texts(SLUG, {"summary": "Finds what you have twice."})
        texts = list_product_texts(db.session(), get_product(db.session(), SLUG))
        assert not texts["name"].is_old(Language.GERMAN)
        assert texts["summary"].is_old(Language.GERMAN)
        assert texts["description_markdown"].is_missing(Language.GERMAN)
        assert texts["name"].is_missing(Language.FRENCH)
        db.session.remove()
        assert change_product_texts(SLUG, Language.GERMAN, {}, still_right=["summary", "name"]) == ["summary"]
        texts = list_product_texts(db.session(), get_product(db.session(), SLUG))
        assert not texts["summary"].is_old(Language.GERMAN)
        db.session.remove()


def test_takes_a_translation_away_and_writes_it_once(app: Flask) -> None:
    assert translate(app, {"name": " Zwillingsblick "}) == ["name"]
    assert translate(app, {"name": "Zwillingsblick"}) == []
    assert translate(app, {"name": ""}) == ["name"]
    assert read_rows(app, "SELECT translations FROM products WHERE slug = 'twinspot'")[0]["translations"] is None
    entries = read_rows(app, "SELECT after FROM audit_entries WHERE verb = 'product.translated' ORDER BY id")
    assert [list(_fields(row["after"])) for row in entries] == [["de/name"], ["de/name"]]


def _fields(value: Any) -> dict[str, Any]:
    return dict(json.loads(value) if isinstance(value, str) else value)


def test_refuses_what_cannot_be_and_what_somebody_changed_meanwhile(app: Flask) -> None:
    with pytest.raises(TranslationRefused) as refused:
        translate(app, {"name": "x" * 121, "editions/none/name": "Keine", "summary": "Gut."})
    assert set(refused.value.problems) == {"name", "editions/none/name"}
    translate(app, {"name": "Zwillingsblick"})
    with app.app_context():
        with pytest.raises(StaleSave):
            change_product_texts(SLUG, Language.GERMAN, {"name": "Doppelt"}, shown={"name": digest_of("")})
        db.session.remove()
    assert translate(app, {}) == []
