"""Pages in a folder: what kind each is, and what keeps one from being published."""

from pathlib import Path

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.core.languages import Language
from storefront.shop.pages.edit import create_page, publish_page, unpublish_page
from storefront.shop.profile.change import change_profile
from storefront.shop.translations.change import change_page_texts
from tests.shop.files.folders import apply, export, mistakes, plan, replace_text
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_rows
from tests.support.shop import Buyer

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@pytest.fixture
def folder(app: Flask, tmp_path: Path) -> Path:
    with app.app_context():
        create_page("Agb", body_markdown="New terms.")
        create_page("Imprint", body_markdown="Ada, London.", legal_kind="imprint")
        create_page("Terms", body_markdown="Old terms.", legal_kind="terms")
        for slug in ("agb", "imprint", "terms"):
            publish_page(slug)
        db.session.remove()
    root = tmp_path / "shop"
    export(app, root)
    return root


def kinds(app: Flask) -> dict[str, str | None]:
    return {str(row["slug"]): row["legal_kind"] for row in read_rows(app, "SELECT slug, legal_kind FROM pages")}


@both
def test_gives_the_kind_of_a_page_to_another_one(app: Flask, folder: Path) -> None:
    replace_text(folder / "pages" / "terms.md", "legal_kind: terms", "legal_kind: none")
    replace_text(folder / "pages" / "agb.md", "legal_kind: none", "legal_kind: terms")
    apply(app, folder)
    assert kinds(app) == {"agb": "terms", "imprint": "imprint", "terms": None}
    assert plan(app, folder).plan.is_empty


@both
def test_lets_two_pages_change_kinds_and_a_new_one_take_a_third(app: Flask, folder: Path) -> None:
    replace_text(folder / "pages" / "terms.md", "legal_kind: terms", "legal_kind: imprint")
    replace_text(folder / "pages" / "imprint.md", "legal_kind: imprint", "legal_kind: terms")
    apply(app, folder)
    assert kinds(app) == {"agb": None, "imprint": "terms", "terms": "imprint"}
    replace_text(folder / "pages" / "terms.md", "legal_kind: imprint", "legal_kind: none")
    (folder / "pages" / "a-new.md").write_text("---\ntitle: Who\nlegal_kind: imprint\n---\nAda.\n")
    apply(app, folder)
    assert kinds(app) == {"a-new": "imprint", "agb": None, "imprint": "terms", "terms": None}


OPEN = "---\ntitle: Impressum\n---\n## Wer\n\n[your name or company]\n"


def test_publishes_no_page_that_leaves_something_open_in_another_language(app: Flask, folder: Path) -> None:
    (folder / "pages" / "imprint.de.md").write_text(OPEN)
    (said,) = mistakes(app, folder)
    assert said.startswith(
        "pages/imprint.de.md:4: body_markdown: This page is published. Still to be filled in: [your"
    )
    replace_text(folder / "pages" / "imprint.md", "is_published: true", "is_published: false")
    apply(app, folder)
    replace_text(folder / "pages" / "imprint.md", "is_published: false", "is_published: true")
    (folder / "pages" / "imprint.de.md").unlink()
    (said,) = mistakes(app, folder)
    assert "is_published: In German: Still to be filled in: [your name or company]." in said
    (folder / "pages" / "imprint.de.md").write_text(OPEN.replace("[your name or company]", "Ada, London"))
    apply(app, folder)
    assert read_rows(app, "SELECT is_published FROM pages WHERE slug = 'imprint'")[0]["is_published"]


def test_takes_what_a_page_shows_already_in_another_language(app: Flask, folder: Path) -> None:
    """Published before that was asked: the shop's own export is no mistake, nor a folder without that language."""
    with app.app_context():
        text = OPEN.partition("---\n## ")[2]
        unpublish_page("imprint")
        change_page_texts("imprint", Language.GERMAN, {"title": "Impressum", "body_markdown": text})
        db.session.remove()
    change_rows(app, "UPDATE pages SET is_published = :yes WHERE slug = 'imprint'", yes=True)
    assert plan(app, folder).plan.is_empty
    export(app, folder)
    assert plan(app, folder).plan.is_empty
    german = folder / "pages" / "imprint.de.md"
    replace_text(german, "Wer", "Wer wir sind")
    (said,) = mistakes(app, folder)
    assert "This page is published. Still to be filled in" in said


def test_adds_no_language_in_which_a_page_leaves_something_open(app: Flask, folder: Path) -> None:
    with app.app_context():
        change_profile({"languages": "en, fr"})
        unpublish_page("imprint")
        text = OPEN.partition("---\n## ")[2]
        change_page_texts("imprint", Language.GERMAN, {"title": "Impressum", "body_markdown": text})
        publish_page("imprint")
        db.session.remove()
    export(app, folder)
    assert plan(app, folder).plan.is_empty
    replace_text(folder / "shop.toml", "en, fr", "en, fr, de")
    for name in ("imprint.de.md", "imprint.md"):
        (said,) = mistakes(app, folder)
        assert "languages: pages/imprint in German: Still to be filled in: [your name or company]." in said
        (folder / "pages" / name).unlink()
    (folder / "pages" / "imprint.de.md").write_text(OPEN.replace("[your name or company]", "Ada, London"))
    apply(app, folder)
    assert "Ada, London" in Buyer(app).get("/de/pages/imprint").text


def test_tells_which_translations_a_new_own_language_hides(app: Flask, folder: Path) -> None:
    with app.app_context():
        change_profile({"languages": "en, de"})
        change_page_texts("imprint", Language.GERMAN, {"title": "Impressum", "body_markdown": "Ada"})
        db.session.remove()
    export(app, folder)
    replace_text(folder / "shop.toml", "en, de", "de, en")
    (note,) = plan(app, folder).notes
    assert note.startswith("shop/languages: 2 texts in German would be kept, but shown no more")
    apply(app, folder)
    assert plan(app, folder).notes == ()
