"""A dispute of a sale that was used, and a person who may answer it."""

from typing import Any

from tests.support.sale import Sale
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer


def dispute(sale: Sale, status: str = "needs_response") -> str:
    made = sale.at_charge("dispute", status=status)
    sale.deliver("checkout.session.completed", "charge.dispute")
    return made


def at_stripe(sandbox: SandboxClient, dispute_id: str) -> Any:
    return sandbox.stripe.v1.disputes.retrieve(dispute_id)


def save(owner: Buyer, dispute_id: str, *, version: str = "0", **fields: str) -> str:
    done = owner.post(f"/admin/disputes/{dispute_id}", version=version, **fields)
    return done.location if done.status_code == 303 else done.text.replace("&#39;", "'")
