"""What is wrong in a folder: each with file, line and cure, all at once; and folders that mean harm."""

import os
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis.strategies import characters, one_of, sampled_from
from hypothesis.strategies import text as texts

from storefront.core.db import db
from storefront.shop.editor.editions import add_edition
from storefront.shop.editor.products import create_product
from storefront.shop.files.mistakes import Mistakes
from storefront.shop.files.yaml_text import read_yaml, write_yaml
from storefront.shop.pages.edit import create_page, publish_page
from tests.shop.files.folders import export, mistakes, mistakes_alone, page, plan, write
from tests.shop.media.drawn import MP3, draw, png_claiming, saved
from tests.support.rows import change_rows, read_rows

PRODUCT = "products/tool/product.md"
WRONG = """\
---
name: Tool
tagine: Short.
state: publised
tags: [a, b, c, d, e, f]
seats: 0
activation_limit: many
name: Again
grants_license: maybe
license_until: 2020-01-01
license_prefix: tidy
editions:
  - key: Big One
    name: Big
  - key: one
    nmae: One
    prices:
      usd: 0.10
      xxx: 5
      eur: 1.999
pictures:
  - file: ../secret.png
  - file: covr.png
samples:
  - file: cover.png
    title: ""
quotes:
  - text: Fine
---
"""
FREE_UPGRADE = """---
name: Tool
editions:
  - key: team
    name: Team
    upgrades_from: personal for 0 USD
---
"""


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00+05:00", "9999-12-31T23:00-05:00", "2026-02-30T00:00", "soon"]
)
def test_refuses_a_moment_that_no_calendar_has(app: Flask, tmp_path: Path, moment: str) -> None:
    files: dict[str, str | bytes] = {
        PRODUCT: f"---\nname: Tool\nlicense_until: {moment}\n---\n",
        "products/tool/releases/1.0/notes.md": f"---\npublished_at: {moment}\n---\n* new\n",
    }
    said = mistakes(app, write(tmp_path / "shop", files))
    assert f"{PRODUCT}:3: license_until: '{moment}' is no day like 2027-12-31, nor none." in said
    assert f"published_at: '{moment}' is no date and time like" in "\n".join(said)


def test_refuses_names_that_no_path_should_carry(app: Flask, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {PRODUCT: page()}
    notes = "---\nversion: {}\nstate: draft\nfiles:\n  - {{file: a.zip, name: {}}}\n---\n"
    for home, version, name in (("1", '"a:b"', '"\\u3164"'), ("2", '"\\u2800"', "../b"), ("3", "con", "aux.zip")):
        release = f"products/tool/releases/{home}"
        files |= {f"{release}/notes.md": notes.format(version, name), f"{release}/a.zip": b"PK"}
    part, device = "cannot be a part of a file's path:", "is the name of a device on Windows: rename the file."
    home, unseen = "products/tool/releases", "there is nothing to be seen in it."
    assert mistakes(app, write(tmp_path / "shop", files)) == [
        f"{home}/1/notes.md:1: this cannot be a version: 'a:b' {part} it has ':' in it.",
        f"{home}/1/notes.md:5: '\\u3164' {part} {unseen}",
        f"{home}/2/notes.md:1: this cannot be a version: '\\u2800' {part} {unseen}",
        f"{home}/2/notes.md:5: '../b' {part} it begins or ends with a space or a dot.",
        f"{home}/3/notes.md:1: this cannot be a version: 'con' {device}",
        f"{home}/3/notes.md:5: 'aux.zip' {device}",
    ]


def test_refuses_an_upgrade_that_costs_nothing(app: Flask, tmp_path: Path) -> None:
    said = mistakes(app, write(tmp_path / "shop", {PRODUCT: FREE_UPGRADE}))
    assert any(f"{PRODUCT}:6" in mistake and "never free" in mistake for mistake in said), said


def test_refuses_a_product_offered_beside_itself(app: Flask, tmp_path: Path) -> None:
    root = write(
        tmp_path / "shop", {PRODUCT: page(offered_beside="[tool, tool-of-before]", aliases="[tool-of-before]")}
    )
    said = mistakes(app, root)
    for slug in ("tool", "tool-of-before"):
        words = f"offered_beside: {slug} is this product: name others to offer beside it."
        assert f"{PRODUCT}:4: {words}" in said


def test_refuses_an_edition_that_upgrades_to_itself(app: Flask, tmp_path: Path) -> None:
    itself = FREE_UPGRADE.replace("personal for 0 USD", "starter, team for 3.00 USD")
    said = mistakes(app, write(tmp_path / "shop", {PRODUCT: itself}))
    assert said == [f"{PRODUCT}:6: upgrades_from: team is this edition: name others that people upgrade from."]


def test_lets_be_what_the_shop_says_of_itself_already(app: Flask, tmp_path: Path) -> None:
    """As an older shop took it: it does no harm, and an export of it is no mistake."""
    change_rows(
        app,
        "UPDATE products SET offered_beside = '[\"twinspot\"]' WHERE slug = 'twinspot'",
        "UPDATE editions SET upgrades_from = 'personal' WHERE key = 'personal'",
    )
    export(app, tmp_path / "shop")
    assert mistakes(app, tmp_path / "shop") == []


def test_names_every_mistake_with_its_line_and_the_cure(app: Flask, tmp_path: Path) -> None:
    folder = write(tmp_path / "shop", {PRODUCT: WRONG, "products/tool/cover.png": saved(draw())})
    write(folder, {"shop.toml": 'order = ["tool", "nothing"]\nsuport_email = "x"\naccent = "#ffff00"\n'})
    write(folder, {"products/Big Tool/product.md": page(), "products/none/a.txt": "x"})
    said = mistakes(app, folder)
    for place, words in (
        ("products/Big Tool", "called by its slug"),
        ("products/none", "no product.md"),
        (f"{PRODUCT}:3", "did you mean tagline?"),
        (f"{PRODUCT}:4", "none of draft, published"),
        (f"{PRODUCT}:5", "room for 5 tags"),
        (f"{PRODUCT}:6", "0 people"),
        (f"{PRODUCT}:7", "no whole number"),
        (f"{PRODUCT}:8", "stands on line 2 already"),
        (f"{PRODUCT}:9", "neither true nor false"),
        (f"{PRODUCT}:11", "capital letters"),
        (f"{PRODUCT}:13", "has a key of up to"),
        (f"{PRODUCT}:16", "did you mean name?"),
        (f"{PRODUCT}:18", "too little"),
        (f"{PRODUCT}:19", "no currency that people pay in today"),
        (f"{PRODUCT}:20", "no amount in EUR"),
        (f"{PRODUCT}:22", "in the same folder"),
        (f"{PRODUCT}:23", "there is no covr.png"),
        (f"{PRODUCT}:25", "one of these: mp3"),
        (f"{PRODUCT}:28", "this quote has no who"),
        ("shop.toml:1", "there is no product nothing"),
        ("shop.toml:2", "did you mean support_email?"),
        ("shop.toml:3", "accent"),
    ):
        assert [line for line in said if line.startswith(f"{place}: ") and words in line], (place, words)


@pytest.mark.parametrize(
    ("front", "line", "words"),
    [
        ("a: &x [1]\nb: *x", 2, "write it out"),
        ("name: !!python/object/apply:os.system ['ls']", 2, "tag"),
        ("name: x\n\ttagline: y", 3, "tab"),
        ("name: a: b", 2, "quotes"),
        ("name: [[[[[[[[[[x]]]]]]]]]]", 2, "nested too deep"),
        ("name: " + "[" * 90_000, 2, "nested too deep"),
        ("name: x\nsummary: \x07", 3, "U+0007"),
        ("- a\n- b", 2, "a field on each line"),
        ("? [a, b]\n: c", 2, "a name of one word"),
        ("name: 'x", 2, "no YAML"),
        ("%YAML 1.1", 2, ""),
        ("quotes:\n- text: Fine\n  whom: Grace", 4, "did you mean who?"),
        ("quotes:\n- {text: Fine, who: Grace, link: example}", 3, "is no address of a page"),
    ],
    ids=range(13),
)
def test_refuses_yaml_that_does_more_than_say_something(tmp_path: Path, front: str, line: int, words: str) -> None:
    folder = write(tmp_path / "shop", {PRODUCT: f"---\n{front}\n---\n"})
    said = mistakes_alone(folder)
    assert [entry for entry in said if entry.startswith(f"{PRODUCT}:{line}") and words in entry], said


def test_refuses_what_leads_out_or_never_ends(tmp_path: Path) -> None:
    secret = write(tmp_path / "outside", {"secret.png": saved(draw()), "product.md": page()})
    folder = write(tmp_path / "shop", {PRODUCT: page(pictures="[{file: link.png}, {file: pipe.png}]")})
    home = folder / "products" / "tool"
    (home / "link.png").symlink_to(secret / "secret.png")
    (folder / "products" / "linked").symlink_to(secret)
    os.mkfifo(home / "pipe.png")
    said = "\n".join(mistakes_alone(folder))
    assert "products/tool/link.png: this is a link" in said
    assert "products/linked: this is a link" in said
    assert "products/tool/pipe.png: this is no ordinary file" in said


def test_refuses_files_that_are_too_much(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "shop",
        {
            PRODUCT: page(pictures="[{file: bomb.png}, {file: song.png}, {file: none.png}]"),
            "products/tool/bomb.png": png_claiming(20_000, 10_000),
            "products/tool/song.png": MP3,
            "products/tool/none.png": b"",
            "products/long/product.md": page() + "x" * 5_000_000,
            "products/latin/product.md": b"---\nname: Gr\xf6\xdfe\n---\n",
            "products/bare/product.md": "name: x\n",
            "products/tool/releases/1.0/notes.md": b"\xff",
            "products/tool/releases/2.0/a.zip": b"",
            "shop.toml": 'name = "x"\nname = "y"\n',
        },
    )
    said = "\n".join(mistakes_alone(folder))
    for words in (
        f"{PRODUCT}:4: file: A picture has at most 50 megapixels",
        f"{PRODUCT}:4: file: This is no picture",
        f"{PRODUCT}:4: file: This file is empty",
        "products/long/product.md: this file has more than 200 KB",
        "products/latin/product.md:2: this is no UTF-8",
        "products/bare/product.md:1: begin with a line of ---",
        "products/tool/releases/1.0/notes.md:1: this is no UTF-8",
        "products/tool/releases/2.0/a.zip: this file is empty",
        "shop.toml:2: this is no TOML",
    ):
        assert words in said


def test_says_what_is_missing_to_sell(app: Flask, tmp_path: Path) -> None:
    folder = write(tmp_path / "shop", {PRODUCT: "---\nname: Tool\nstate: published\n---\n"})
    said = [line for line in mistakes(app, folder) if line.startswith(f"{PRODUCT}:3: state: ")]
    assert len(said) == 4
    other = write(tmp_path / "other", {"products/twinspot/releases/2.1/twinspot-2.1.zip": b"other bytes"})
    write(other, {"products/twinspot/product.md": "---\nfirst_slug: other\n---\n"})
    assert [line.partition(": ")[2] for line in mistakes(app, other)] == [
        "first_slug: sold programs know this product as twinspot, and that stays.",
        "version 2.1 has another file twinspot-2.1.zip: give the new one a new version.",
    ]


def test_refuses_what_checkout_cannot_ask(app: Flask, tmp_path: Path) -> None:
    folder = write(tmp_path / "shop", {"shop.toml": 'name = "Ada"\nform_fields = "Size | color"\n'})
    (said,) = mistakes(app, folder)
    assert said.startswith("shop.toml:2: form_fields: Size: 'color' is none of")


def test_refuses_sites_that_may_not_show_the_checkout(app: Flask, tmp_path: Path) -> None:
    folder = write(tmp_path / "shop", {"shop.toml": 'frame_origins = "https://*.example"\n'})
    (said,) = mistakes(app, folder)
    assert said.startswith("shop.toml:1: frame_origins: https://*.example: name each site by itself.")


TEXTS = (
    "no", "1.10", "0012", "~", "", " x", "a: b", "#x", "- a", "|", "a\nb", "\n", "  a\n b\n", "'", '"', "\\n",
    "👀 עברית", "a\u2028b", "\ufeffa", "%a", "@a", "`a", "{a", "[a", "!a", "&a", "*a", "---", "a\n---\nb", "...",
    "x" * 1200, "\u00a0a",
)  # fmt: skip


@given(text=one_of(sampled_from(TEXTS), texts(characters(exclude_categories=("Cc", "Cs", "Cn", "Co")))))
@settings(deadline=None, max_examples=150)
def test_reads_a_text_as_it_was_written(text: str) -> None:
    mistakes_of_file = Mistakes()
    written = write_yaml({"text": text, "list": [text, {"text": text}]})
    table = read_yaml(written, "x", mistakes_of_file, first_line=1)
    assert mistakes_of_file.all == []
    assert table is not None
    read = table.nodes["text"]
    assert getattr(read, "text", None) in (text, f"{text}\n")


def test_refuses_of_the_shop_what_its_pages_refuse(app: Flask, tmp_path: Path) -> None:
    text = 'time_zone = "Europe/Berln"\nsupport_email = "hülfe@example.com"\n'
    folder = write(tmp_path / "shop", {"shop.toml": text})
    assert mistakes(app, folder) == [
        "shop.toml:1: time_zone: No time zone has this name: write one like Europe/Berlin or America/New_York.",
        "shop.toml:2: support_email: 'hülfe@example.com': The support address needs plain letters before the @.",
    ]


def test_leaves_room_for_the_terms_beside_words_of_consent(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        create_page("Terms", body_markdown="Terms.", legal_kind="terms")
        publish_page("terms")
        db.session.remove()
    words = "x" * 1190
    folder = write(
        tmp_path / "shop",
        {"shop.toml": f'consent_text = "{words}"\n', "shop.de.toml": f'consent_text = "{words}"\n'},
    )
    said = mistakes(app, folder)
    assert [line.partition(" The text has")[0] for line in said] == [
        "shop.de.toml:1: consent_text:",
        "shop.toml:1: consent_text:",
    ]


def test_refuses_a_tag_that_would_become_two(app: Flask, tmp_path: Path) -> None:
    folder = write(tmp_path / "shop", {PRODUCT: '---\nname: Tool\ntags: ["C, C++"]\n---\n'})
    (said,) = mistakes(app, folder)
    assert said == f"{PRODUCT}:3: tags: A tag holds a comma: make two tags of it, or leave the comma out."


def test_reads_what_two_things_of_one_long_name_are_called(app: Flask, tmp_path: Path) -> None:
    name = "a" * 60 + " bbb"
    with app.app_context():
        assert [create_product(name), create_product(name)] == ["a" * 60 + "-bbb", "a" * 60 + "-2"]
        add_edition("twinspot", "b" * 35 + " cccccc one")
        add_edition("twinspot", "b" * 35 + " cccccc two")
        assert [create_page(name), create_page(name)] == ["a" * 60 + "-bbb", "a" * 60 + "-2"]
        db.session.remove()
    keys = read_rows(app, "SELECT key FROM editions WHERE key LIKE 'bbb%' ORDER BY id")
    assert [row["key"] for row in keys] == ["b" * 35 + "-cccc", "b" * 35 + "-2"]
    export(app, tmp_path / "shop")
    assert plan(app, tmp_path / "shop").plan.is_empty
