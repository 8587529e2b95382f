"""A large shop as a folder: what it costs grows with what is in it, and no faster."""

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.shop.files.check import check_folder
from storefront.shop.files.folder import Folder
from storefront.shop.files.objects import Kind, Objects, Ref, product_ref
from storefront.shop.files.shop_state import read_shop
from tests.shop.files.folders import apply, empty_catalog, page, replace_text, write
from tests.support.databases import BOTH
from tests.support.statements import counted

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def large_folder(root: Path, count: int) -> Path:
    files: dict[str, str | bytes] = {}
    for number in range(count):
        files[f"products/p-{number}/product.md"] = page()
        files[f"products/p-{number}/product.de.md"] = f"---\nname: Buch {number}\n---\n"
    return write(root, files)


@both
def test_reads_thirty_products_with_the_statements_of_three(app: Flask, tmp_path: Path) -> None:
    empty_catalog(app)
    counts = []
    for count in (3, 30):
        apply(app, large_folder(tmp_path, count))
        with app.app_context():
            with counted(app) as statements:
                shop = read_shop(db.session())
            db.session.remove()
        assert sum(ref.kind is Kind.TRANSLATION for ref in shop) == count
        counts.append(len(statements))
    assert counts[0] == counts[1]


@both
def test_holds_the_lock_for_as_many_statements_whatever_else_is_sold(app: Flask, tmp_path: Path) -> None:
    empty_catalog(app)
    counts = []
    for count in (3, 30):
        root = large_folder(tmp_path, count)
        apply(app, root)
        replace_text(root / "products/p-1/product.md", "A short book.", f"A book of {count}.")
        with counted(app) as statements:
            apply(app, root)
        counts.append(len(statements))
        replace_text(root / "products/p-1/product.md", f"A book of {count}.", "A short book.")
    assert counts[0] == counts[1]


def test_checks_a_folder_once_where_nobody_changes_the_shop_meanwhile(app: Flask, tmp_path: Path) -> None:
    """Each check notes the day once more, and one under the lock would let sales wait."""
    root = write(tmp_path, {"products/book/product.md": page(license_until="2020-01-01")})
    assert len([note for note in apply(app, root).notes if "that day is over" in note]) == 1


def shop_of(count: int) -> Objects:
    shop: Objects = {}
    for number in range(count):
        slug = f"p-{number}"
        shop[product_ref(slug)] = {
            "slug": slug,
            "name": slug,
            "tagline": "T",
            "description": "D",
            "state": "published",
            "grants_license": True,
            "grants_download": True,
            "key_source": "generated",
            "first_slug": slug,
            "aliases": [f"old-{number}"],
            "offered_beside": [f"p-{count - 1 - number}"],
        }
        shop[Ref(Kind.EDITION, slug, "one")] = {"name": "one", "is_active": True, "includes": []}
        shop[Ref(Kind.EDITION, slug, "two")] = {"name": "two", "is_active": True, "includes": []}
        shop[Ref(Kind.PRICE, slug, "one", "usd")] = {"amount": 1400}
        shop[Ref(Kind.RELEASE, slug, "1.0")] = {"state": "published", "published_at": None}
        shop[Ref(Kind.FILE, slug, "1.0", "a.zip")] = {"sha256": "0" * 64}
    bundle = Ref(Kind.EDITION, "p-0", "two")
    shop[bundle]["includes"] = [f"p-{number}/one" for number in range(1, 20)]
    return shop


def steps_of_check(count: int) -> int:
    """How many steps of the interpreter a check takes, for folder and shop of so many products.

    The folder's products are sold from now on, so that every check looks.
    """
    shop = shop_of(count)
    for ref, values in shop.items():
        if ref.kind is Kind.PRODUCT:
            values["state"] = "draft"
    folder = Folder(root=Path(), objects=shop_of(count))
    steps = 0

    def count_steps(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal steps
        frame.f_trace_opcodes = True
        steps += event == "opcode"
        return count_steps

    before = sys.gettrace()
    sys.settrace(count_steps)
    try:
        check_folder(folder, shop, [])
    finally:
        sys.settrace(before)
    assert folder.mistakes.all == []
    return steps


def test_checks_twice_as_many_products_with_twice_the_steps() -> None:
    few, many = steps_of_check(40), steps_of_check(80)
    assert many < 2.2 * few
