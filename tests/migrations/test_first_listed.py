"""What was listed before is no newer after the upgrade; a draft that nobody saw is new when it is listed."""

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.migrations import schema
from storefront.shop.catalog.models import ProductState
from storefront.shop.editor.products import change_slug
from storefront.shop.editor.states import set_state
from tests.migrations.tables import go_down
from tests.support.databases import BOTH
from tests.support.goods import make_product
from tests.support.rows import change_rows, read_rows

DATES = "SELECT slug, first_listed_at, created_at FROM products WHERE slug LIKE 'a-%' ORDER BY slug"


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_dates_what_was_listed_by_when_it_was_made(app: Flask) -> None:
    for state in ProductState:
        make_product(app, f"a-{state}", (100, "usd"), description="It.", grants_license=True, state=state)
    for slug in ("a-withheld", "a-early"):
        make_product(app, slug, (100, "usd"), description="It.", grants_license=True, state=ProductState.DRAFT)
    with app.app_context():
        set_state("a-withheld", ProductState.PUBLISHED)
        set_state("a-withheld", ProductState.UNLISTED)
        set_state("a-early", ProductState.PUBLISHED)
        change_slug("a-early", "a-later")
        change_slug("a-later", "a-renamed")
        set_state("a-renamed", ProductState.UNLISTED)
        db.session.remove()
    change_rows(app, "UPDATE products SET first_listed_at = NULL")
    for _ in range(2):
        with app.app_context():
            go_down(app, "0073")
            db.session.remove()
        schema.upgrade(app)
    dated = {row["slug"] for row in read_rows(app, DATES) if row["first_listed_at"] == row["created_at"]}
    empty = {row["slug"] for row in read_rows(app, DATES) if row["first_listed_at"] is None}
    assert dated == {"a-published", "a-announced", "a-retired", "a-withheld", "a-renamed"}
    assert empty == {"a-draft", "a-unlisted"}
