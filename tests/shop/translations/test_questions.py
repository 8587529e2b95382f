"""Questions in another language: what is not translated is shown as the owner wrote it, each at its place."""

import re
from pathlib import Path

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.core.languages import Language
from storefront.shop.catalog.queries import get_product
from storefront.shop.editor.products import change_texts
from storefront.shop.editor.stale import digest_of
from storefront.shop.translations.change import (
    Text,
    TranslationRefused,
    change_product_texts,
    list_product_texts,
)
from tests.owner.admin.editor_forms import said, shown
from tests.shop.files.folders import apply, empty_catalog, export, page, plan, replace_text, snapshot, steps, write
from tests.shop.media.drawn import SLUG
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows
from tests.support.shop import Buyer

REFUND = ["Can I get a refund?", "Within 30 days."]
DELETE = ["Does it delete anything?", "Never."]
LINUX = ["Does it run on Linux?", "No."]
WINDOWS = ["Does it run on Windows?", "Yes."]
GERMAN = ["Löscht es etwas?", "Nie."]
NOTHING = ["", ""]
ADMIN = f"/admin/translations/de/products/{SLUG}"


def ask(app: Flask, *questions: list[str]) -> None:
    with app.app_context():
        change_texts(SLUG, {"questions": list(questions)})


def translate(app: Flask, *questions: list[str]) -> None:
    with app.app_context():
        change_product_texts(SLUG, Language.GERMAN, {"questions": list(questions)})


def shown_questions(app: Flask, slug: str = SLUG) -> list[str]:
    return re.findall(r"<summary[^>]*>([^<]*)", Buyer(app).get(f"/de/products/{slug}").text)


def read(app: Flask) -> Text:
    with app.app_context():
        text = list_product_texts(db.session(), get_product(db.session(), SLUG))["questions"]
        db.session.remove()
    return text


def test_shows_the_questions_that_are_not_translated(app: Flask) -> None:
    ask(app, REFUND, DELETE, LINUX)
    owner = sign_in_at_admin(app, make_person(app))
    digests = {"shown-questions": shown(owner.get(ADMIN).text)["shown-questions"]}
    after = said(owner, owner.post(ADMIN, question=["", GERMAN[0], ""], answer=["", GERMAN[1], ""], **digests))
    assert shown_questions(app) == [REFUND[0], GERMAN[0], LINUX[0]]
    german = Buyer(app).get(f"/de/products/{SLUG}").text
    assert f'<summary dir="auto" lang="en">{LINUX[0]}' in german
    assert f'<summary dir="auto">{GERMAN[0]}' in german
    part = after.split('aria-label="Questions and answers"')[1].split("</section>")[0]
    assert re.findall(r'name="question"[^>]* value="([^"]*)"', part) == ["", GERMAN[0], ""]
    assert "Missing in part." in part
    assert read(app).is_missing(Language.GERMAN)
    translate(app, ["Geld?", "Ja."], GERMAN, ["Linux?", "Nein."])
    assert not read(app).is_missing(Language.GERMAN)
    assert read(app).is_missing(Language.FRENCH)


@pytest.mark.parametrize(
    ("questions", "expected"),
    [
        ([DELETE, REFUND, LINUX], [GERMAN[0], REFUND[0], LINUX[0]]),  # moved
        ([WINDOWS, REFUND, DELETE, LINUX], [WINDOWS[0], REFUND[0], GERMAN[0], LINUX[0]]),  # one more
        ([DELETE], [GERMAN[0]]),  # fewer
        ([REFUND, LINUX], [REFUND[0], LINUX[0]]),  # its own is gone
        ([REFUND, [DELETE[0], "Only copies."], LINUX], [REFUND[0], GERMAN[0], LINUX[0]]),  # changed
        ([WINDOWS, REFUND, [DELETE[0], "Only copies."], LINUX], [WINDOWS[0], REFUND[0], DELETE[0], LINUX[0]]),
        ([], []),
    ],
)
def test_keeps_a_translation_beside_its_question(
    app: Flask, questions: list[list[str]], expected: list[str]
) -> None:
    ask(app, REFUND, DELETE, LINUX)
    translate(app, NOTHING, GERMAN, NOTHING)
    assert not read(app).is_old(Language.GERMAN)
    ask(app, *questions)
    assert shown_questions(app) == expected
    assert read(app).is_old(Language.GERMAN)


def test_takes_a_translation_away_with_its_last_question(app: Flask) -> None:
    ask(app, REFUND)
    translate(app, GERMAN)
    translate(app, NOTHING)
    assert read(app).read(Language.GERMAN) == []
    assert shown_questions(app) == [REFUND[0]]


def test_reads_what_was_kept_before_each_question_had_a_mark(app: Flask) -> None:
    ask(app, REFUND, DELETE)
    kept = f'{{"de": {{"questions": [[["Geld?", "Ja."]], "{digest_of([REFUND, DELETE])}"]}}}}'
    change_rows(app, f"UPDATE products SET translations = '{kept}' WHERE slug = '{SLUG}'")
    assert shown_questions(app) == ["Geld?", DELETE[0]]
    assert not read(app).is_old(Language.GERMAN)
    assert read(app).is_missing(Language.GERMAN)
    ask(app, REFUND, LINUX)
    assert read(app).is_old(Language.GERMAN)


def test_refuses_half_a_question_and_more_places_than_there_are_questions(app: Flask) -> None:
    for wrong in ([NOTHING, ["Löscht es etwas?", ""]], [*[NOTHING] * 12, GERMAN]):
        with pytest.raises(TranslationRefused) as refused:
            translate(app, *wrong)
        assert set(refused.value.problems) == {"questions"}


def faq(*questions: list[str]) -> str:
    return "questions:\n" + "".join(f'  - question: "{ask}"\n    answer: "{say}"\n' for ask, say in questions)


def folder_with(root: Path, *questions: list[str]) -> Path:
    own = page().replace("editions:", faq(*questions) + "editions:")
    german = f"---\n{faq(NOTHING, GERMAN)}---\n"
    return write(root, {"products/book/product.md": own, "products/book/product.de.md": german})


def test_brings_gaps_through_a_folder_and_back(app: Flask, tmp_path: Path) -> None:
    empty_catalog(app)
    typed = folder_with(tmp_path / "typed", REFUND, DELETE, LINUX)
    apply(app, typed)
    export(app, tmp_path / "first")
    german = (tmp_path / "first/products/book/product.de.md").read_text(encoding="utf-8")
    assert german.count("question:") == 2
    empty_catalog(app)
    apply(app, tmp_path / "first")
    export(app, tmp_path / "second")
    assert snapshot(tmp_path / "second") == snapshot(tmp_path / "first")
    assert plan(app, tmp_path / "first").plan.is_empty
    assert plan(app, typed).plan.is_empty


def test_follows_questions_that_a_folder_moves(app: Flask, tmp_path: Path) -> None:
    empty_catalog(app)
    root = folder_with(tmp_path / "shop", REFUND, DELETE, LINUX)
    apply(app, root)
    folder_with(root, DELETE, REFUND, LINUX)
    assert steps(app, root) == ["change product book questions"]
    apply(app, root)
    seen = plan(app, root)
    assert seen.plan.is_empty, "its German file has them as they were"
    assert [note for note in seen.notes if "product.de.md" in note or "stand in the order of before" in note]
    export(app, tmp_path / "out")
    german = (tmp_path / "out/products/book/product.de.md").read_text(encoding="utf-8")
    assert german.count("question:") == 1
    replace_text(root / "products/book/product.de.md", faq(NOTHING, GERMAN), faq(NOTHING, NOTHING, GERMAN))
    apply(app, root)
    export(app, tmp_path / "then")
    german = (tmp_path / "then/products/book/product.de.md").read_text(encoding="utf-8")
    assert german.count("question:") == 3, "what the folder says anew counts by its place"
