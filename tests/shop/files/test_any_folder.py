"""Any folder of a shop: applied whole, and a second time changes nothing; or refused, and no row is another."""

import shutil
from pathlib import Path

from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from storefront.core.errors import StorefrontError
from storefront.shop.files.plan import Choice
from tests.shop.files.folders import apply, empty_catalog, page, plan, write
from tests.shop.media.drawn import draw, saved
from tests.support.any_input import TEXTS, examples
from tests.support.kept_rows import kept_rows

Edits = list[tuple[str, float, int, str]]  # of which file, where, instead of how many letters, and what
SHOP: dict[str, bytes] = {
    "shop.toml": b'name = "Shop"\nsupport_email = "help@example.com"\naccent = "#225588"\norder = ["book"]\n',
    "shop.de.toml": b'tagline = "Klein."\n',
    "pages/terms.md": b"---\ntitle: Terms\nlegal_kind: terms\nis_published: true\n---\nBe **kind**.\n",
    "pages/terms.fr.md": b"---\ntitle: Conditions\n---\nSoyez **gentils**.\n",
    "emails/receipt.de.md": b"---\nsubject: Bestellung {number}\nheading: Danke!\n---\n**Viel** Freude.\n",
    "products/book/product.md": page(state="published", license_days=30, aliases="[tome]").encode(),
    "products/book/product.de.md": "---\nname: Buch\n---\nDarüber.\n".encode(),
    "products/book/cover.png": saved(draw(60, 40)),
    "products/book/releases/1.0/notes.md": b"---\npublished_at: 2025-01-02T03:04:05Z\n---\n* new\n",
    "products/book/releases/1.0/book.epub": b"PK book",
}
TRICKY = TEXTS | st.sampled_from(
    ["---\n", "- ", ": ", "\n  ", "&a *a", "!!python/object:x {}", "<<: *a", "{{{", "'''", "[[x]]"]
)
EDITS = st.tuples(st.sampled_from(sorted(SHOP)), st.floats(0, 1), st.integers(0, 12), TRICKY)
NAMES = st.builds(
    lambda folder, name: folder + name,
    st.sampled_from(["", "products/", "pages/", "products/book/", "products/book/releases/", "emails/"]),
    st.sampled_from(
        [
            "x",
            "CON",
            "Ünder.md",
            "a b.md",
            ".hidden",
            "product.xx.md",
            "book.md",
            "x" * 120,
            "é.PNG",
            "terms.de.md",
        ]
    ),
)


def edited(edits: Edits, more: dict[str, bytes]) -> dict[str, str | bytes]:
    """The shop with words in place of some letters, anywhere, and with more files."""
    files = dict(SHOP)
    for name, where, length, words in edits:
        start = int(where * len(files[name]))
        files[name] = files[name][:start] + words.encode("utf-8", "surrogatepass") + files[name][start + length :]
    return {**files, **more}


def test_takes_a_folder_whole_or_not_at_all(app: Flask, tmp_path: Path) -> None:
    empty_catalog(app)
    taken, refused, root = list[Edits](), dict[str, int](), tmp_path / "shop"

    with kept_rows(app) as rows:

        @examples(15)
        @given(st.lists(EDITS, max_size=2), st.dictionaries(NAMES, st.binary(max_size=20), max_size=1))
        def bring(edits: Edits, more: dict[str, bytes]) -> None:
            rows.put_back()
            shutil.rmtree(root, ignore_errors=True)
            write(root, edited(edits, more))
            try:
                apply(app, root, choice=Choice.FOLDER)
            except StorefrontError as refusal:
                refused[refusal.code] = refusal.status
                assert rows.changed() == []
            else:
                taken.append(edits)
                assert plan(app, root).plan.steps == ()

        bring()
    assert any(taken)
    assert "folder_refused" in refused
    assert max(refused.values()) < 500
