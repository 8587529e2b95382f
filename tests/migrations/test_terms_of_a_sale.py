"""Past sales keep by a migration what today's settings gave them."""

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.migrations import schema
from tests.migrations.tables import go_down
from tests.support.databases import BOTH
from tests.support.goods import change_product
from tests.support.rows import change_rows, read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient

KEPT = """
SELECT grants_license, grants_download, one_key_per_order_item, activation_limit, seats, license_days,
    license_until, update_days, download_limit, download_days
FROM order_items ORDER BY id
"""


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_fills_the_terms_of_every_past_sale_from_the_settings_of_today(app: Flask, sandbox: SandboxClient) -> None:
    change_product(app, "twinspot", license_days=30, update_days=365, download_limit=4)
    change_rows(app, "UPDATE editions SET update_days = 7 WHERE name = 'Team'")
    sell(app, sandbox, ("twinspot", "Personal"), ("twinspot", "Team"), ("soft-taps", "Studio"))
    before = read_rows(app, KEPT)
    assert [row["update_days"] for row in before] == [365, 7, None]
    with app.app_context():
        go_down(app, "0024")
        db.session.remove()
    schema.upgrade(app)
    assert read_rows(app, KEPT) == before
