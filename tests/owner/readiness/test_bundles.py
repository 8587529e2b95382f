"""Ready to sell? What the list says of bundles, and the editor with it."""

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.owner.readiness.point import Point, State
from storefront.owner.readiness.read_facts import read_points
from tests.support.bundles import KIT, add_bundle
from tests.support.databases import BOTH
from tests.support.goods import change_product
from tests.support.people import make_person, sign_in_at_admin
from tests.support.rows import change_rows


def find_point(app: Flask) -> Point | None:
    with app.test_request_context():
        points = read_points()
        db.session.remove()
    return next((point for point in points if point.code == "bundles"), None)


@pytest.mark.postgresql
@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_tells_of_a_part_that_hands_out_nothing(app: Flask) -> None:
    assert find_point(app) is None
    add_bundle(app)
    point = find_point(app)
    assert point is not None
    assert (point.state, point.sentence) == (State.DONE, "One bundle hands out something of each part.")
    change_rows(app, "UPDATE releases SET withdrawn_at = published_at WHERE version = 'First edition'")
    point = find_point(app)
    assert point is not None
    assert point.state is State.TO_DO
    assert point.sentence.startswith("Starter kit: The Patient Toolmaker has no files yet")
    change_product(app, "the-patient-toolmaker", grants_download=False)
    point = find_point(app)
    assert point is not None
    assert "hands out nothing" in point.sentence


def test_tells_of_a_part_that_is_not_sold_by_itself_and_takes_that_for_no_fault(app: Flask) -> None:
    add_bundle(app)
    change_product(app, "twinspot", state="retired")
    point = find_point(app)
    assert point is not None
    assert point.state is State.DONE
    said = "Twinspot is retired: buyers of the bundle get it all the same."
    assert point.more == (f"Starter kit: {said}",)
    assert said in sign_in_at_admin(app, make_person(app)).get(f"/admin/products/{KIT[0]}").text


def test_says_nothing_of_bundles_that_nobody_can_buy(app: Flask) -> None:
    add_bundle(app)
    change_product(app, KIT[0], state="draft")
    assert find_point(app) is None
