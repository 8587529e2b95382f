"""What nobody loses by a folder: what an admin wrote, a shop that --prune would retire, names that change."""

from pathlib import Path

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.shop.editor.products import change_texts
from storefront.shop.files import apply as applying
from storefront.shop.files.export import CannotExport
from storefront.shop.files.mistakes import FolderRefused, Mistakes
from storefront.shop.files.nodes import Scalar
from storefront.shop.files.read_folder import NoFolder
from storefront.shop.files.record import RECORD_FILE
from storefront.shop.files.renew import renew_record
from storefront.shop.files.toml_text import read_toml
from tests.shop.files.folders import apply, empty_catalog, export, mistakes, page, plan, replace_text, steps, write
from tests.shop.media.drawn import SLUG, add, draw, pictures_of, saved
from tests.support.rows import change_rows, read_rows

PRODUCT = f"products/{SLUG}/product.md"


@pytest.fixture
def folder(app: Flask, tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    export(app, root)
    return root


def test_takes_no_broken_record_for_none(app: Flask, folder: Path) -> None:
    with app.app_context():
        change_texts(SLUG, {"summary": "The shop's."})
    record = folder / RECORD_FILE
    whole = record.read_text()
    for broken in (f"<<<<<<< HEAD\n{whole}", whole.replace('"format": 1', '"format": 2'), ""):
        record.write_text(broken)
        assert [line for line in mistakes(app, folder) if line.startswith(f"{RECORD_FILE}: ")]
    record.write_text(whole)
    assert [conflict.path for conflict in plan(app, folder).plan.conflicts] == [f"{SLUG}/tagline"]
    record.unlink()
    assert "No export of this shop is noted" in plan(app, folder).notes[0]


def test_asks_about_what_changed_right_after_an_apply(
    app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An admin saves between the commit and the record: the record does not take that for the folder's."""

    def renew_late(*arguments: object) -> bool:
        change_texts(SLUG, {"summary": "The shop's."})
        db.session.remove()
        return renew_record(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(applying, "renew_record", renew_late)
    replace_text(folder / PRODUCT, "name: Twinspot", "name: Twins")
    apply(app, folder)
    assert [conflict.path for conflict in plan(app, folder).plan.conflicts] == [f"{SLUG}/tagline"]


def test_retires_no_whole_shop(app: Flask, folder: Path) -> None:
    (folder / "products").rename(folder / "product")
    (folder / "products").mkdir()
    with pytest.raises(FolderRefused, match=r"products: none of the shop's 4 products is in it"):
        apply(app, folder, prune=True)
    assert steps(app, folder) == []
    assert "product is no folder of a shop" in plan(app, folder).notes[0]


def test_says_how_a_folder_with_a_space_is_made(app: Flask, tmp_path: Path) -> None:
    with pytest.raises(NoFolder, match=r"`storefront shop export '\S+/my shop'` makes one"):
        plan(app, tmp_path / "my shop")


def test_says_that_a_folder_was_renamed(app: Flask, folder: Path) -> None:
    (folder / "products" / SLUG).rename(folder / "products" / "twins")
    replace_text(folder / "shop.toml", f'"{SLUG}"', '"twins"')
    assert f"Write aliases: [{SLUG}]" in plan(app, folder, prune=True).notes[0]


def test_lets_two_editions_change_names(app: Flask, folder: Path) -> None:
    path = folder / PRODUCT
    replace_text(path, "    name: Personal\n", "    name: Team!\n")
    replace_text(path, "    name: Team\n", "    name: Personal\n")
    replace_text(path, "    name: Team!\n", "    name: Team\n")
    apply(app, folder)
    assert read_rows(app, "SELECT key, name FROM editions WHERE key IN ('personal', 'team') ORDER BY key") == [
        {"key": "personal", "name": "Team"},
        {"key": "team", "name": "Personal"},
    ]


def test_says_which_edition_keeps_a_name_that_another_one_is_to_have(app: Flask, folder: Path) -> None:
    path = folder / PRODUCT
    replace_text(path, "  - key: team\n", "  - key: group\n")
    with pytest.raises(FolderRefused) as refused:
        apply(app, folder, prune=True)
    assert (
        "name: the shop's edition team is called Team, also when it is switched off: take another name, "
        "or list `key: team` with another name and `is_active: false`."
    ) in str(refused.value)
    replace_text(path, "editions:\n", "editions:\n  - {key: team, name: Team (old), is_active: false}\n")
    apply(app, folder, prune=True)
    assert read_rows(app, "SELECT key, name FROM editions WHERE key IN ('group', 'team') ORDER BY key") == [
        {"key": "group", "name": "Team"},
        {"key": "team", "name": "Team (old)"},
    ]


def test_replaces_pictures_whose_bytes_changed_before_it_shows_new_ones(app: Flask, tmp_path: Path) -> None:
    for number in range(8):
        add(app, saved(draw(100 + number, 100)), name=f"{number}.png")
    folder = tmp_path / "full"
    export(app, folder)
    for number in range(8):
        write(folder, {f"products/{SLUG}/{number}.png": saved(draw(300 + number, 100))})
    record = folder / RECORD_FILE
    known = record.read_bytes()
    record.unlink()
    with pytest.raises(FolderRefused, match="there is room for 8"):  # nobody knows what was there before
        apply(app, folder)
    record.write_bytes(known)
    apply(app, folder)
    assert len(pictures_of(app)) == 8
    assert plan(app, folder, prune=True).plan.is_empty


def test_replaces_the_one_picture_that_changed_and_leaves_the_others(app: Flask, tmp_path: Path) -> None:
    for name in ("cover", "window"):
        add(app, saved(draw(300, len(name) * 20)), name=f"{name}.png")
    folder = tmp_path / "full"
    export(app, folder)
    write(folder, {f"products/{SLUG}/cover.png": saved(draw(500, 200))})
    assert [step.split()[:2] for step in steps(app, folder)][:2] == [["make", "picture"], ["remove", "picture"]]
    apply(app, folder)
    assert [(picture.width, picture.height) for picture in pictures_of(app)] == [
        (500, 200),
        (300, 120),
    ]
    assert steps(app, folder) == []


def test_takes_a_last_day_that_is_over_with_a_product_that_was_exported(app: Flask, folder: Path) -> None:
    change_rows(app, "UPDATE products SET license_until = '2020-12-31 23:59:59.000000'")
    export(app, folder, overwrite=True)
    empty_catalog(app)
    seen = plan(app, folder)
    assert any("license_until: that day is over" in note for note in seen.notes)
    apply(app, folder)
    assert plan(app, folder).plan.is_empty
    page = next(path for path in folder.rglob("product.md") if "2020-12-31" in path.read_text(encoding="utf-8"))
    replace_text(page, "2020-12-31", "2021-12-31")
    assert "The last day is over" in mistakes(app, folder)[0]


def test_names_addresses_that_clash(app: Flask, tmp_path: Path) -> None:
    folder = write(
        tmp_path / "clash",
        {
            "products/aaa/product.md": page(aliases="[old, bbb]"),
            "products/bbb/product.md": page(aliases="[old]"),
            "products/ccc/product.md": page(first_slug="gridling"),
        },
    )
    said = mistakes(app, folder)
    for place, words in (
        ("products/aaa/product.md:4: aliases", "old is, or was, the address of bbb"),
        ("products/aaa/product.md:4: aliases", "bbb is, or was, the address of bbb"),
        ("products/bbb/product.md:4: aliases", "old is, or was, the address of aaa"),
        ("products/ccc/product.md:4: first_slug", "gridling is, or was, the address of gridling"),
    ):
        assert [line for line in said if line.startswith(place) and words in line], (place, said)


def test_publishes_a_release_only_when_it_is_told_to(app: Flask, folder: Path) -> None:
    home = f"products/{SLUG}/releases/9.0"
    notes = folder / home / "notes.md"
    dated = "published_at: 2025-02-03T00:00:00Z\n"
    write(folder, {f"{home}/a.zip": b"PK", f"{home}/notes.md": f"---\nstate: draft\n{dated}---\n"})
    words = f"{home}/notes.md:3: published_at: only what is published has a date"
    assert mistakes(app, folder)[0].startswith(words)
    notes.write_text("---\nstate: draft\n---\n")
    apply(app, folder)
    notes.write_text(f"---\nstate: draft\n{dated}---\n")
    assert mistakes(app, folder)[0].startswith(words)
    notes.write_text(f"---\nstate: published\n{dated}---\n")
    apply(app, folder)
    verbs = read_rows(app, "SELECT verb FROM audit_entries WHERE subject = 'twinspot 9.0' ORDER BY id")
    assert [row["verb"] for row in verbs] == ["release.uploaded", "release.published"]
    published = read_rows(app, "SELECT published_at FROM releases WHERE version = '9.0'")[0]["published_at"]
    assert str(published).startswith("2025-02-03 00:00")
    assert plan(app, folder).plan.is_empty


def test_sells_nothing_on_a_file_that_is_still_to_come(app: Flask, tmp_path: Path) -> None:
    folder = write(
        tmp_path / "later",
        {
            "products/book/product.md": page(state="published"),
            "products/book/releases/1/notes.md": "---\npublished_at: 2999-01-01T00:00:00Z\n---\n",
            "products/book/releases/1/book.epub": b"PK",
        },
    )
    assert mistakes(app, folder)[0].startswith("products/book/product.md:4: state: to be sold it needs a file")


def test_takes_no_two_versions_that_are_one_folder_elsewhere(app: Flask, folder: Path) -> None:
    home = f"products/{SLUG}/releases"
    write(folder, {f"{home}/3-RC/a.zip": b"1", f"{home}/3-rc/a.zip": b"2"})
    write(folder, {f"{home}/é/a.zip": b"1", f"{home}/e\u0301/a.zip": b"1"})
    said = mistakes(app, folder)
    assert len(said) == 2
    assert "version 3-RC is one folder with it on Windows and on a Mac" in said[0]


def test_reads_a_number_of_the_shop_as_it_was_typed() -> None:
    source = read_toml("name = 1.10\n", "shop.toml", Mistakes())
    assert source is not None
    assert source.nodes["name"] == Scalar(text="1.10", line=1)


def test_shows_no_name_that_moves_the_cursor(app: Flask, folder: Path) -> None:
    write(folder, {f"products/{SLUG}/\x1b[31m\n.png": b"x", f"products/{SLUG}/\udcff.png": b"x"})
    said = mistakes(app, folder)
    assert len(said) == 2
    assert all("a character that nobody can see" in line and line.isprintable() for line in said)


def test_needs_nothing_beside_the_folder(app: Flask, folder: Path) -> None:
    """It may be a disk of its own, as a volume of a container is."""
    replace_text(folder / PRODUCT, "name: Twinspot", "name: Twins")
    folder.parent.chmod(0o555)
    before = folder.parent.stat().st_mtime_ns
    try:
        export(app, folder, overwrite=True)
    finally:
        folder.parent.chmod(0o755)
    assert folder.parent.stat().st_mtime_ns == before  # nothing came and went there, either
    assert not list(folder.glob(".storefront-*[!n]"))
    with pytest.raises(CannotExport, match="cannot be written"):
        export(app, Path("/proc/nowhere/shop"))


def test_leaves_nothing_for_sale_that_hands_out_nothing(app: Flask, folder: Path) -> None:
    written = (folder / PRODUCT).read_text()
    nothing = written.replace("grants_license: true", "grants_license: false")
    nothing = nothing.replace("grants_download: true", "grants_download: false")
    (folder / PRODUCT).write_text(nothing)
    said = mistakes(app, folder)
    assert [line.partition(": ")[2] for line in said] == [
        "grants_license: Its buyers would pay and get nothing: retire it first, or make it a draft."
    ]
    (folder / PRODUCT).write_text(nothing.replace("state: published", "state: retired"))
    apply(app, folder)
    (folder / PRODUCT).write_text(written)
    apply(app, folder)
    assert read_rows(app, f"SELECT state FROM products WHERE slug = '{SLUG}'") == [{"state": "published"}]


def test_says_that_a_product_without_a_release_is_still_for_sale(app: Flask, folder: Path) -> None:
    book = folder / "products" / "the-patient-toolmaker" / "releases"
    for notes in book.glob("*/notes.md"):
        replace_text(notes, "state: published", "state: withdrawn")
    words = "the-patient-toolmaker is for sale and hands out nothing: say state: retired, or bring a release."
    assert words in plan(app, folder).notes
    apply(app, folder)
    assert words in plan(app, folder).notes
