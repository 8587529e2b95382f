"""The order of products in the shop: by buttons, by a place that is typed, and by command."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner
from flask import Flask

from storefront.shop.editor.order import move_product, move_product_beside, move_product_by
from storefront.shop.editor.products import create_product
from tests.cli.commands import done, refused
from tests.owner.admin.editor_forms import said
from tests.shop.editor.acts import at_once
from tests.support.databases import BOTH
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows, read_rows
from tests.support.shop import Buyer

FOUR = ["twinspot", "the-patient-toolmaker", "soft-taps", "gridling"]


@pytest.fixture
def owner(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app))


def order_of(app: Flask) -> list[str]:
    return [row["slug"] for row in read_rows(app, "SELECT slug FROM products ORDER BY position, id")]


def test_moves_products_by_buttons_and_by_their_place(app: Flask, owner: Buyer) -> None:
    assert order_of(app) == FOUR
    assert "Moved." in said(owner, owner.post("/admin/products/gridling/move", to="up"))
    assert order_of(app) == ["twinspot", "the-patient-toolmaker", "gridling", "soft-taps"]
    owner.post("/admin/products/twinspot/move", to="down", position="1")
    owner.post("/admin/products/soft-taps/move", position="1")
    assert order_of(app) == ["soft-taps", "the-patient-toolmaker", "twinspot", "gridling"]
    shop = Buyer(app).get("/").text
    places = [shop.index(f"/products/{slug}") for slug in order_of(app)]
    assert places == sorted(places)
    assert "Nothing was changed." in said(owner, owner.post("/admin/products/soft-taps/move", to="up"))
    verbs = read_rows(app, "SELECT subject, before, after FROM audit_entries WHERE verb = 'product.moved'")
    assert [row["subject"] for row in verbs] == ["gridling", "twinspot", "soft-taps"]


@pytest.mark.parametrize("place", ["0", "-1", "first", "", "1.5", "1" * 400, "\u0661"])
def test_keeps_a_place_that_is_none_beside_its_sentence(app: Flask, owner: Buyer, place: str) -> None:
    answer = owner.post("/admin/products/gridling/move", position=place)
    assert answer.status_code == 400
    assert "Place" in answer.text
    assert f'value="{place[:20]}"' in answer.text
    assert order_of(app) == FOUR


def test_puts_new_products_at_the_end_and_sorts_those_with_one_position(app: Flask) -> None:
    change_rows(app, "UPDATE products SET position = 0")
    with app.app_context():
        assert create_product("Last one") == "last-one"
        assert move_product("gridling", 2)
        assert move_product("gridling", 2) is False
        assert move_product_by("last-one", 7) is False
    assert order_of(app) == ["twinspot", "gridling", "the-patient-toolmaker", "soft-taps", "last-one"]


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_moves_for_all_who_move_at_once(app: Flask) -> None:
    acts: list[Callable[[], object]] = [
        lambda: move_product("gridling", 1),
        lambda: move_product_by("twinspot", 1),
        lambda: move_product_beside("soft-taps", "twinspot", is_after=False),
        lambda: create_product("A new one"),
    ]
    assert at_once(app, *acts) == [""] * 4
    rows = read_rows(app, "SELECT position FROM products ORDER BY position")
    assert len({row["position"] for row in rows}) == len(rows)
    assert order_of(app)[-1] == "a-new-one"


def test_moves_by_command(app: Flask, command: CliRunner) -> None:
    done(command, "products", "move", "gridling", "--first")
    done(command, "products", "move", "twinspot", "--last")
    done(command, "products", "move", "soft-taps", "--before", "the-patient-toolmaker")
    assert order_of(app) == ["gridling", "soft-taps", "the-patient-toolmaker", "twinspot"]
    done(command, "products", "move", "gridling", "--after", "soft-taps")
    assert order_of(app) == ["soft-taps", "gridling", "the-patient-toolmaker", "twinspot"]
    assert "stood there already" in done(command, "products", "move", "gridling", "--after", "soft-taps")
    assert "Say where" in refused(command, "products", "move", "gridling")
    assert "Say where" in refused(command, "products", "move", "gridling", "--first", "--last")
    assert "beside itself" in refused(command, "products", "move", "gridling", "--before", "gridling")
    assert refused(command, "products", "move", "gridling", "--before", "nowhere")
