"""Mandates: the buyer's permission to debit an account, and what the bank later says of it."""

from typing import Any

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.members import inner
from storefront.devtools.sandbox.ids import new_id, random_text
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

STATUSES = ("active", "inactive", "pending")
NETWORK_STATUSES = ("accepted", "pending", "refused", "revoked")
# A Bacs mandate follows what the network says of it.
_STATUS_OF = {"accepted": "active", "pending": "pending", "refused": "inactive", "revoked": "inactive"}
_SERVICE_USER_NUMBER = "424242"


def add_mandate(work: UnitOfWork, method: Record, intent: Record) -> Record:
    """Make the mandate that a debit needs; a test account may have it refused by the bank."""
    kind = method.body["type"]
    amount = {"amount": intent.body["amount"], "currency": intent.body["currency"]}
    is_multi_use = kind == "bacs_debit" or intent.body["setup_future_usage"] == "off_session"
    details: Json = {"type": kind, kind: _details(work, method, intent)}
    body: Json = {
        "id": new_id("mandate_1"),
        "object": "mandate",
        "customer_acceptance": {
            "accepted_at": work.now,
            "online": {"ip_address": "127.0.0.1", "user_agent": "sandbox"},
            "type": "online",
        },
        "livemode": False,
        "payment_method": method.id,
        "payment_method_details": details,
        "status": _status(method),
        "type": "multi_use" if is_multi_use else "single_use",
    }
    body.update({"multi_use": {}} if is_multi_use else {"single_use": amount})
    return work.records.add(body)


def _status(method: Record) -> str:
    if method.private.get("mandate_refused"):
        return "inactive"
    return "pending" if method.body["type"] == "bacs_debit" else "active"


def _details(work: UnitOfWork, method: Record, intent: Record) -> Json:
    kind = method.body["type"]
    if kind == "us_bank_account":
        return {}
    options: dict[str, Any] = intent.body["payment_method_options"].get(kind) or {}
    prefix = inner(options, "mandate_options", "reference_prefix") or ""
    reference = prefix + random_text(16).upper()
    url = f"{work.base_url}/mandates/{reference}"
    if kind == "sepa_debit":
        return {"reference": reference, "url": url}
    return {
        "display_name": None,
        "network_status": "refused" if method.private.get("mandate_refused") else "pending",
        "reference": reference,
        "revocation_reason": None,
        "service_user_number": _SERVICE_USER_NUMBER,
        "url": url,
    }


def update_mandate(work: UnitOfWork, mandate: Record, status: str) -> None:
    """Take what the bank says: a status, or for Bacs what the network says, and tell of it."""
    kind = mandate.body["payment_method_details"]["type"]
    detail = mandate.body["payment_method_details"][kind]
    previous: Json = {"status": mandate.body["status"]}
    if kind == "bacs_debit" and status in _STATUS_OF:
        previous["payment_method_details"] = {kind: {"network_status": detail["network_status"]}}
        detail["network_status"] = status
        detail["revocation_reason"] = "debit_not_authorized" if status == "revoked" else None
        mandate.body["status"] = _STATUS_OF[status]
    elif status in STATUSES:
        mandate.body["status"] = status
    else:
        raise invalid(f"A mandate of type {kind} cannot become {status}.")
    work.records.save(mandate)
    work.emit("mandate.updated", mandate.body, previous)
