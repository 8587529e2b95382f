"""Texts in other languages in a folder: what is refused, what an empty one does, and what both sides changed."""

from pathlib import Path

import pytest
from flask import Flask

from storefront.core.languages import Language
from storefront.shop.files.apply import Undecided
from storefront.shop.translations.change import change_product_texts
from tests.shop.files.folders import apply, export, mistakes, page, plan, replace_text, steps, write
from tests.shop.media.drawn import SLUG

GERMAN = "products/book/product.de.md"


def folder_with(root: Path, german: str) -> Path:
    return write(root, {"products/book/product.md": page(), GERMAN: f"---\n{german}---\nWorum es geht.\n"})


def test_says_what_is_wrong_in_another_language(app: Flask, tmp_path: Path) -> None:
    german = (
        f"name: {'x' * 121}\nnmae: Buch\n"
        "editions:\n  - key: e-book\n    line: Zum Lesen\n    price: 3\n  - key: none\n    name: Keine\n"
        "pictures:\n  - file: gone.png\n    alt: Weg\n"
    )
    root = folder_with(tmp_path, german)
    write(root, {"pages/nothing.de.md": "---\ntitle: Nichts\n---\n"})
    found = "\n".join(mistakes(app, root))
    for words in (
        f"{GERMAN}:2: name: The name has 121 characters",
        f"{GERMAN}:3: 'nmae' is no field here",
        f"{GERMAN}:7: 'price' is no field here",
        f"{GERMAN}:11: file: product.md names no gone.png here.",
    ):
        assert words in found
    fixed = folder_with(tmp_path, "editions:\n  - key: none\n    name: Keine\n")
    found = "\n".join(mistakes(app, fixed))
    assert "there is no edition none" in found
    assert "there is no page nothing" in found


def test_takes_an_empty_text_away_and_leaves_what_is_not_named(app: Flask, tmp_path: Path) -> None:
    root = folder_with(tmp_path, "name: Buch\ntagline: Kurz.\n")
    apply(app, root)
    replace_text(root / GERMAN, "name: Buch\ntagline: Kurz.\n", 'name: ""\n')
    assert steps(app, root, prune=False) == ["change translation book/de name"]
    apply(app, root)
    with app.app_context():
        assert change_product_texts("book", Language.GERMAN, {"summary": "Kurz.", "name": ""}) == []
    (root / GERMAN).unlink()
    assert plan(app, root).plan.is_empty


def test_makes_nothing_of_a_file_without_a_text(app: Flask, tmp_path: Path) -> None:
    """Each would be planned again and again: the shop keeps no text that is empty."""
    root = folder_with(tmp_path, "name: Buch\n")
    apply(app, root)
    write(
        root,
        {
            "shop.de.toml": "# to come\n",
            "shop.fr.toml": 'tagline = " "\n',
            "products/book/product.es.md": "---\nname:\n---\n",
        },
    )
    assert plan(app, root).plan.is_empty


def test_asks_where_both_sides_changed_a_translation(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        change_product_texts(SLUG, Language.FRENCH, {"name": "Jumeaux"})
    folder = tmp_path / "shop"
    export(app, folder)
    with app.app_context():
        change_product_texts(SLUG, Language.FRENCH, {"name": "Doubles"})
    replace_text(folder / f"products/{SLUG}/product.fr.md", "name: Jumeaux", "name: Pareils")
    with pytest.raises(Undecided):
        apply(app, folder)
    assert [conflict.path for conflict in plan(app, folder).plan.conflicts] == [f"{SLUG}/fr/name"]
