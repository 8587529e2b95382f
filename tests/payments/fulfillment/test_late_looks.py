"""A look at an order that is overtaken by a younger one: it learns nothing of disputes and refunds."""

import pytest
from flask import Flask

from storefront.core.db import db
from storefront.payments.fulfillment import converge
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from tests.support.databases import BOTH
from tests.support.rows import change_rows, read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_closes_no_line_that_it_learns_nothing_of(
    app: Flask, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sale = sell(app, sandbox)
    sale.at_charge("dispute", status="needs_response")
    sale.deliver("charge.dispute")
    change_rows(app, "UPDATE orders SET excess_minor = 500")
    monkeypatch.setattr(converge, "apply_facts", lambda *_, **__: False)
    for _twice in range(2):
        with app.app_context():
            fulfill_checkout(sale.session_id, Look.NOW)
            db.session.remove()
        lines = read_rows(app, "SELECT kind FROM notices WHERE closed_at IS NULL ORDER BY kind")
        assert [line["kind"] for line in lines] == ["dispute_open", "excess_paid"]
