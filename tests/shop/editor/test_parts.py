"""What an edition may include: one edition of each of other products, none of which is a bundle."""

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.core.db import db
from storefront.shop.catalog.models import ProductState
from storefront.shop.editor.editions import add_edition, delete_edition
from storefront.shop.editor.parts import set_parts
from storefront.shop.editor.products import create_product
from storefront.shop.editor.refusals import NotReady, ProductRefused, StaleSave
from storefront.shop.editor.stale import digest_of
from storefront.shop.editor.states import set_state
from tests.cli.commands import done, refused
from tests.shop.editor.acts import at_once
from tests.support.bundles import KIT, PARTS, add_bundle
from tests.support.databases import BOTH
from tests.support.rows import read_rows

both = pytest.mark.parametrize("engine", BOTH, indirect=True)


def test_names_each_part_by_product_and_edition_or_by_a_product_that_has_one(app: Flask) -> None:
    add_bundle(app)
    with app.app_context():
        assert set_parts(KIT[0], "kit", PARTS) is None
        assert set_parts(KIT[0], "kit", ["gridling", "twinspot/Team"]) == [
            "gridling/desktop-and-web",
            "twinspot/team",
        ]
        set_state(KIT[0], ProductState.DRAFT)
        assert set_parts(KIT[0], "kit", []) == []
        db.session.remove()
    assert read_rows(app, "SELECT id FROM bundle_parts") == []


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (["nothing/personal"], "There is no product nothing"),
        ([""], "There is no product"),
        (["twin\0spot/team"], "There is no product"),
        (["twinspot/huge"], "Twinspot has no edition huge"),
        (["twinspot"], "say twinspot/personal or twinspot/team"),
        (["starter-kit/kit"], "Starter kit cannot include itself"),
        (["twinspot/team", "twinspot/personal"], "Twinspot is named twice"),
        (["other-kit/kit"], "Other kit is a bundle itself"),
    ],
)
def test_refuses_what_cannot_be_a_part(app: Flask, parts: list[str], words: str) -> None:
    add_bundle(app)
    add_bundle(app, slug="other-kit", name="Other kit")
    with app.app_context():
        with pytest.raises(ProductRefused, match=words):
            set_parts(KIT[0], "kit", parts)
        db.session.remove()
    assert len(read_rows(app, "SELECT id FROM bundle_parts")) == 4


def test_refuses_that_a_part_becomes_a_bundle(app: Flask) -> None:
    add_bundle(app)
    with app.app_context():
        with pytest.raises(ProductRefused, match="Starter kit includes Twinspot"):
            set_parts("twinspot", "team", ["soft-taps/studio"])
        db.session.remove()


@both
def test_lets_one_of_two_owners_nest_bundles(app: Flask) -> None:
    acts = (
        lambda: set_parts("twinspot", "team", ["the-patient-toolmaker"]),
        lambda: set_parts("soft-taps", "studio", ["twinspot/team"]),
    )
    assert at_once(app, *acts) == ["", "product_refused"]
    assert len(read_rows(app, "SELECT id FROM bundle_parts")) == 1


@both
def test_shows_the_second_of_two_saves_what_the_first_one_did(app: Flask) -> None:
    add_bundle(app)
    shown = {"includes": digest_of(list(PARTS))}
    with app.app_context():
        assert set_parts(KIT[0], "kit", ["gridling"], shown=shown)
        with pytest.raises(StaleSave):
            set_parts(KIT[0], "kit", ["soft-taps/studio"], shown=shown)
        db.session.remove()


def test_deletes_no_edition_that_a_bundle_includes(app: Flask) -> None:
    with app.app_context():
        add_edition("twinspot", "Guest")
        db.session.remove()
    add_bundle(app, "twinspot/guest")
    with app.app_context():
        with pytest.raises(ProductRefused, match="part of a bundle"):
            delete_edition("twinspot", "guest")
        db.session.remove()


def test_deletes_a_bundle_that_nobody_bought_and_leaves_its_parts(app: Flask) -> None:
    add_bundle(app)
    with app.app_context():
        delete_edition(KIT[0], "kit")
        db.session.remove()
    assert read_rows(app, "SELECT id FROM bundle_parts") == []
    assert len(read_rows(app, "SELECT id FROM editions WHERE key = 'personal'")) == 1


def test_sells_a_bundle_without_goods_of_its_own_and_nothing_without_any(app: Flask) -> None:
    add_bundle(app)
    with app.app_context():
        set_state(KIT[0], ProductState.DRAFT)
        set_parts(KIT[0], "kit", [])
        with pytest.raises(NotReady, match="the products of a bundle"):
            set_state(KIT[0], ProductState.PUBLISHED)
        create_product("Nothing")
        db.session.remove()


def test_is_said_and_shown_on_a_terminal(app: Flask, command: CliRunner) -> None:
    add_bundle(app)
    include = ("editions", "include", KIT[0], "kit")
    said = done(command, *include, "gridling", "twinspot/team")
    assert "starter-kit/kit: includes gridling/desktop-and-web, twinspot/team now." in said
    assert "starter-kit/kit: as before." in done(command, *include, "gridling", "twinspot/team")
    assert "includes gridling/desktop-and-web, twinspot/team" in done(command, "products", "show", KIT[0])
    for words in ((), ("gridling", "--nothing")):
        assert "Name what it includes" in refused(command, *include, *words)
    assert "Gridling is named twice" in refused(command, *include, "gridling", "gridling")
    assert "get nothing: retire it first" in refused(command, *include, "--nothing")
    done(command, "products", "retire", KIT[0])
    assert "includes nothing now" in done(command, *include, "--nothing")
