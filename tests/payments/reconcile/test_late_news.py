"""News of Stripe that no event brought, of what an order keeps beside its payment: one pass takes it in."""

from typing import Any

import pytest
from flask import Flask

from tests.payments.reconcile.sales import run_later
from tests.support.goods import change_product
from tests.support.rows import read_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient

FROM_STRIPE = "SELECT invoice_number, tax_ids FROM orders"


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return environment | {"STRIPE_TAX": "true", "INVOICES": "true"}


def test_takes_in_the_invoice_and_what_a_register_said(app: Flask, sandbox: SandboxClient) -> None:
    change_product(app, "twinspot", tax_code="txcd_10202003", tax_behavior="exclusive")
    sandbox.control("faults", method="GET", path="/v1/invoices/*", status=403, times=99)
    sell(app, sandbox, country="FR", tax_id={"type": "eu_vat", "value": "FR111111111"})
    sandbox.control("faults/clear")
    customer: Any = sandbox.stripe.v1.customers.list().data[0].id
    (kept,) = sandbox.stripe.v1.customers.tax_ids.list(customer).data
    sandbox.control(f"tax_ids/{kept.id}/verify")
    (said,) = run_later(app)
    assert "is not known here; a tax id is unverified at Stripe, not here" in said
    (order,) = read_rows(app, FROM_STRIPE)
    assert order["invoice_number"]
    assert "unverified" in order["tax_ids"]
