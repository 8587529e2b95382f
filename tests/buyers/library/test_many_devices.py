"""A key with very many devices: a page at a time, and a limit that no seller can leave out."""

import uuid

import pytest
from flask import Flask
from sqlalchemy import insert, select

from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.delivery.licenses.activations import find_devices
from storefront.delivery.licenses.change_product import change_product
from storefront.delivery.licenses.models import Activation, License
from storefront.shop.editor.product_settings import MOST_DEVICES, SettingRefused
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient


def add_devices(app: Flask, count: int, *, limit: int | None = None) -> int:
    now = clock.now()
    with app.app_context(), transaction() as session:
        license_ = session.scalars(select(License)).one()
        license_.activation_limit = limit
        rows = [
            {
                "id": str(uuid.UUID(int=number)),
                "license_id": license_.id,
                "name": f"device-{number:05}",
                "created_at": now,
            }
            for number in range(count)
        ]
        if rows:
            session.execute(insert(Activation), rows)
        return license_.id


def test_shows_devices_a_page_at_a_time_and_takes_no_more_than_a_key_can_bear(
    app: Flask, sandbox: SandboxClient
) -> None:
    sale = sell(app, sandbox)
    license_id = add_devices(app, MOST_DEVICES)
    first = sale.order_page()
    assert first.count('class="device"') == 50
    assert f"{MOST_DEVICES} devices" in first
    assert "Page 1 of 200" in first
    assert f'href="{sale.link}?devices=2"' in first
    last = sale.buyer.get(f"{sale.link}?devices=200").text
    assert last.count('class="device"') == 50
    assert f'href="{sale.link}?devices=199"' in last
    assert "device-00049" in first
    assert "device-09999" in last
    for odd in ("0", "-1", "x", "\u0663", "9" * 30, "9999"):
        assert sale.buyer.get(f"{sale.link}?devices={odd}").status_code == 200
    with app.app_context():
        page = find_devices([license_id], page=999)[license_id]
        assert (page.total, page.devices, page.last) == (MOST_DEVICES, [], 200)
        db.session.remove()
    asked = {"license_key": sale.keys[0], "instance_name": "one more"}
    for limit in (None, 1_000_000):  # sold before such a limit was refused
        add_devices(app, 0, limit=limit)
        answer = sale.buyer.client.post("/v1/licenses/activate", data=asked)
        assert answer.get_json()["code"] == "ACTIVATION_LIMIT_REACHED", limit


@pytest.mark.parametrize("edition", [None, "Team"])
def test_refuses_a_limit_that_no_key_can_bear(app: Flask, edition: str | None) -> None:
    with app.app_context():
        with pytest.raises(SettingRefused, match="activation_limit must be at most 10000"):
            change_product("twinspot", {"activation_limit": MOST_DEVICES + 1}, edition=edition)
        change_product("twinspot", {"activation_limit": MOST_DEVICES}, edition=edition)
        db.session.remove()
