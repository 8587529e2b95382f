"""Nothing is for sale whose buyers would get nothing: a slip is refused, an emergency is told."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.core.db import db
from storefront.owner.health.trouble import read_trouble
from storefront.shop.catalog.models import ProductState
from storefront.shop.catalog.publish import withdraw
from storefront.shop.editor.editions import add_edition
from storefront.shop.editor.goods import find_selling_nothing
from storefront.shop.editor.parts import set_parts
from storefront.shop.editor.prices import read_amount, set_price
from storefront.shop.editor.product_settings import SettingRefused, change_product_settings
from storefront.shop.editor.refusals import ProductRefused
from storefront.shop.editor.states import set_state
from tests.cli.commands import done, read_json
from tests.owner.admin.editor_forms import TWINSPOT, said, shown_in
from tests.shop.files.folders import apply, empty_catalog, export, mistakes, replace_text
from tests.support.bundles import KIT, PARTS, add_bundle
from tests.support.databases import BOTH
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer
from tests.support.statements import counted

BOOK = "the-patient-toolmaker"  # brings files and no key
both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@pytest.fixture
def owner(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app))


def withdraw_all(app: Flask, owner: Buyer, slug: str) -> str:
    """What the page says after the last release was withdrawn."""
    page = ""
    for version in versions_of(app, slug):
        page = said(owner, owner.post(f"/admin/products/{slug}/files/{version}/withdraw"))
    return page


def versions_of(app: Flask, slug: str) -> list[str]:
    query = f"SELECT version FROM releases r JOIN products p ON p.id = r.product_id WHERE p.slug = '{slug}'"
    return [str(row["version"]) for row in read_rows(app, query)]


def test_refuses_that_what_is_for_sale_hands_out_nothing(app: Flask, owner: Buyer) -> None:
    page = owner.get(TWINSPOT).text
    form = {"key_source": "generated", "pool_low_at": "20", "pool_very_low_at": "5"}
    answer = owner.post(f"{TWINSPOT}/settings", **form, **shown_in(page, "settings"))
    assert answer.status_code == 400
    assert "Its buyers would pay and get nothing: retire it first" in answer.text
    with app.app_context():
        for state in (ProductState.UNLISTED, ProductState.PUBLISHED):
            set_state("twinspot", state)
            with pytest.raises(SettingRefused, match="get nothing"):
                change_product_settings("twinspot", {"grants_license": False, "grants_download": False})
        assert find_selling_nothing(db.session()) == ()
        for state in (ProductState.RETIRED, ProductState.DRAFT, ProductState.ANNOUNCED):
            set_state("twinspot", state)
            change_product_settings("twinspot", {"grants_license": False, "grants_download": False})
            change_product_settings("twinspot", {"grants_license": True, "grants_download": True})


def test_refuses_files_alone_where_there_are_none(app: Flask) -> None:
    with app.app_context():
        set_state("soft-taps", ProductState.RETIRED)
        change_product_settings("soft-taps", {"grants_license": True, "grants_download": False})
        set_state("soft-taps", ProductState.PUBLISHED)
        change_product_settings("soft-taps", {"grants_download": True})
    versions = versions_of(app, "soft-taps")
    with app.app_context():
        for version in versions:
            withdraw("soft-taps", version)
        with pytest.raises(SettingRefused, match="get nothing"):
            change_product_settings("soft-taps", {"grants_license": False})
        db.session.remove()


@both
def test_keeps_the_parts_of_a_bundle_that_is_for_sale(app: Flask) -> None:
    add_bundle(app)
    with app.app_context():
        with pytest.raises(ProductRefused, match="get nothing"):
            set_parts(KIT[0], "kit", [])
        db.session.remove()
        assert find_selling_nothing(db.session()) == ()
        add_edition(KIT[0], "Empty")
        set_price(KIT[0], "empty", "usd", read_amount("5.00", "usd"))
        db.session.remove()
        assert find_selling_nothing(db.session()) == (KIT[0],), "an edition of a bundle without parts"


@both
def test_moves_a_bundle_with_an_edition_that_includes_nothing(app: Flask, tmp_path: Path) -> None:
    """What a shop has it may export and apply elsewhere; and what gives more is no slip."""
    add_bundle(app)
    with app.app_context():
        add_edition(KIT[0], "Tip")
        set_price(KIT[0], "tip", "usd", read_amount("5.00", "usd"))
        db.session.remove()
    export(app, tmp_path / "shop")
    empty_catalog(app)
    apply(app, tmp_path / "shop")
    assert read_rows(app, f"SELECT state FROM products WHERE slug = '{KIT[0]}'") == [{"state": "published"}]
    with app.app_context():
        change_product_settings(KIT[0], {"grants_download": True})
        db.session.remove()


def test_keeps_the_parts_of_a_bundle_in_a_folder(app: Flask, tmp_path: Path) -> None:
    add_bundle(app)
    export(app, tmp_path / "shop")
    page = tmp_path / "shop" / "products" / KIT[0] / "product.md"
    parts = "".join(f"      - {part}\n" for part in PARTS)
    replace_text(page, f"includes:\n{parts}", "includes: []\n")
    (said,) = mistakes(app, tmp_path / "shop")
    assert "includes: Its buyers would pay and get nothing" in said


@both
def test_withdraws_the_last_release_and_says_that_it_is_still_for_sale(
    app: Flask, owner: Buyer, command: CliRunner
) -> None:
    assert "still for sale" not in owner.get(f"/admin/products/{BOOK}/files").text
    page = withdraw_all(app, owner, BOOK)
    assert "It is still for sale, and who buys it gets nothing." in page
    editor = owner.get(f"/admin/products/{BOOK}").text
    assert "It is for sale, and this is missing:" in editor
    assert "Upload a file and publish its release" in editor
    told = f"Who buys this pays and gets nothing: {BOOK}; publish a release"
    assert told in owner.get("/admin").text
    assert told in done(command, "status")
    (version, *_others) = versions_of(app, BOOK)
    assert f"`storefront products retire {BOOK}`" in done(command, "releases", "withdraw", BOOK, version)
    assert read_json(command, "releases", "withdraw", BOOK, version)["sells_nothing"] is True
    with app.app_context():
        change_product_settings(BOOK, {"download_limit": 3})  # what has nothing to do with it is saved
        db.session.remove()
    assert owner.post(f"/admin/products/{BOOK}/state", state="retired").status_code == 303
    assert "still for sale" not in owner.get(f"/admin/products/{BOOK}/files").text
    assert told not in done(command, "status")


def test_looks_for_it_with_one_statement(app: Flask) -> None:
    with app.app_context(), counted(app) as statements:
        assert find_selling_nothing(db.session()) == ()
    assert len(statements) == 1
    with app.app_context():
        assert read_trouble().selling_nothing == ()


def test_promises_no_buyer_what_may_never_come(app: Flask, owner: Buyer, sandbox: SandboxClient) -> None:
    withdraw_all(app, owner, BOOK)
    buyer = Buyer(app)
    buyer.add(BOOK, "E-book")
    session_id = buyer.check_out()
    sandbox.pay(session_id)
    page = buyer.land(session_id).text
    assert "nothing to download right now" in page
    assert "It appears here" not in page
