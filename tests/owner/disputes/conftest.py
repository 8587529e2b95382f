"""Fixtures of the answers to disputes."""

import pytest
from flask import Flask

from tests.support.people import make_person, sign_in_at_admin
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer


@pytest.fixture
def sale(app: Flask, sandbox: SandboxClient) -> Sale:
    sale = sell(app, sandbox, email=ADA, name="Ada Reader")
    sale.buyer.get(sale.downloads[0].removeprefix(sale.buyer.base_url), headers={"User-Agent": "curl/8"}).close()
    sent = {"license_key": sale.keys[0], "instance_name": "Ada's laptop"}
    app.test_client().post("/v1/licenses/activate", json=sent)
    return sale


@pytest.fixture
def owner(app: Flask) -> Buyer:
    return sign_in_at_admin(app, make_person(app))
