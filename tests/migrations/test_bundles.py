"""Taking the tables of bundles away leaves buyers what they were handed."""

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.migrations import schema
from tests.migrations.tables import go_down
from tests.support.bundles import KIT, add_bundle
from tests.support.databases import BOTH
from tests.support.rows import read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import keys_on

BEFORE = "0036"


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_keeps_keys_and_files_of_parts_on_the_way_down_and_up(app: Flask, sandbox: SandboxClient) -> None:
    add_bundle(app)
    sale = sell(app, sandbox, KIT, ("soft-taps", "Studio"))
    grants = read_rows(app, "SELECT id, order_item_id, product_id FROM grants ORDER BY id")
    with app.app_context():
        go_down(app, BEFORE)
        db.session.remove()
    schema.upgrade(app)
    assert read_rows(app, "SELECT id, order_item_id, product_id FROM grants ORDER BY id") == grants
    page = sale.order_page()
    assert keys_on(page) == sale.keys
    assert all(name in page for name in ("twinspot-2.1.zip", "the-patient-toolmaker.epub", "soft-taps-1.2.zip"))
