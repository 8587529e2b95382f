"""Texts beside their originals at /admin: what is missing or old, a save that came too late, another language."""

import re

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from storefront.core.languages import Language
from storefront.shop.editor.products import change_texts
from storefront.shop.pages.edit import change_page, create_page, publish_page
from storefront.shop.profile.change import change_profile
from storefront.shop.translations.change import change_page_texts, change_product_texts, change_shop_texts
from tests.owner.admin.editor_forms import said, shown, shown_in
from tests.support.databases import BOTH
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import read_rows
from tests.support.shop import Buyer

GERMAN = "/admin/translations/de/products/twinspot"


@pytest.fixture
def owner(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app))


def test_saves_what_is_typed_beside_the_original(app: Flask, owner: Buyer) -> None:
    page = owner.get(GERMAN).text
    assert "Missing." in page
    assert 'href="/admin/translations/fr/products/twinspot"' in page
    digests = shown(page)
    sent = {"name": "Zwillingsblick", "editions/personal/name": "Persönlich", "tags": "Werkzeug, Ordnung"}
    assert "Saved." in said(owner, owner.post(GERMAN, **sent, **digests))
    assert "Zwillingsblick" in Buyer(app).get("/de/products/twinspot").text
    assert "Nothing was changed." in said(owner, owner.post(GERMAN, **sent, **shown(owner.get(GERMAN).text)))
    late = owner.post(GERMAN, name="Doppelt", **digests)
    assert late.status_code == 409
    assert "Somebody else saved this meanwhile" in late.text
    assert 'value="Doppelt"' in late.text
    assert len(read_rows(app, "SELECT id FROM audit_entries WHERE verb = 'product.translated'")) == 1
    assert owner.post(GERMAN, name="Doppelt", **shown(late.text)).status_code == 409, "pressing again is no choice"
    chosen = {"name": "Doppelt", "keep-name": "yours"}
    assert "Saved." in said(owner, owner.post(GERMAN, **chosen, **shown(late.text)))


def test_keeps_what_was_typed_into_a_form_that_is_refused(owner: Buyer) -> None:
    answer = owner.post(GERMAN, name="x" * 121, summary="Gut.")
    assert answer.status_code == 400
    assert "The name has 121 characters, and 120 fit." in answer.text
    assert 'value="Gut."' in answer.text
    assert "There is no text nonsense here" in owner.post(GERMAN, nonsense="x").text


def test_shows_what_is_older_than_its_original(app: Flask, owner: Buyer) -> None:
    owner.post(GERMAN, summary="Findet gleiche Dateien.")
    with app.app_context():
        change_texts("twinspot", {"summary": "Finds what you have twice."})
    assert "The original was changed since." in owner.get(GERMAN).text
    owner.post(GERMAN, still_right="summary", **shown(owner.get(GERMAN).text))
    assert "The original was changed since." not in owner.get(GERMAN).text


def originals(page: str) -> dict[str, str]:
    """The marks of the originals that stand beside the fields."""
    return dict(re.findall(r'name="(original-[\w/-]+)" value="([\w.]*)"', page))


def test_calls_old_what_was_translated_from_an_original_of_before(app: Flask, owner: Buyer) -> None:
    with app.app_context():
        create_page("Refunds", slug="refunds", body_markdown="Within 30 days.")
    address = "/admin/translations/de/pages/refunds"
    page = owner.get(address).text
    with app.app_context():
        change_page("refunds", {"body_markdown": "Within 14 days."})
    typed = {"title": "Rückgabe", "body_markdown": "Binnen 30 Tagen."}
    after = said(owner, owner.post(address, **typed, **shown(page), **originals(page)))
    assert "Saved." in after
    assert "The original was changed while you read it: Text." in after
    assert after.count("The original was changed since.") == 1
    assert "All of it is translated." not in after
    assert "The original was changed while" not in said(owner, owner.post(address, **typed, **originals(after)))
    owner.post(address, still_right="body_markdown", **originals(after))
    assert "All of it is translated." in owner.get(address).text


def test_notes_nothing_as_still_right_that_was_changed_once_more(app: Flask, owner: Buyer) -> None:
    owner.post(GERMAN, summary="Findet gleiche Dateien.")
    for summary in ("Finds what you have twice.", "Finds what nobody needs."):
        page = owner.get(GERMAN).text
        with app.app_context():
            change_texts("twinspot", {"summary": summary})
    after = said(owner, owner.post(GERMAN, still_right="summary", **originals(page)))
    assert "Nothing was changed." in after
    assert "The original was changed while you read it: Tagline." in after
    assert "The original was changed since." in after
    owner.post(GERMAN, still_right="summary")
    assert "The original was changed since." not in owner.get(GERMAN).text, "a page from before has no marks"


def test_keeps_the_marks_of_a_form_that_is_refused(app: Flask, owner: Buyer) -> None:
    page = owner.get(GERMAN).text
    with app.app_context():
        change_texts("twinspot", {"summary": "Finds what you have twice."})
    refused = owner.post(GERMAN, name="x" * 121, summary="Findet.", **originals(page))
    assert originals(refused.text) == originals(page)
    broken = dict.fromkeys(originals(page), "\0nothing")
    owner.post(GERMAN, summary="Findet.", **broken)
    assert "The original was changed since." not in owner.get(GERMAN).text, "what is no mark is none"


def test_finds_the_questions_that_somebody_translated(app: Flask, owner: Buyer) -> None:
    refund, delete = ["Refunds?", "Yes."], ["Does it delete?", "Never."]
    with app.app_context():
        change_texts("twinspot", {"questions": [refund, delete]})
    page = owner.get(GERMAN).text
    with app.app_context():
        change_texts("twinspot", {"questions": [delete, refund]})
    owner.post(GERMAN, question=["", "Löscht es?"], answer=["", "Nie."], **originals(page))
    german = Buyer(app).get("/de/products/twinspot").text
    assert "Löscht es?" in german
    assert "Refunds?" in german
    assert "Does it delete?" not in german


def test_translates_the_shop_and_refuses_other_languages(app: Flask, owner: Buyer) -> None:
    owner.post("/admin/shop/words", tagline="Small programs.")
    owner.post("/admin/translations/de", tagline="Kleine Programme.")
    assert "Kleine Programme.</h1>" in Buyer(app).get("/de/").text
    for address in ("en", "it", "de/products/nothing", "de/pages/nothing", "de/orders/twinspot"):
        assert owner.get(f"/admin/translations/{address}").status_code == 404
    assert "In German" in owner.get("/admin/products/twinspot").text


def choose(owner: Buyer, languages: str, **more: str) -> TestResponse:
    digests = shown_in(owner.get("/admin/shop").text, "languages")
    return owner.post("/admin/shop/languages", languages=languages, **digests, **more)


def test_adds_no_language_in_which_a_published_page_is_unfinished(app: Flask, owner: Buyer) -> None:
    draft = {"title": "Rückgabe", "body_markdown": "Wer: [your name]."}
    with app.app_context():
        change_profile({"languages": "en, fr"})
        for slug in ("refunds", "sketch"):
            create_page(slug.title(), slug=slug, body_markdown="Within 30 days.")
            change_page_texts(slug, Language.GERMAN, draft)
        assert publish_page("refunds"), "nobody reads its German"
    for languages in ("en, fr, de", ""):
        refused = choose(owner, languages)
        assert refused.status_code == 400
        assert "Refunds is published. In German: Still to be filled in: [your name]." in refused.text
        assert "Sketch is" not in refused.text
    address = "/admin/translations/de/pages/refunds"
    assert f"Write it first, at {address}." in refused.text
    page = owner.get(address).text
    assert "Nobody reads this yet" in page
    assert "Saved." in said(owner, owner.post(address, body_markdown="Wer: Ada.", **shown(page)))
    assert "Saved." in said(owner, choose(owner, "en, fr, de"))
    assert "Wer: Ada." in Buyer(app).get("/de/pages/refunds").text
    assert "Nobody reads this yet" not in owner.get(address).text


def test_says_when_a_language_that_is_still_the_shops_own_can_be_written(app: Flask, owner: Buyer) -> None:
    """No address opens its translations now: those texts are the originals."""
    address = "/admin/translations/de/pages/refunds"
    with app.app_context():
        change_profile({"languages": "en, de"})
        create_page("Refunds", slug="refunds", body_markdown="Within 30 days.")
        change_page_texts("refunds", Language.GERMAN, {"title": "R", "body_markdown": "Wer: [your name]."})
        change_profile({"languages": "de, en"}, may_hide=Language.GERMAN)
        assert publish_page("refunds")
    refused = choose(owner, "en, de")
    assert refused.status_code == 400
    assert f"Save without German first, then write it at {address}." in refused.text
    assert owner.get(address).status_code == 404
    assert "Saved." in said(owner, choose(owner, "en"))
    page = owner.get(address).text
    assert "Saved." in said(owner, owner.post(address, body_markdown="Wer: Ada.", **shown(page)))
    assert "Saved." in said(owner, choose(owner, "en, de"))


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_asks_before_translations_are_shown_no_more(app: Flask, owner: Buyer) -> None:
    with app.app_context():
        change_profile({"languages": "en, de, fr"})
        change_product_texts("twinspot", Language.GERMAN, {"name": "Zwillingsblick", "summary": "Findet."})
        change_product_texts("twinspot", Language.FRENCH, {"editions/personal/name": "Personnelle"})
        change_shop_texts(Language.GERMAN, {"tagline": "Kleine Programme."})
    for more in ({}, {"may_hide": "fr"}, {"may_hide": "nothing"}):
        refused = choose(owner, "de, en", **more)
        assert refused.status_code == 409
        assert "3 texts in German would be kept, but shown no more" in refused.text
        assert "Zwillingsblick" in Buyer(app).get("/de/products/twinspot").text
    assert '<input type="hidden" name="may_hide" value="de">' in refused.text
    assert "1 text in French would be kept" in choose(owner, "fr, en", may_hide="de").text
    assert "Saved." in said(owner, choose(owner, "es, en, de")), "there are none in Spanish"
    assert "Saved." in said(owner, choose(owner, "de, en", may_hide="de"))
    assert "Twinspot</h1>" in Buyer(app).get("/de/products/twinspot").text
    assert "Saved." in said(owner, choose(owner, "en, de"))
    assert "Zwillingsblick" in Buyer(app).get("/de/products/twinspot").text
