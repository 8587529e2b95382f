"""Versions without a date: published as people count, whatever the order of their folders."""

from pathlib import Path

import pytest
from flask import Flask

from storefront.shop.files.release_order import version_key
from tests.shop.files.folders import apply, export, page, plan, replace_text, write
from tests.support.rows import read_rows

HOME = "products/book/releases"
ORDER = (
    "book: these versions have no published_at, and are published in this order, the newest last: "
    "1.2, 1.9, 1.10-beta, 1.10."
)


def make_folder(root: Path) -> Path:
    return write(
        root,
        {
            "products/book/product.md": page(state="published"),
            **{f"{HOME}/{version}/book.zip": version.encode() for version in ("1.10", "1.10-beta", "1.2", "1.9")},
        },
    )


def newest_first(app: Flask) -> list[object]:
    rows = read_rows(
        app,
        "SELECT version FROM releases r JOIN products p ON p.id = r.product_id WHERE p.slug = 'book'"
        " ORDER BY published_at DESC, r.id DESC",
    )
    return [row["version"] for row in rows]


@pytest.mark.parametrize(
    "versions",
    [
        ["1.2", "1.9", "1.10", "2.0", "10.0"],
        ["v1.9", "1.10-alpha", "1.10 beta 2", "1.10 beta 10", "1.10-rc1", "1.10", "1.10a", "1.10.0", "v1.10.1"],
        ["1.0-dev1", "1.0-dev.2", "1.0.dev3", "1.0", "1.0.1"],
        ["v1.0a2", "1.0a10", "1.0b1", "1.0-beta2", "1.0rc1", "(v) 1.0", "Version 1.0.1"],
        ["1.0-a1", "1.0-b1", "1.0-b2", "1.0-M1", "1.0-M.2", "1.0", "1.0m", "1.1 b1", "1.1"],
        ["1.0-SNAPSHOT", "1.0", "1.1-nightly", "1.1", "2-canary.1", "2", "3-prerelease", "3", "4 milestone", "4"],
        ["App 1.0", "App v1.1", "App 1.2", "App Version 1.3", "App 1.4"],
        ["2025-12", "2026-2", "2026-11-30"],
        ["First", "Second", "1", "2"],
        ["Vol. \u2460", "Vol. \u2461", "\u2460", "\u2461", "9", "10", "10\u00b2"],
        ["\u0661.\u0669", "\u0661.\u0661\u0660"],
    ],
)
def test_counts_versions_as_people_do(versions: list[str]) -> None:
    assert sorted(sorted(versions, reverse=True), key=version_key) == versions


def test_publishes_undated_versions_as_people_count(app: Flask, tmp_path: Path) -> None:
    root = make_folder(tmp_path / "shop")
    assert plan(app, root).notes == (ORDER,)
    assert apply(app, root).notes == (ORDER,)
    assert newest_first(app) == ["1.10", "1.10-beta", "1.9", "1.2"]
    again = plan(app, root)
    assert (again.plan.is_empty, again.notes) == (True, ())


def test_takes_versions_of_digits_that_are_no_numbers(app: Flask, tmp_path: Path) -> None:
    """Python calls them digits, and cannot count with them."""
    root = make_folder(tmp_path / "shop")
    for version in ("\u2460", "\u2461"):
        write(root, {f"{HOME}/{version}/book.zip": version.encode()})
    assert plan(app, root).notes == (ORDER.replace("1.2,", "\u2460, \u2461, 1.2,"),)
    apply(app, root)
    assert newest_first(app)[-3:] == ["1.2", "\u2461", "\u2460"]


def test_publishes_drafts_as_people_count(app: Flask, tmp_path: Path) -> None:
    root = make_folder(tmp_path / "shop")
    drafts = [root / HOME / version / "notes.md" for version in ("1.10", "1.9")]
    for notes in drafts:
        notes.write_text("---\nstate: draft\n---\n")
    apply(app, root)
    for notes in drafts:
        replace_text(notes, "draft", "published")
    order, late = plan(app, root).notes
    assert order.endswith("the newest last: 1.9, 1.10.")
    assert late.startswith("book: 1.9 has no published_at, and is published now,")
    apply(app, root)
    assert newest_first(app) == ["1.10", "1.9", "1.10-beta", "1.2"]


def test_keeps_dates_that_are_written(app: Flask, tmp_path: Path) -> None:
    root = make_folder(tmp_path / "shop")
    (root / HOME / "1.9" / "notes.md").write_text("---\npublished_at: 2020-01-02T00:00:00Z\n---\n")
    (note,) = plan(app, root).notes
    assert note.endswith("the newest last: 1.2, 1.10-beta, 1.10.")
    apply(app, root)
    assert newest_first(app) == ["1.10", "1.10-beta", "1.2", "1.9"]
    export(app, tmp_path / "out")
    assert "published_at: 2020-01-02" in (tmp_path / "out" / HOME / "1.9" / "notes.md").read_text()


def test_says_nothing_of_one_version_without_a_date(app: Flask, tmp_path: Path) -> None:
    root = write(
        tmp_path / "shop", {"products/book/product.md": page(state="published"), f"{HOME}/1/book.zip": b"PK"}
    )
    assert plan(app, root).notes == ()


def test_says_that_an_older_version_would_be_the_newest(app: Flask, tmp_path: Path) -> None:
    root = make_folder(tmp_path / "shop")
    apply(app, root)
    write(root, {f"{HOME}/{version}/book.zip": version.encode() for version in ("1.9.1", "1.10.1", "Spring")})
    order, late = plan(app, root).notes
    assert order.endswith("the newest last: Spring, 1.9.1, 1.10.1.")
    assert late == (
        "book: 1.9.1 has no published_at, and is published now, so buyers take it for newer than 1.10. "
        "With a date before that of 1.10 it is older."
    )
    later = "---\npublished_at: 2126-01-02T00:00:00Z\n---\n"
    write(root, {f"{HOME}/3/book.zip": b"3", f"{HOME}/3/notes.md": later})
    assert plan(app, root).notes == (order, late)
    (root / HOME / "1.9.1" / "notes.md").write_text("---\npublished_at: 2020-01-02T00:00:00Z\n---\n")
    (order,) = plan(app, root).notes
    assert order.endswith("the newest last: Spring, 1.10.1.")
    apply(app, root)
    assert plan(app, root).notes == ()
    assert newest_first(app)[:4] == ["3", "1.10.1", "Spring", "1.10"]
    write(root, {f"{HOME}/2/book.zip": b"2"})
    assert plan(app, root).notes == ()  # 3 is not out yet
