"""What a charge's receipt says."""

from dataclasses import dataclass

from storefront.devtools.sandbox.checkout.line_items import line_items
from storefront.devtools.sandbox.money import plain
from storefront.devtools.sandbox.payments.kinds import KINDS
from storefront.devtools.sandbox.storage.records import Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """`lines`: description with quantity, and amount to read."""

    charge_id: str
    seller: str | None
    amount: int
    refunded: int
    currency: str
    paid_at: int
    method: str
    email: str | None
    lines: tuple[tuple[str, str], ...]


def find_receipt(work: UnitOfWork, charge_id: str) -> Receipt | None:
    """Return None for charges that were never paid."""
    charge = work.records.find("charge", charge_id)
    if charge is None or charge.body["receipt_url"] is None:
        return None
    body = charge.body
    session = _find_session(work, charge)
    return Receipt(
        charge_id=charge.id,
        seller=session.body["branding_settings"]["display_name"] if session else None,
        amount=body["amount"],
        refunded=body["amount_refunded"],
        currency=body["currency"],
        paid_at=body["created"],
        method=_method(charge),
        email=body["receipt_email"] or body["billing_details"]["email"],
        lines=_lines(work, charge, session),
    )


def _find_session(work: UnitOfWork, charge: Record) -> Record | None:
    intent = work.records.get("payment_intent", charge.body["payment_intent"])
    return work.records.find("checkout.session", intent.private.get("session") or "")


def _lines(work: UnitOfWork, charge: Record, session: Record | None) -> tuple[tuple[str, str], ...]:
    currency = charge.body["currency"]
    if session is None:
        return ((charge.body["description"] or "Payment", plain(charge.body["amount"], currency)),)
    return tuple(
        (f"{item['description']} × {item['quantity']}", plain(item["amount_total"], currency))  # noqa: RUF001 - the sign for "times"
        for item in line_items(work, session)
    )


def _method(charge: Record) -> str:
    details = charge.body["payment_method_details"]
    kind = details["type"]
    name = details[kind]["brand"].title() if kind == "card" else KINDS[kind].label
    return f"{name} ending in {details[kind]['last4']}" if "last4" in details[kind] else name
