"""Texts beside their originals at /admin: what is missing or old, a save that came too late, another language."""

import re

import pytest
from flask import Flask

from storefront.shop.editor.products import change_texts
from storefront.shop.pages.edit import change_page, create_page
from tests.owner.admin.editor_forms import said, shown
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
