"""What Stripe itself says of one sale now, read through the SDK: nothing here passes through the shop."""

from dataclasses import dataclass
from typing import Any

from tests.support.sandbox_client import SandboxClient


@dataclass(frozen=True, slots=True)
class Refunded:
    """`named` are the positions of items in its metadata."""

    amount: int
    status: str
    named: frozenset[int]
    created: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StripesWord:
    """By Stripe's ids: refunds, statuses of disputes, and whether each fraud warning is actionable.

    `paid_back` are disputes that a rule refunded.
    """

    is_paid: bool
    has_failed: bool
    total: int
    sent: int  # by bank transfer
    refunded: int
    refunds: dict[str, Refunded]
    disputes: dict[str, str]
    paid_back: frozenset[str]
    warnings: dict[str, bool]


def ask_stripe(sandbox: SandboxClient, session_id: str) -> StripesWord:
    api = sandbox.stripe.v1
    params: Any = {"expand": ["payment_intent.latest_charge"]}
    session: dict[str, Any] = api.checkout.sessions.retrieve(session_id, params).to_dict(for_json=True)
    payment = session["payment_intent"]
    of_payment: Any = {"payment_intent": payment["id"], "limit": 100}
    disputes = api.disputes.list(of_payment).data
    return StripesWord(
        is_paid=session["payment_status"] != "unpaid",
        has_failed=payment["status"] in ("requires_payment_method", "canceled"),
        total=session["amount_total"],
        sent=sent_to(sandbox, payment["customer"]),
        refunded=(payment["latest_charge"] or {}).get("amount_refunded", 0),
        refunds={
            refund.id: Refunded(refund.amount, str(refund.status), positions(refund.metadata), refund.created)
            for refund in api.refunds.list(of_payment).data
        },
        disputes={dispute.id: dispute.status for dispute in disputes},
        paid_back=frozenset(filter(None, map(paid_back, disputes))),
        warnings={
            warning.id: warning.actionable for warning in api.radar.early_fraud_warnings.list(of_payment).data
        },
    )


def paid_back(dispute: Any) -> str | None:
    details = dispute.to_dict(for_json=True).get("payment_method_details") or {"card": {"case_type": ""}}
    is_resolved = dispute.status == "prevented" and details["card"]["case_type"] == "resolution"
    return str(dispute.id) if is_resolved else None


def sent_to(sandbox: SandboxClient, customer: str | None) -> int:
    """All that was ever sent: its buyer has one payment, so more than its price is too much."""
    if customer is None:
        return 0
    listed = sandbox.stripe.v1.customers.cash_balance_transactions.list(customer, {"limit": 100})
    return sum(row.net_amount for row in listed.data if row.type == "funded")


def positions(metadata: Any) -> frozenset[int]:
    if not metadata or "storefront_items" not in metadata:
        return frozenset()
    parts = [part.strip() for part in metadata["storefront_items"].split(",")]
    return frozenset(int(part) for part in parts if part.isdigit())
