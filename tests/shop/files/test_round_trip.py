"""A shop written into a folder and brought into an empty shop is the same shop, to the byte."""

import stat
import zipfile
from io import BytesIO
from pathlib import Path, PurePosixPath

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.shop.editor.products import change_slug
from storefront.shop.files.export import CannotExport
from storefront.shop.files.shop_state import read_shop
from tests.shop.files.folders import (
    apply,
    empty_catalog,
    export,
    full_folder,
    page,
    plan,
    replace_text,
    snapshot,
    steps,
    write,
)
from tests.shop.media.drawn import SLUG, add, draw, pictures_of, saved
from tests.support.databases import BOTH
from tests.support.goods import change_product
from tests.support.rows import change_rows, read_rows

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@both
def test_yields_the_same_bytes_again(app: Flask, tmp_path: Path) -> None:
    empty_catalog(app)
    folder = full_folder(tmp_path / "typed")
    assert apply(app, folder).plan.steps
    first = tmp_path / "first"
    export(app, first)
    with app.app_context():
        before = read_shop(db.session())
        db.session.remove()
    empty_catalog(app)
    change_rows(app, "DELETE FROM shop_profile", "DELETE FROM pages", "DELETE FROM email_texts")
    for stored in sorted((tmp_path / "files").rglob("*"), reverse=True):
        stored.unlink() if stored.is_file() else stored.rmdir()
    apply(app, first)
    with app.app_context():
        assert read_shop(db.session()) == before
        db.session.remove()
    export(app, tmp_path / "second")
    assert snapshot(tmp_path / "second") == snapshot(first)
    assert plan(app, first).plan.is_empty
    assert plan(app, folder).plan.is_empty


def test_stores_what_was_typed_as_text(app: Flask, tmp_path: Path) -> None:
    empty_catalog(app)
    apply(app, full_folder(tmp_path / "typed"))
    with app.app_context():
        shop = {ref.path: values for ref, values in read_shop(db.session()).items()}
        db.session.remove()
    product = shop["tidy-tool"]
    assert product["tags"] == ["1.10", "no", "0012", "2026-11-27", "C#"]
    assert product["requirements"] == "macOS 13\n\n  indented code\n- Windows"
    assert product["questions"][1] == ["no", "yes: really"]
    assert product["quotes"] == [
        ["It works: really.", "Grace H.", "https://example.com/a?b=c#d"],
        ["no", "0012", ""],
    ]
    assert product["first_steps"] == "1. Unpack it.\n2. Run `tidy`."
    assert (product["seats"], product["first_slug"], product["aliases"]) == (2, "tidy", ["neat-tool", "tidy"])
    assert product["description"].endswith("---\n\nDone. עברית")
    assert product["editions"] == ["team", "personal", "old"]
    assert shop["tidy-tool/team/kwd"] == {"amount": 24500}
    assert shop["tidy-tool/personal/eur"] == {"amount": 1850}
    assert shop["tidy-tool/0.9"]["state"] == "withdrawn"
    assert shop["shop"]["about"] == "# We\nC:\\new"
    assert shop["shop"]["order"] == ["tidy-tool", "book", "all-of-it"]
    assert shop["shop"]["page_order"] == ["terms", "about-us"]
    assert shop["pages/terms"] == {
        "title": "Terms",
        "legal_kind": "terms",
        "is_published": True,
        "text": "Be **kind**.",
    }


def test_writes_an_audit_entry_for_each_act(app: Flask, tmp_path: Path) -> None:
    empty_catalog(app)
    apply(app, full_folder(tmp_path / "typed"))
    verbs = {row["verb"] for row in read_rows(app, "SELECT verb FROM audit_entries")}
    assert verbs >= {
        "product.created",
        "product.changed",
        "product.unlisted",
        "edition.created",
        "edition.switched_off",
        "price.changed",
        "product.picture_added",
        "product.sample_added",
        "release.uploaded",
        "release.withdrawn",
        "shop.changed",
    }


def test_survives_windows(app: Flask, tmp_path: Path) -> None:
    """CRLF, a BOM, capitals, and what systems and editors leave behind."""
    folder = tmp_path / "shop"
    export(app, folder)
    odd = tmp_path / "odd"
    for name, content in snapshot(folder).items():
        is_text = name.endswith((".md", ".toml"))
        text = b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n") if is_text else content
        path = PurePosixPath(name)
        write(odd, {(path.with_name(path.name.upper()) if is_text else path).as_posix(): text})
    write(odd, {"products/.DS_Store": b"\0", "products/PRODUCT.md~": b"x", "Thumbs.db": b"\0"})
    write(odd, {f"products/{SLUG}/#product.md#": b"x", "products/__MACOSX/x": b"\0"})
    edition = odd / "products" / "the-patient-toolmaker" / "releases" / "First edition"
    edition.rename(edition.with_name("FIRST EDITION"))
    assert plan(app, odd).plan.is_empty


def test_changes_nothing_where_nothing_changed(app: Flask, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    export(app, folder)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    assert export(app, folder).written == ()
    assert apply(app, folder).plan.is_empty
    assert before == {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".shop")]


def test_takes_what_is_offered_beside_by_an_address_of_before(app: Flask, tmp_path: Path) -> None:
    change_product(app, "twinspot", offered_beside=["gridling"])
    with app.app_context():
        change_slug("gridling", "gridlock")
    export(app, tmp_path / "shop")
    assert plan(app, tmp_path / "shop").plan.is_empty
    empty_catalog(app)
    apply(app, tmp_path / "shop")
    assert plan(app, tmp_path / "shop").plan.is_empty


def test_keeps_hostile_names_inside(app: Flask, tmp_path: Path) -> None:
    names = [
        "../../up.png",
        "/etc/passwd.png",
        "product.md",
        "CON.png",
        "a:b.png",
        "\u202egpj.png",
        "Cover.png",
        "cover.png",
    ]
    for number, name in enumerate(names):
        add(app, saved(draw(100 + number, 100)), name=name)
    # As if an older shop had taken it.
    filename = "..\\../../x"
    change_rows(app, "UPDATE pictures SET filename = :name WHERE filename = 'CON.png'", name=filename)
    folder = tmp_path / "deep" / "shop"
    export(app, folder)
    assert {path.name for path in tmp_path.iterdir()} >= {"deep"}
    assert [path.name for path in folder.parent.iterdir()] == ["shop"]
    pictures = [path.name for path in (folder / "products" / SLUG).iterdir() if path.name.endswith(".png")]
    assert len({name.casefold() for name in pictures}) == len(pictures)
    hashes = [view.sha256 for view in pictures_of(app)]
    first = snapshot(folder)
    empty_catalog(app)
    apply(app, folder)
    assert [view.sha256 for view in pictures_of(app)] == hashes
    export(app, tmp_path / "again")
    assert snapshot(tmp_path / "again") == first


def test_leaves_what_was_edited(app: Flask, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    export(app, folder)
    page_file = folder / "products" / SLUG / "product.md"
    replace_text(page_file, "name: Twinspot", "name: Twins")
    with pytest.raises(CannotExport, match=r"Edited since the last export: products/twinspot/product\.md"):
        export(app, folder)
    assert "name: Twins\n" in page_file.read_text()
    export(app, folder, overwrite=True)
    assert "name: Twinspot\n" in page_file.read_text()


def test_refuses_a_folder_of_something_else(app: Flask, tmp_path: Path) -> None:
    write(tmp_path / "photos", {"a.jpg": b"x"})
    with pytest.raises(CannotExport, match="neither empty nor an earlier export"):
        export(app, tmp_path / "photos")
    outside = write(tmp_path / "outside", {"keep.txt": b"x"})
    folder = tmp_path / "shop"
    export(app, folder)
    home = folder / "products" / SLUG
    home.rename(tmp_path / "moved")
    home.symlink_to(outside)
    with pytest.raises(CannotExport, match="is a link"):
        export(app, folder)
    assert [path.name for path in outside.iterdir()] == ["keep.txt"]


def test_takes_away_what_the_shop_has_no_more(app: Flask, tmp_path: Path) -> None:
    picture_id = add(app, name="cover.png")
    folder = tmp_path / "shop"
    export(app, folder)
    write(folder, {"README.md": "mine"})
    change_rows(app, "DELETE FROM product_pictures WHERE picture_id = :id", id=picture_id)
    assert export(app, folder).removed == (f"products/{SLUG}/cover.png",)
    assert not (folder / "products" / SLUG / "cover.png").exists()
    assert (folder / "README.md").read_text() == "mine"


def test_says_which_file_is_damaged(app: Flask, tmp_path: Path) -> None:
    stored = next(path for path in (tmp_path / "files" / SLUG).rglob("*") if path.is_file())
    stored.chmod(stat.S_IRUSR | stat.S_IWUSR)
    stored.write_bytes(b"other")
    with pytest.raises(CannotExport, match="is damaged in the storage"):
        export(app, tmp_path / "shop")
    stored.unlink()
    with pytest.raises(CannotExport, match="is missing in the storage"):
        export(app, tmp_path / "other")


def test_brings_a_zip_of_a_product_into_a_shop(app: Flask, tmp_path: Path) -> None:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("products/book/product.md", page())
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path / "shop")
    assert steps(app, tmp_path / "shop") == [
        "make product book",
        "make edition book/e-book",
        "make price book/e-book/usd",
    ]


@pytest.mark.parametrize(("version", "filename"), [("1.0", "\u3164"), ("\u2800", "a.zip"), ("con", "a\\b.zip")])
def test_plans_names_that_the_shop_had_before_they_were_refused(
    app: Flask, tmp_path: Path, version: str, filename: str
) -> None:
    book = "products/book"
    root = write(tmp_path / "shop", {f"{book}/product.md": page(), f"{book}/releases/1.0/book.zip": b"PK"})
    apply(app, root)
    change_rows(
        app,
        f"UPDATE releases SET version = '{version}' WHERE version = '1.0' AND product_id ="
        " (SELECT id FROM products WHERE slug = 'book')",
        f"UPDATE release_files SET filename = '{filename}' WHERE filename = 'book.zip'",
    )
    export(app, tmp_path / "out")
    assert plan(app, tmp_path / "out").plan.is_empty
