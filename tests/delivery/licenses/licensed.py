"""A sold license for tests of the API, and what a program would send."""

from typing import Any

from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from storefront.core.db import transaction
from storefront.delivery.licenses.models import License
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient


def sell_license(app: Flask, sandbox: SandboxClient, **terms: Any) -> Sale:
    """One Twinspot; `terms` are columns of its license."""
    sale = sell(app, sandbox)
    if terms:
        with app.app_context(), transaction() as session:
            session.execute(update(License).values(**terms))
    return sale


def ask(app: Flask, what: str, address: str = "127.0.0.1", **fields: Any) -> TestResponse:
    """As most programs do: JSON to /v1/licenses/<what>."""
    client = app.test_client()
    return client.post(f"/v1/licenses/{what}", json=fields, environ_base={"REMOTE_ADDR": address})


def refund(sale: Sale) -> None:
    """Refund a sale at Stripe, and deliver the events of it."""
    sale.refund()
    sale.deliver("charge.refunded", "refund.")
