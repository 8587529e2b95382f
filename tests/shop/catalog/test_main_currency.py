"""The currency that an owner wants first: for who chose none, and in every list of currencies."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import text

from storefront.cli import main
from storefront.core.db import db, transaction
from storefront.owner.readiness.point import Point, State
from storefront.owner.readiness.read_facts import read_points
from storefront.shop.catalog.products import get_product_page
from storefront.shop.editor import prices
from storefront.shop.found.faces import face_of
from storefront.shop.profile.change import ProfileRefused, change_profile
from storefront.shop.profile.read import read_profile
from tests.cli.commands import done, read_json, refused
from tests.owner.admin.editor_forms import said, shown_in
from tests.shop.files.folders import mistakes, plan, write
from tests.support.databases import BOTH
from tests.support.goods import change_product, set_price
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.shop import Buyer
from tests.support.statements import counted

BOTH_PAGES = ("/", "/products/twinspot")
FALLS_BACK = "Nothing has a price in GBP, so the currency that was priced first comes first."


@pytest.fixture(autouse=True)
def priced(app: Flask) -> None:
    """Everything was sold in dollars first."""
    set_price(app, "twinspot", "personal", "eur", 1800)
    set_price(app, "twinspot", "team", "eur", 7400)


def choose(app: Flask, currency: str) -> list[str]:
    with app.app_context():
        changed = change_profile({"main_currency": currency})
        db.session.remove()
    return changed


def find_point(app: Flask) -> Point | None:
    with app.test_request_context():
        points = read_points()
        db.session.remove()
    return next((point for point in points if point.code == "main_currency"), None)


def planned(command: CliRunner, folder: Path) -> str:
    """What there is to do, and notes beside it."""
    answer = command.invoke(main, ["shop", "plan", str(folder)])
    assert answer.exit_code == 2, answer.output
    return answer.stdout


def listed_on(page: str) -> list[str]:
    return re.findall(r">([A-Z]{3})</(?:a|strong)>", page)


def current_on(page: str) -> list[str]:
    return re.findall(r'<strong aria-current="true">([A-Z]{3})</strong>', page)


@pytest.mark.postgresql
@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_is_shown_to_who_chose_none(app: Flask) -> None:
    chosen = Buyer(app)
    chosen.get("/?currency=usd")
    for path in BOTH_PAGES:
        assert "$19.00" in Buyer(app).get(path).text
    assert choose(app, " EUR ") == ["main_currency"]
    for path in BOTH_PAGES:
        page = Buyer(app).get(path).text
        assert "€18.00" in page
        assert "$19.00" not in page
        assert (listed_on(page), current_on(page)) == (["EUR", "USD"], ["EUR"])
        seen = chosen.get(path).text
        assert "$19.00" in seen
        assert current_on(seen) == ["USD"]
    assert choose(app, "") == ["main_currency"]
    assert "$19.00" in Buyer(app).get("/").text


def test_is_shown_of_a_product_that_is_first_sold_in_another_alone(app: Flask) -> None:
    """Its first edition has no price in it; a picture for networks says what the page says."""
    with app.app_context():
        prices.remove_price("twinspot", "personal", "eur")
    before = Buyer(app).get(BOTH_PAGES[1]).text
    choose(app, "eur")
    page = Buyer(app).get(BOTH_PAGES[1]).text
    assert "€74.00" in page
    assert "$19.00" not in page
    assert (listed_on(page), current_on(page)) == (["EUR", "USD"], ["EUR"])
    shares = [re.findall(r"share-[0-9a-f]+", seen)[0] for seen in (before, page)]
    assert shares[0] != shares[1]
    with app.app_context():
        drawn = face_of(get_product_page("twinspot", "usd"), (), read_profile())
        db.session.remove()
    assert drawn.words.price == "€74.00"
    chosen = Buyer(app).get("/products/twinspot?currency=usd").text
    assert current_on(chosen) == ["USD"]


def test_leaves_products_without_it_as_they_are(app: Flask) -> None:
    choose(app, "eur")
    assert "$14.00" in Buyer(app).get("/products/the-patient-toolmaker").text
    page = Buyer(app).get("/").text
    assert "$14.00" in page
    assert current_on(page) == ["EUR"]


@pytest.mark.parametrize("path", BOTH_PAGES)
def test_counts_for_pages_that_are_kept_when_another_process_changes_it(app: Flask, path: str) -> None:
    visitor = app.test_client()
    before = visitor.get(path)
    assert "$19.00" in before.text
    change_rows(app, "UPDATE shop_profile SET main_currency = 'eur'")
    tag = {"If-None-Match": before.headers["ETag"]} if "ETag" in before.headers else {}
    after = visitor.get(path, headers=tag)
    assert after.status_code == 200
    assert "€18.00" in after.text


@pytest.mark.parametrize(
    "path", ["/buy/twinspot", "/buy/twinspot?edition=personal", "/buy/twinspot/frame?origin={}"]
)
def test_leaves_links_on_other_sites_as_they_were(app: Flask, path: str) -> None:
    """None of them names a currency: each was pasted when the edition was sold in dollars first."""
    site = "https://blog.example"
    with app.app_context():
        change_profile({"frame_origins": site})
        db.session.remove()
    choose(app, "eur")
    page = Buyer(app).get(path.format(site)).text
    assert "$19.00" in page
    assert "€18.00" not in page
    assert "€18.00" in Buyer(app).get("/buy/twinspot?currency=eur").text


def test_is_named_by_links_whichever_comes_first(app: Flask) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    for currency in ("usd", "eur"):
        choose(app, currency)
        page = owner.get("/admin/products/twinspot/links").text
        assert "/buy/twinspot?edition=personal<" not in page
        named = set(re.findall(r"/buy/twinspot\?edition=personal&amp;currency=([a-z]+)", page))
        assert named == {"eur", "usd"}


@pytest.mark.parametrize("engine", BOTH, indirect=True)
@pytest.mark.parametrize(
    ("main", "gone", "price"),
    [
        ("eur", ["usd"], "\u20ac18.00"),
        ("", ["usd"], "\u00a315.00"),
        ("usd", ["usd"], "\u00a315.00"),
        ("eur", ["usd", "eur"], "\u00a315.00"),
        ("eur", ["gbp"], "$19.00"),
        ("eur", [], "$19.00"),
    ],
)
def test_comes_next_for_links_whose_first_currency_is_not_sold(
    app: Flask, main: str, gone: list[str], price: str
) -> None:
    """Priced in dollars, pounds and euros, one after the other."""
    change_rows(app, "DELETE FROM prices WHERE currency = 'eur'")
    for currency, amount in (("gbp", 1500), ("eur", 1800)):
        set_price(app, "twinspot", "personal", currency, amount)
    if main:
        choose(app, main)
    with app.app_context():
        for currency in gone:
            prices.remove_price("twinspot", "personal", currency)
        db.session.remove()
    for path in ("/buy/twinspot", "/buy/twinspot?edition=personal"):
        assert set(re.findall(r"[$\u20ac\u00a3][0-9.]+", Buyer(app).get(path).text)) == {price}
    currency = {"$": "usd", "\u20ac": "eur", "\u00a3": "gbp"}[price[0]]
    refused_page = Buyer(app).get("/buy/twinspot?edition=nothing").text
    assert f"edition=personal&amp;currency={currency}" in refused_page


@pytest.mark.parametrize("key", ["personal", "team"])
def test_leaves_copied_links_in_their_currency_when_the_first_one_comes_back(app: Flask, key: str) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    set_price(app, "twinspot", key, "eur", 1800)
    for _ in range(2):
        with app.app_context():
            prices.remove_price("twinspot", key, "usd")
            db.session.remove()
        page = owner.get("/admin/products/twinspot/links").text
        (link,) = set(re.findall(rf"/buy/twinspot\?edition={key}[^<\s]*(?=<)", page))
        set_price(app, "twinspot", key, "usd", 1900)
        sold_at = Buyer(app).get(link.replace("&amp;", "&")).text
        assert ("\u20ac18.00" in sold_at, "$19.00" in sold_at) == (True, False)


@pytest.mark.parametrize("path", BOTH_PAGES)
def test_costs_no_statement(app: Flask, path: str) -> None:
    costs = []
    for currency in ("usd", "eur"):
        choose(app, currency)
        with counted(app) as statements:
            Buyer(app).get(path)
        costs.append(len(statements))
    assert costs[0] == costs[1]


def test_falls_back_where_nothing_is_sold_in_it_any_more_and_says_so(app: Flask) -> None:
    set_price(app, "twinspot", "personal", "gbp", 1500)
    choose(app, "gbp")
    owner = sign_in_at_admin(app, make_person(app))
    assert "£15.00" in Buyer(app).get("/").text
    assert find_point(app) is None
    assert FALLS_BACK not in owner.get("/admin/shop").text
    with app.app_context():
        prices.remove_price("twinspot", "personal", "gbp")
    for path in BOTH_PAGES:
        assert "$19.00" in Buyer(app).get(path).text
    point = find_point(app)
    assert point is not None
    assert (point.state, point.where) == (State.TO_DO, "/admin/shop#currency")
    assert point.sentence == f"{FALLS_BACK} Choose another, or set a price."
    page = owner.get("/admin/shop").text
    assert FALLS_BACK in page
    assert '<option value="gbp" selected>GBP</option>' in page
    assert choose(app, "gbp") == []  # saved once more, it is no mistake
    set_price(app, "twinspot", "personal", "gbp", 1500)
    assert "£15.00" in Buyer(app).get("/").text
    assert find_point(app) is None
    change_product(app, "twinspot", state="retired")
    assert find_point(app) is not None


@pytest.mark.parametrize(
    ("currency", "words"),
    [
        ("gbp", "Nothing has a price in GBP: the main currency is one of EUR, USD."),
        ("xxx", "'xxx' is no currency that people pay in today: write three letters, like EUR."),
        ("euro", "The main currency has 4 characters, and 3 fit."),
    ],
)
def test_refuses_what_nothing_is_sold_in(app: Flask, currency: str, words: str) -> None:
    with app.app_context():
        with pytest.raises(ProfileRefused) as said_no:
            change_profile({"main_currency": currency})
        db.session.remove()
    assert said_no.value.problems == {"main_currency": words}
    assert read_rows(app, "SELECT main_currency FROM shop_profile") == [{"main_currency": ""}]


def test_is_none_of_a_shop_without_prices(app: Flask) -> None:
    change_rows(app, "UPDATE prices SET is_active = false")
    with app.app_context():
        with pytest.raises(ProfileRefused, match="the main currency is none, until something has a price"):
            change_profile({"main_currency": "usd"})
        db.session.remove()


def test_is_chosen_on_the_page_of_the_shop(app: Flask) -> None:
    owner = sign_in_at_admin(app, make_person(app))
    page = owner.get("/admin/shop").text
    options = re.findall(r'<option value="([a-z]*)"( selected)?>', page[page.index('id="main_currency"') :])
    assert options[:3] == [("", " selected"), ("eur", ""), ("usd", "")]
    shown = shown_in(page, "currency")
    no = owner.post("/admin/shop/currency", main_currency="gbp", **shown)
    assert no.status_code == 400
    assert "Nothing has a price in GBP: the main currency is one of EUR, USD." in no.text
    assert '<option value="gbp" selected>GBP</option>' in no.text
    assert "Saved." in said(owner, owner.post("/admin/shop/currency", main_currency="eur", **shown))
    late = owner.post("/admin/shop/currency", main_currency="usd", **shown)
    assert (late.status_code, "<blockquote>eur</blockquote>" in late.text) == (409, True)
    assert "€18.00" in Buyer(app).get("/").text


def test_comes_first_for_the_owner(app: Flask, command: CliRunner) -> None:
    choose(app, "eur")
    owner = sign_in_at_admin(app, make_person(app))
    listed = re.search(r"Twinspot.*?</tr>", owner.get("/admin/products").text, re.DOTALL)
    assert listed
    assert re.findall(r"[$€][0-9.]+", listed[0]) == ["€18.00", "$19.00"]
    links = owner.get("/admin/products/twinspot/links").text
    euros, dollars = (f"/buy/twinspot?edition=personal&amp;currency={each}" for each in ("eur", "usd"))
    assert 0 < links.index(euros) < links.index(dollars)
    done(command, "products", "create", "Fresh")
    assert 'name="currency" type="text" value="EUR"' in owner.get("/admin/products/fresh").text
    words = ("orders", "give", "ada@example.com", "twinspot/personal", "--because", "won a raffle")
    assert command.invoke(main, words).exit_code == 0
    assert read_rows(app, "SELECT currency FROM orders") == [{"currency": "eur"}]


def test_is_set_by_a_command_and_kept_in_the_history(app: Flask, command: CliRunner) -> None:
    edit = ("shop", "edit", "--main-currency")
    assert read_json(command, *edit, "EUR") == {"changed": ["main_currency"]}
    assert "nothing" in done(command, *edit, "eur")
    assert read_json(command, "shop", "show")["main_currency"] == "eur"
    assert "the main currency is one of EUR, USD." in refused(command, *edit, "gbp")
    entries = read_rows(app, "SELECT before, after FROM audit_entries WHERE verb = 'shop.changed'")
    assert entries == [{"before": '{"main_currency": ""}', "after": '{"main_currency": "eur"}'}]


def test_is_in_a_shop_as_files(app: Flask, command: CliRunner, tmp_path: Path) -> None:
    choose(app, "eur")
    folder = tmp_path / "shop"
    done(command, "shop", "export", str(folder))
    file, product = folder / "shop.toml", folder / "products" / "twinspot" / "product.md"
    assert 'main_currency = "eur"' in file.read_text()
    file.write_text(file.read_text().replace('"eur"', '"GBP"'))
    plain = product.read_text()
    assert f"shop/main_currency: {FALLS_BACK}" in planned(command, folder)
    product.write_text(re.sub(r"( +)usd: 19.00\n", r"\1usd: 19.00\n\1gbp: 15.00\n", plain))
    assert FALLS_BACK not in planned(command, folder)
    done(command, "shop", "apply", str(folder))
    assert "£15.00" in Buyer(app).get("/products/twinspot").text
    product.write_text(plain)
    assert FALLS_BACK in done(command, "shop", "apply", str(folder), "--prune")
    assert "€18.00" not in Buyer(app).get("/products/twinspot").text
    assert plan(app, folder).plan.steps == ()


def test_refuses_a_folder_with_what_is_no_currency(app: Flask, tmp_path: Path) -> None:
    folder = write(tmp_path / "shop", {"shop.toml": 'main_currency = "xxx"\n'})
    assert mistakes(app, folder) == [
        "shop.toml:1: main_currency: 'xxx' is no currency that people pay in today: write three letters, like EUR."
    ]


def test_is_none_where_an_older_version_makes_the_row(app: Flask) -> None:
    """It serves beside this one during an upgrade, and knows no such column."""
    [row] = read_rows(app, "SELECT * FROM shop_profile")
    known = [name for name in row if name != "main_currency"]
    places = ", ".join(f":{name}" for name in known)
    with app.app_context(), transaction() as session:
        session.execute(text("DELETE FROM shop_profile"))
        session.execute(text(f"INSERT INTO shop_profile ({', '.join(known)}) VALUES ({places})"), row)
    assert "$19.00" in Buyer(app).get("/").text
    assert choose(app, "eur") == ["main_currency"]
