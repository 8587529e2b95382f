"""What a plan says, and what apply does with what somebody changed in the shop since the export."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.shop.editor.editions import add_edition, delete_edition
from storefront.shop.editor.prices import remove_price, set_price
from storefront.shop.editor.products import change_slug, change_texts, create_product
from storefront.shop.files.apply import Undecided, UnknownPath
from storefront.shop.files.plan import Choice, Plan
from storefront.shop.files.shop_state import read_shop
from storefront.shop.media.pictures import describe_picture
from storefront.shop.pages.edit import create_page, delete_page
from tests.shop.files.folders import apply, export, page, plan, replace_text, steps, write
from tests.shop.media.drawn import SLUG, add, draw, pictures_of, saved
from tests.support.databases import BOTH
from tests.support.rows import read_rows
from tests.support.terminal import Run

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@pytest.fixture
def folder(app: Flask, tmp_path: Path) -> Path:
    add(app, name="cover.png")
    root = tmp_path / "shop"
    export(app, root)
    return root


def page_of(folder: Path) -> Path:
    return folder / "products" / SLUG / "product.md"


def edit(app: Flask, **texts: str) -> None:
    with app.app_context():
        change_texts(SLUG, texts)


def text_of(app: Flask, column: str) -> object:
    return read_rows(app, f"SELECT {column} AS value FROM products WHERE first_slug = 'twinspot'")[0]["value"]


def test_names_what_would_change_field_by_field(app: Flask, folder: Path) -> None:
    replace_text(page_of(folder), "usd: 79.00", "usd: 89\n      eur: 80")
    replace_text(page_of(folder), "activation_limit: 3\nseats", "activation_limit: none\nseats")
    replace_text(folder / "shop.toml", '"twinspot", "the', '"the')
    replace_text(folder / "shop.toml", '"gridling"', '"gridling", "twinspot"')
    assert steps(app, folder) == [
        "change product twinspot activation_limit",
        "change price twinspot/team/usd amount",
        "make price twinspot/team/eur",
        "change shop shop order",
    ]
    old = read_rows(app, "SELECT id FROM prices WHERE amount_minor = 7900")
    apply(app, folder)
    assert plan(app, folder).plan.is_empty
    assert read_rows(app, "SELECT id, is_active FROM prices WHERE amount_minor = 7900") == [
        {"id": old[0]["id"], "is_active": 0}
    ]


@both
def test_writes_all_or_nothing(app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails at the end takes back what was written at the beginning."""
    replace_text(page_of(folder), "name: Twinspot", "name: Twins")

    def fail(*_args: object) -> None:
        raise RuntimeError("the power is gone")

    write(folder, {"products/aaa/product.md": page(), "products/aaa/cover.png": saved(draw())})
    replace_text(page_of(folder), "activation_limit: 3\nseats", "activation_limit: 4\nseats")
    with pytest.raises(RuntimeError, match="power"):
        apply(app, folder, after_product=fail)
    assert text_of(app, "name") == "Twinspot"
    assert read_rows(app, "SELECT slug FROM products WHERE slug = 'aaa'") == []
    apply(app, folder)
    assert text_of(app, "name") == "Twins"


def test_leaves_alone_what_is_not_named(app: Flask, tmp_path: Path) -> None:
    folder = write(tmp_path / "shop", {f"products/{SLUG}/product.md": "---\ntagline: Short.\n---\n"})
    assert steps(app, folder) == ["change product twinspot tagline"]
    apply(app, folder)
    assert (text_of(app, "summary"), text_of(app, "name")) == ("Short.", "Twinspot")


def test_prunes_what_the_folder_has_not(app: Flask, folder: Path) -> None:
    text = page_of(folder).read_text()
    start = text.index("  - key: team")
    page_of(folder).write_text(text[:start] + "pictures: []\n" + text[text.index("samples:") :])
    home = folder / "products" / "gridling"
    home.rename(folder.parent / "gone")
    replace_text(folder / "shop.toml", ', "gridling"', "")
    assert plan(app, folder).plan.is_empty
    assert steps(app, folder, prune=True) == [
        "remove product gridling",
        "remove edition twinspot/team",
        f"remove picture twinspot/{pictures_of(app)[0].sha256[:12]}",
    ]
    apply(app, folder, prune=True)
    states = read_rows(app, "SELECT slug, state FROM products WHERE state = 'retired'")
    assert states == [{"slug": "gridling", "state": "retired"}]
    assert read_rows(app, "SELECT key FROM editions WHERE NOT is_active") == [{"key": "team"}]
    assert pictures_of(app) == ()
    assert steps(app, folder, prune=True) == []


@pytest.mark.parametrize("in_folder", ["", "The folder's."], ids=["folder_untouched", "both_changed"])
def test_asks_whose_words_count(app: Flask, folder: Path, in_folder: str) -> None:
    edit(app, summary="The shop's.")
    if in_folder:
        text = page_of(folder).read_text()
        start, end = text.index("tagline: "), text.index("\nstate: ")
        page_of(folder).write_text(f"{text[:start]}tagline: {in_folder}{text[end:]}")
    replace_text(page_of(folder), "name: Twinspot", "name: Twins")
    conflict = plan(app, folder).plan.conflicts[0]
    assert (conflict.path, conflict.in_shop) == ("twinspot/tagline", "The shop's.")
    with pytest.raises(Undecided, match=r"twinspot/tagline.*--keep-shop or --take-folder"):
        apply(app, folder)
    assert (text_of(app, "name"), text_of(app, "summary")) == ("Twinspot", "The shop's.")
    with pytest.raises(UnknownPath, match=r"twinspot/tagine: nothing"):
        apply(app, folder, choice=Choice.SHOP, paths={"twinspot/tagine": Choice.SHOP})
    apply(app, folder, paths={"twinspot/tagline": Choice.SHOP})
    assert (text_of(app, "name"), text_of(app, "summary")) == ("Twins", "The shop's.")
    after = plan(app, folder).plan
    assert after.is_empty
    assert [kept.path for kept in after.kept] == ["twinspot/tagline"]
    edit(app, summary="The shop's again.")
    assert plan(app, folder).plan.conflicts
    apply(app, folder, choice=Choice.FOLDER)
    assert text_of(app, "summary") == conflict.in_folder
    assert plan(app, folder).plan == Plan(steps=(), conflicts=(), kept=())


def test_calls_a_picture_by_a_short_name_that_decides(app: Flask, folder: Path) -> None:
    with app.app_context():
        describe_picture(SLUG, pictures_of(app)[0].id, "The shop's words")
    replace_text(page_of(folder), "alt: ", "alt: The folder's ")
    (conflict,) = plan(app, folder).plan.conflicts
    assert conflict.path == f"twinspot/{pictures_of(app)[0].sha256[:12]}/alt"
    apply(app, folder, paths={conflict.path: Choice.SHOP})
    assert pictures_of(app)[0].alt == "The shop's words"
    assert plan(app, folder).plan.is_empty


def test_lets_the_folder_win_where_nobody_changed_the_shop(app: Flask, folder: Path) -> None:
    edit(app, summary="The shop's.")
    replace_text(page_of(folder), "name: Twinspot", "name: Twins")
    (folder / ".storefront-export.json").unlink()
    assert steps(app, folder) == ["change product twinspot name tagline"]
    apply(app, folder)
    assert text_of(app, "summary") != "The shop's."


def test_asks_before_it_brings_back_what_was_deleted(app: Flask, folder: Path) -> None:
    with app.app_context():
        delete_edition(SLUG, "team")
        create_product("New here", slug="new-here")
        change_texts("new-here", {"summary": "New."})
    conflicts = [conflict.path for conflict in plan(app, folder, prune=True).plan.conflicts]
    assert conflicts == ["twinspot/team", "twinspot/team/usd"]
    apply(app, folder, choice=Choice.SHOP)
    assert plan(app, folder).plan.is_empty
    apply(app, folder, choice=Choice.FOLDER)
    assert plan(app, folder).plan.is_empty
    assert read_rows(app, "SELECT is_active FROM editions WHERE key = 'team'") == [{"is_active": 1}]


def make_a_price(app: Flask, folder: Path) -> str:
    replace_text(page_of(folder), "usd: 79.00", "usd: 79.00\n      gbp: 12")
    with app.app_context():
        set_price(SLUG, "team", "gbp", 1500)
    return "twinspot/team/gbp/amount"


def make_an_edition(app: Flask, folder: Path) -> str:
    edition = "  - key: club\n    name: Club\n    line: The folder's.\n"
    replace_text(page_of(folder), "usd: 79.00\n", f"usd: 79.00\n{edition}")
    with app.app_context():
        add_edition(SLUG, "Club", line="The shop's.")
    return "twinspot/club/line"


def make_a_product(app: Flask, folder: Path) -> str:
    write(folder, {"products/new-here/product.md": "---\nname: New here\ntagline: The folder's.\n---\n"})
    with app.app_context():
        create_product("New here", texts={"summary": "The shop's."})
    return "new-here/tagline"


def make_a_page(app: Flask, folder: Path) -> str:
    write(folder, {"pages/about-us.md": "---\ntitle: About us\n---\nThe folder's.\n"})
    with app.app_context():
        create_page("About us", body_markdown="The shop's.")
    return "pages/about-us/text"


@pytest.mark.parametrize("make", [make_a_price, make_an_edition, make_a_product, make_a_page])
def test_asks_about_what_both_have_made_since(
    app: Flask, folder: Path, make: Callable[[Flask, Path], str]
) -> None:
    path = make(app, folder)
    (conflict,) = plan(app, folder).plan.conflicts
    assert conflict.path == path
    with pytest.raises(Undecided, match=path):
        apply(app, folder)
    apply(app, folder, choice=Choice.SHOP)
    for _ in range(2):
        after = plan(app, folder).plan
        assert after.is_empty
        assert after.kept == (conflict,)
        apply(app, folder)
    apply(app, folder, choice=Choice.FOLDER)
    assert plan(app, folder).plan == Plan(steps=(), conflicts=(), kept=())


def test_asks_nothing_about_what_both_have_made_alike(app: Flask, folder: Path) -> None:
    make_a_price(app, folder)
    replace_text(page_of(folder), "gbp: 12", "gbp: 15")
    assert plan(app, folder).plan == Plan(steps=(), conflicts=(), kept=())
    apply(app, folder)
    replace_text(page_of(folder), "gbp: 15", "gbp: 16")
    assert steps(app, folder) == ["change price twinspot/team/gbp amount"]


def test_asks_before_it_prunes_what_was_made_since(app: Flask, folder: Path) -> None:
    with app.app_context():
        set_price(SLUG, "team", "gbp", 1500)
    conflicts = [conflict.path for conflict in plan(app, folder, prune=True).plan.conflicts]
    assert conflicts == ["twinspot/team/gbp"]


def test_shows_the_price_that_it_asks_about(app: Flask, folder: Path, run: Run) -> None:
    with app.app_context():
        set_price(SLUG, "team", "gbp", 1500)
        remove_price(SLUG, "team", "usd")
    lines = run("shop", "plan", folder, "--prune").output.splitlines()
    asked = {line.split()[2]: [words.strip() for words in lines[place + 1 : place + 3]]
             for place, line in enumerate(lines) if line.startswith("decide")}  # fmt: skip
    assert asked == {
        "twinspot/team/usd:": ["shop:   none", "folder: $79.00"],
        "twinspot/team/gbp:": ["shop:   £15.00", "folder: none"],
    }


def take_the_edition_away(app: Flask, folder: Path) -> tuple[str, list[str]]:
    with app.app_context():
        delete_edition(SLUG, "team")
    replace_text(page_of(folder), "usd: 79.00", "usd: 79.00\n      gbp: 12")
    return "price", ["twinspot/team", "twinspot/team/usd"]


def take_the_page_away(app: Flask, folder: Path) -> tuple[str, list[str]]:
    with app.app_context():
        create_page("About us", body_markdown="The shop's.")
    export(app, folder)
    with app.app_context():
        delete_page("about-us")
    write(folder, {"pages/about-us.fr.md": "---\ntitle: Qui nous sommes\n---\nDeux personnes.\n"})
    return "translation", ["pages/about-us", "shop/page_order"]


@pytest.mark.parametrize("take_away", [take_the_edition_away, take_the_page_away])
def test_plans_no_part_of_what_stays_deleted(
    app: Flask, folder: Path, take_away: Callable[[Flask, Path], tuple[str, list[str]]]
) -> None:
    part, paths = take_away(app, folder)
    asked = plan(app, folder).plan
    assert ([conflict.path for conflict in asked.conflicts], asked.steps) == (paths, ())
    apply(app, folder, choice=Choice.SHOP)
    assert plan(app, folder).plan.is_empty
    apply(app, folder, choice=Choice.FOLDER)
    assert plan(app, folder).plan.is_empty
    with app.app_context():
        assert any(ref.kind == part and ref.path.startswith(paths[0]) for ref in read_shop(db.session()))
        db.session.remove()


def rename_in_shop(app: Flask, _folder: Path) -> None:
    with app.app_context():
        change_slug(SLUG, "twins")


def rename_in_folder(_app: Flask, folder: Path) -> None:
    page_of(folder).parent.rename(folder / "products" / "twins")
    replace_text(folder / "products" / "twins" / "product.md", "editions:", "aliases: [twinspot]\neditions:")
    replace_text(folder / "shop.toml", '"twinspot"', '"twins"')


@pytest.mark.parametrize("rename", [rename_in_shop, rename_in_folder])
def test_knows_a_product_by_its_old_name(app: Flask, folder: Path, rename: Callable[[Flask, Path], None]) -> None:
    rename(app, folder)
    apply(app, folder, choice=Choice.FOLDER)
    slugs = read_rows(app, "SELECT slug FROM products WHERE first_slug = 'twinspot'")
    assert slugs == [{"slug": "twinspot" if rename is rename_in_shop else "twins"}]
    assert plan(app, folder).plan.is_empty
    assert len(read_rows(app, "SELECT id FROM products")) == 4
