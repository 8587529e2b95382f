"""Bundles in a folder: what an edition includes, by product and key."""

from pathlib import Path

from flask import Flask

from storefront.core.db import db
from storefront.shop.editor.products import change_slug
from tests.shop.files.folders import apply, export, mistakes, plan, replace_text, steps
from tests.support.bundles import KIT, add_bundle
from tests.support.rows import read_rows


def test_follows_what_is_written_and_names_the_change(app: Flask, tmp_path: Path) -> None:
    add_bundle(app)
    export(app, tmp_path / "shop")
    page = tmp_path / "shop" / "products" / KIT[0] / "product.md"
    replace_text(page, "- twinspot/personal", "- soft-taps/studio")
    assert steps(app, tmp_path / "shop") == ["change edition starter-kit/kit includes"]
    apply(app, tmp_path / "shop")
    assert plan(app, tmp_path / "shop").plan.is_empty
    rows = read_rows(
        app, "SELECT e.key FROM bundle_parts b JOIN editions e ON e.id = b.part_edition_id ORDER BY b.position"
    )
    assert [row["key"] for row in rows] == ["studio", "e-book"]


def test_lets_a_part_become_a_bundle_in_one_go(app: Flask, tmp_path: Path) -> None:
    add_bundle(app)
    home = tmp_path / "shop"
    export(app, home)
    bundle, part = (home / "products" / slug / "product.md" for slug in (KIT[0], "soft-taps"))
    replace_text(bundle, "- twinspot/personal", "- soft-taps/studio")
    apply(app, home)
    replace_text(bundle, "- soft-taps/studio", "- twinspot/personal")
    replace_text(part, "    name: Studio\n", "    name: Studio\n    includes: [gridling/desktop-and-web]\n")
    apply(app, home)
    assert plan(app, home).plan.is_empty


def test_knows_a_part_whose_product_was_renamed_since(app: Flask, tmp_path: Path) -> None:
    add_bundle(app)
    export(app, tmp_path / "shop")
    with app.app_context():
        change_slug("twinspot", "twin-finder")
        db.session.remove()
    assert [conflict.field for conflict in plan(app, tmp_path / "shop").plan.conflicts] == ["slug"]
    assert [step for step in steps(app, tmp_path / "shop") if "includes" in step] == []


def test_names_every_part_that_cannot_be(app: Flask, tmp_path: Path) -> None:
    add_bundle(app)
    add_bundle(app, slug="other-kit", name="Other kit")
    export(app, tmp_path / "shop")
    home = tmp_path / "shop" / "products"
    for written, words in (
        ("twinspot", "names no edition"),
        ("Twin Spot/team", "is no slug"),
        ("twinspot/huge", "there is no edition twinspot/huge"),
        ("starter-kit/kit", "cannot include itself"),
        ("the-patient-toolmaker/e-book", "is named twice"),
        ("other-kit/kit", "is a bundle itself"),
    ):
        page = home / KIT[0] / "product.md"
        before = page.read_text(encoding="utf-8")
        replace_text(page, "twinspot/personal", written)
        said = mistakes(app, tmp_path / "shop")
        assert any("product.md:" in line and words in line for line in said), (words, said)
        page.write_text(before, encoding="utf-8")
    replace_text(
        home / "twinspot" / "product.md", "    name: Team\n", "    name: Team\n    includes: [soft-taps/studio]\n"
    )
    assert any("includes twinspot, so it cannot be a bundle" in line for line in mistakes(app, tmp_path / "shop"))
