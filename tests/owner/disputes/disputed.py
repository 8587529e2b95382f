"""A dispute of a sale that was used, and a person who may answer it."""

import html
import re
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


def text_of(page: str, field: str) -> str:
    """Return what the form suggests for a field of several lines."""
    found = re.search(rf'<textarea[^>]*name="{field}"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert found, f"no field {field}"
    return html.unescape(found[1])
