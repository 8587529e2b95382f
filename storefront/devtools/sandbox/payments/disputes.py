"""Disputes: opened by a bank, answered by the merchant, decided; and the money each step moves."""

import copy

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.updates import difference
from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.payments.charges import add_transaction
from storefront.devtools.sandbox.payments.early_fraud_warnings import close_warnings
from storefront.devtools.sandbox.payments.kinds import KINDS
from storefront.devtools.sandbox.storage.records import Json, Query, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

REASONS = (
    "bank_cannot_process",
    "check_returned",
    "credit_not_processed",
    "customer_initiated",
    "debit_not_authorized",
    "duplicate",
    "fraudulent",
    "general",
    "incorrect_account_details",
    "insufficient_funds",
    "noncompliant",
    "product_not_received",
    "product_unacceptable",
    "subscription_canceled",
    "unrecognized",
)
# What may follow what. An inquiry becomes a chargeback, a lost dispute may be appealed once it is closed.
_NEXT: dict[str, tuple[str, ...]] = {
    "warning_needs_response": ("warning_under_review", "warning_closed", "needs_response", "prevented"),
    "warning_under_review": ("warning_closed", "needs_response", "prevented"),
    "needs_response": ("under_review", "won", "lost", "prevented"),
    "under_review": ("won", "lost"),
    "lost": ("appeal_needs_response",),
    "appeal_needs_response": ("appeal_under_review", "won", "lost"),
    "appeal_under_review": ("won", "lost"),
    "won": (),
    "warning_closed": (),
    "prevented": (),
}
STATUSES = tuple(_NEXT)
# How a new dispute gets to a status that none begins with.
_WAY: dict[str, tuple[str, ...]] = {
    "warning_under_review": ("warning_needs_response", "warning_under_review"),
    "warning_closed": ("warning_needs_response", "warning_closed"),
    "under_review": ("needs_response", "under_review"),
    "won": ("needs_response", "won"),
    "lost": ("needs_response", "lost"),
    "appeal_needs_response": ("needs_response", "lost", "appeal_needs_response"),
    "appeal_under_review": ("needs_response", "lost", "appeal_needs_response", "appeal_under_review"),
}
_CLOSED = ("won", "lost", "warning_closed", "prevented")
# While it stands so, the bank has the money.
_COSTLY = ("needs_response", "under_review", "lost", "appeal_needs_response", "appeal_under_review")
_CASE_TYPES = {"warning_needs_response": "inquiry", "prevented": "resolution"}
_WITHDRAWN = "charge.dispute.funds_withdrawn"
_FEE = 1500
_ANSWER_SECONDS = 9 * 86_400
_VISA_CODES = {
    "credit_not_processed": "13.7",
    "duplicate": "12.6",
    "fraudulent": "10.4",
    "product_not_received": "13.1",
    "product_unacceptable": "13.3",
    "subscription_canceled": "13.2",
}
_EVIDENCE = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
)


def open_dispute(
    work: UnitOfWork, charge: Record, *, reason: str, status: str = "needs_response", amount: int | None = None
) -> Record:
    """Open a dispute as the bank does it: with the events of each step on the way to `status`.

    Raises Stripe's 400 when the charge has no money left to dispute.
    """
    first, *rest = _WAY.get(status, (status,))
    disputed_amount = _disputed_amount(work, charge, amount)
    dispute = work.records.add(_new_body(work, charge, reason=reason, status=first, amount=disputed_amount))
    money_event = _move_money(work, dispute)
    work.emit("charge.dispute.created", dispute.body)
    if first == "prevented":
        work.emit("charge.dispute.closed", dispute.body)
    _emit_money_event(work, dispute, money_event)
    for next_status in rest:
        move_dispute(work, dispute, next_status)
    return dispute


def _disputed_amount(work: UnitOfWork, charge: Record, wanted: int | None) -> int:
    """Return the wanted amount, or all that is left, in minor units."""
    if not KINDS[charge.body["payment_method_details"]["type"]].is_disputable:
        raise invalid(f"Charge {charge.id} was paid in a way that cannot be disputed.")
    most = _undisputed(work, charge)
    amount = most if wanted is None else wanted
    if charge.body["status"] != "succeeded" or not 0 < amount <= most:
        raise invalid(f"Charge {charge.id} has nothing left to dispute.")
    return amount


def charge_is_disputed(work: UnitOfWork, charge_id: str) -> bool:
    """Tell whether a dispute forbids refunds; an inquiry does not, nor one that was won."""
    return not all(dispute.body["is_charge_refundable"] for dispute in _disputes_of(work, charge_id))


def _disputes_of(work: UnitOfWork, charge_id: str) -> list[Record]:
    disputes, _ = work.records.page(Query(kind="dispute", limit=100, where=(("charge", charge_id),)))
    return disputes


def _undisputed(work: UnitOfWork, charge: Record) -> int:
    """Return what neither a refund nor another dispute has taken back, in minor units."""
    costly = [dispute for dispute in _disputes_of(work, charge.id) if dispute.body["status"] in _COSTLY]
    disputed = sum(dispute.body["amount"] for dispute in costly)
    return int(charge.body["amount"] - charge.body["amount_refunded"] - disputed)


def is_inquiry(status: str) -> bool:
    return status.startswith("warning_")


def may_become(dispute: Record, status: str) -> bool:
    return status in _NEXT[dispute.body["status"]]


def move_dispute(work: UnitOfWork, dispute: Record, status: str, previous: Json | None = None) -> None:
    """Take one step, with its money and its events; `previous` is what the caller has changed besides."""
    if not may_become(dispute, status):
        raise invalid(f"Dispute {dispute.id} is {dispute.body['status']} and cannot become {status}.")
    work.drop_timer("dispute", dispute.id)
    old = copy.deepcopy(dispute.body)
    dispute.body.update(status=status, is_charge_refundable=_is_refundable(status))
    if is_inquiry(old["status"]) and status == "needs_response":
        _make_chargeback(dispute)
    money_event = _move_money(work, dispute)
    all_previous = (previous or {}) | difference(old, dispute.body)
    event = "charge.dispute.closed" if status in _CLOSED else "charge.dispute.updated"
    work.emit(event, dispute.body, all_previous)
    _emit_money_event(work, dispute, money_event)


def _make_chargeback(dispute: Record) -> None:
    """Show that an inquiry has become a chargeback; only cards show it."""
    if "payment_method_details" in dispute.body:
        dispute.body["payment_method_details"]["card"]["case_type"] = "chargeback"


def _is_refundable(status: str) -> bool:
    return status not in _COSTLY


def _move_money(work: UnitOfWork, dispute: Record) -> str | None:
    """Withdraw or give back what the status asks for, and save; return the event that tells of it."""
    is_withdrawn = sum(transaction["amount"] for transaction in dispute.body["balance_transactions"]) < 0
    is_due = dispute.body["status"] in _COSTLY
    if is_due and not is_withdrawn:
        event = _withdraw(work, dispute)
    elif is_withdrawn and not is_due:
        event = _reinstate(work, dispute)
    else:
        event = None
    work.records.save(dispute)
    return event


def _withdraw(work: UnitOfWork, dispute: Record) -> str:
    _add_adjustment(work, dispute, -dispute.body["amount"], fee=_FEE, category="dispute", word="withdrawal")
    return _WITHDRAWN


def _reinstate(work: UnitOfWork, dispute: Record) -> str:
    _add_adjustment(work, dispute, dispute.body["amount"], fee=0, category="dispute_reversal", word="reversal")
    return "charge.dispute.funds_reinstated"


def _add_adjustment(work: UnitOfWork, dispute: Record, amount: int, *, fee: int, category: str, word: str) -> None:
    body = dispute.body
    transaction = add_transaction(
        work,
        amount=amount,
        currency=body["currency"],
        kind="adjustment",
        source=dispute.id,
        fee=fee,
        fee_name="Dispute fee",
        category=category,
        description=f"Chargeback {word} for {body['charge']}",
    )
    body["balance_transactions"] = [*body["balance_transactions"], transaction.body]


def _emit_money_event(work: UnitOfWork, dispute: Record, event: str | None) -> None:
    if event is None:
        return
    work.emit(event, dispute.body)
    charge = work.records.get("charge", dispute.body["charge"])
    if event == _WITHDRAWN and not charge.body["disputed"]:
        charge.body["disputed"] = True
        work.records.save(charge)
        work.emit("charge.updated", charge.body, {"disputed": False})
        close_warnings(work, charge)


def _new_body(work: UnitOfWork, charge: Record, *, reason: str, status: str, amount: int) -> Json:
    details = charge.body["payment_method_details"]
    body: Json = {
        "id": new_id("du_1"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge.id,
        "created": work.now,
        "currency": charge.body["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {
            **dict.fromkeys(_EVIDENCE),
            **_known_evidence(charge.body["billing_details"]),
            "enhanced_evidence": {},
        },
        "evidence_details": {
            "due_by": None if status == "prevented" else work.now + _ANSWER_SECONDS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "intended_submission_method": None,
        "is_charge_refundable": _is_refundable(status),
        "livemode": False,
        "metadata": {},
        "payment_intent": charge.body["payment_intent"],
        "reason": reason,
        "status": status,
    }
    if details["type"] == "card":
        body.update(_card_members(details["card"]["brand"], reason, status))
    return body


def _known_evidence(billing: Json) -> Json:
    lines = (billing["address"] or {}).values()
    return {
        "billing_address": ", ".join(filter(None, lines)) or None,
        "customer_email_address": billing["email"],
        "customer_name": billing["name"],
        "customer_purchase_ip": "127.0.0.1",
    }


def _card_members(brand: str, reason: str, status: str) -> Json:
    code = _VISA_CODES.get(reason)
    case = _CASE_TYPES.get(status, "chargeback")
    card = {"brand": brand, "case_type": case, "network": brand, "network_reason_code": code}
    return {"network_reason_code": code, "payment_method_details": {"card": card, "type": "card"}}
