"""Stripe's own paper at the click: the invoice, or the charge's receipt where the key may not read invoices."""

import pytest
from flask import Flask

from tests.support.permissions import ALL_THAT_IS_NEEDED, FOR_INVOICES
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient


@pytest.fixture
def environment(
    environment: dict[str, str], sandbox: SandboxClient, permissions: tuple[str, ...]
) -> dict[str, str]:
    key = sandbox.control("restricted_keys", permissions=list(permissions))["key"]
    return environment | {"STRIPE_SECRET_KEY": key, "INVOICES": "true"}


@pytest.mark.parametrize("permissions", [ALL_THAT_IS_NEEDED, (*ALL_THAT_IS_NEEDED, *FOR_INVOICES)])
def test_leads_to_what_the_key_may_read(permissions: tuple[str, ...], app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox)
    (invoice,) = sandbox.stripe.v1.invoices.list().data
    charge = sandbox.stripe.v1.charges.list().data[0]
    answer = sale.buyer.get(f"{sale.link}/stripe-receipt")
    may_read = FOR_INVOICES[0] in permissions
    assert answer.location == (invoice.hosted_invoice_url if may_read else charge.receipt_url)
