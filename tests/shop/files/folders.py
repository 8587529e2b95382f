"""Folders of shops for tests: a full one, and helpers that write, plan and apply."""

from pathlib import Path
from typing import Any

from flask import Flask

from storefront.core.db import db
from storefront.shop.files.apply import Applied, Seen, apply_folder, plan_folder
from storefront.shop.files.export import Exported, export_shop
from storefront.shop.files.mistakes import FolderRefused
from storefront.shop.files.plan import Choice, Decisions
from storefront.shop.files.read_folder import read_folder
from tests.shop.media.drawn import MP3, PDF, draw, saved
from tests.support.rows import change_rows

CATALOG = (
    "bundle_parts", "product_samples", "product_pictures", "pictures", "release_files", "releases",
    "stripe_mirrors", "prices", "editions", "product_aliases", "products",
)  # fmt: skip

FULL = """\
---
name: أداة مرتبة 🧹 (Tidy Tool)
tagline: "Renames: a thousand #files"
state: unlisted
tags: [1.10, no, "0012", 2026-11-27, C#]
search_title: Tidy
search_text: A quiet renamer — “for everybody”
requirements: |
  macOS 13

    indented code
  - Windows
questions:
  - question: Does it delete?
    answer: |
      **Never.**

      Not even once.
  - question: "no"
    answer: 'yes: really'
quotes:
  - text: "It works: really."
    who: Grace H.
    link: https://example.com/a?b=c#d
  - {text: "no", who: 0012}
first_steps: |
  1. Unpack it.
  2. Run `tidy`.
grants_license: true
grants_download: true
key_source: pool
license_prefix: TIDY
one_key_per_order_item: true
activation_limit: 3
seats: 0002
license_days: 400
license_until: 2999-12-31
update_days: 365
download_limit: 7
download_days: 90
pool_low_at: 30
pool_very_low_at: 6
most_in_form: 5
checkout_ui: hosted
tax_code: txcd_10202003
tax_behavior: exclusive
first_slug: tidy
aliases: [tidy, neat-tool]
editions:
  - key: team
    name: Team
    line: Everybody in a small company
    seats: 10
    prices: {usd: 79.00, jpy: 9900, KWD: "24.500"}
  - key: personal
    name: Personal
    line: You
    activation_limit: 5
    update_days: 30
    prices:
      usd: 19
      eur: 18,50
  - key: old
    name: Old
    is_active: false
    prices: {usd: 0}
pictures:
  - file: Cover.PNG
    alt: Two columns 👀
  - file: window.png
samples:
  - file: tour.mp3
    title: A tour
  - file: chapter.pdf
    title: Kapitel «eins»
---

# Tidy

{paragraph}

---

Done. עברית
"""


BUNDLE = """\
---
name: All of it
tagline: Everything at once.
state: published
grants_download: false
editions:
  - key: all
    name: All
    includes: [tidy-tool/team, book/e-book]
    prices: {usd: 90}
---

Both.
"""
DATED = "---\npublished_at: 2025-01-02T03:04:05.678Z\n---\n* new\n"


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


GERMAN = """---
name: Ordnung
tagline: Benennt tausend Dateien um.
questions:
  - question: Löscht es etwas?
    answer: |
      **Nie.**
editions:
  - key: personal
    name: Persönlich
    line: Sie allein
pictures:
  - file: cover.png
    alt: Ein Fenster mit zwei Spalten.
samples:
  - file: tour.mp3
    title: Rundgang
---
Was es tut.
"""


def full_folder(root: Path) -> Path:
    """A product with every field, and a second one with little."""
    return write(
        root,
        {
            "shop.toml": 'name = "Ada\'s \\"shop\\""\nabout = """\n# We\nC:\\\\new"""\n'
            'support_email = "help@example.com"\naccent = "#225588"\n'
            'logo = "logo.png"\nasks_consent = true\nsends_reminders = true\nsaves_cards = true\n'
            'ignores_referrers = true\npage_order = ["terms"]\norder = ["tidy-tool", "book"]\n',
            "logo.png": saved(draw(400, 100)),
            "pages/terms.md": "---\ntitle: Terms\nlegal_kind: terms\nis_published: true\n---\nBe **kind**.\n",
            "pages/about-us.md": "---\ntitle: About us\n---\nTwo people.\n",
            "emails/receipt.de.md": "---\nsubject: Bestellung {number}\nheading: Danke!\n---\n**Viel** Freude.\n",
            "products/all-of-it/product.md": BUNDLE,
            "products/tidy-tool/product.md": FULL.replace("{paragraph}", "Long words. " * 100),
            "products/tidy-tool/product.de.md": GERMAN,
            "pages/terms.fr.md": "---\ntitle: Conditions\n---\nSoyez **gentils**.\n",
            "shop.de.toml": 'tagline = "Kleine Programme, die klein bleiben."\n',
            "products/tidy-tool/cover.png": saved(draw(700, 400)),
            "products/tidy-tool/window.png": saved(draw(400, 700, color=(9, 9, 9))),
            "products/tidy-tool/tour.mp3": MP3,
            "products/tidy-tool/chapter.pdf": PDF,
            "products/tidy-tool/releases/1.10/notes.md": DATED,
            "products/tidy-tool/releases/1.10/tidy tool.zip": b"PK one",
            "products/tidy-tool/releases/1.10/README.md": b"read me",
            "products/tidy-tool/releases/2.0 beta/notes.md": "---\nstate: draft\n---\n",
            "products/tidy-tool/releases/2.0 beta/tidy.zip": b"PK two",
            "products/tidy-tool/releases/0.9/notes.md": "---\nstate: withdrawn\n---\nOops",
            "products/tidy-tool/releases/0.9/tidy.zip": b"PK none",
            "products/book/product.md": page(state="published"),
            "products/book/releases/First edition/book.epub": b"PK book",
        },
    )


def page(body: str = "About it.", **fields: Any) -> str:
    """A small product.md: what can be sold at once, once it has a file."""
    front: dict[str, Any] = {"name": "The Book", "tagline": "A short book.", **fields}
    lines = [f"{name}: {value}" for name, value in front.items() if value is not None]
    lines += ["editions:", "  - key: e-book", "    name: E-book", "    prices: {usd: 14.00}"]
    return "---\n" + "\n".join(lines) + f"\n---\n{body}\n"


def replace_text(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def empty_catalog(app: Flask) -> None:
    change_rows(app, *(f"DELETE FROM {table}" for table in CATALOG))


def export(app: Flask, root: Path, **options: Any) -> Exported:
    with app.app_context():
        return export_shop(root, **options)


def plan(app: Flask, root: Path, **options: Any) -> Seen:
    with app.app_context():
        seen = plan_folder(root, **options)
        db.session.remove()
    return seen


def apply(app: Flask, root: Path, *, choice: Choice | None = None, **options: Any) -> Applied:
    paths = options.pop("paths", {})
    with app.app_context():
        applied = apply_folder(root, decisions=Decisions(everything=choice, paths=paths), **options)
        db.session.remove()
    return applied


def steps(app: Flask, root: Path, **options: Any) -> list[str]:
    """What a plan would do, in short."""
    return [
        f"{step.act} {step.ref.kind} {step.ref.path}" + "".join(f" {change.field}" for change in step.changes)
        if step.act == "change"
        else f"{step.act} {step.ref.kind} {step.ref.path}"
        for step in plan(app, root, **options).plan.steps
    ]


def mistakes(app: Flask, root: Path) -> list[str]:
    """What is wrong in a folder, line by line."""
    try:
        plan(app, root)
    except FolderRefused as refused:
        return [str(mistake) for mistake in refused.mistakes]
    return []


def mistakes_alone(root: Path) -> list[str]:
    """What is wrong in a folder by itself, whatever the shop has."""
    return [str(mistake) for mistake in sorted(read_folder(root).mistakes.all)]


def snapshot(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
