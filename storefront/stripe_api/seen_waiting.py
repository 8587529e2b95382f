"""What a payment waits for, read from its next action: a voucher to pay, or money to send."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from storefront.core import clock
from storefront.stripe_api.raw import part, rows

_VOUCHER = "_display_details"
_TRANSFER = "display_bank_transfer_instructions"
# What people call the parts of a bank's address; the rest of it no bank asks for.
_LABELS = {
    "account_holder_name": "Recipient",
    "iban": "IBAN",
    "bic": "BIC",
    "sort_code": "Sort code",
    "routing_number": "Routing number",
    "account_number": "Account number",
    "clabe": "CLABE",
    "swift_code": "SWIFT",
    "bank_name": "Bank",
    "bank_code": "Bank code",
    "branch_name": "Branch",
    "branch_code": "Branch code",
    "account_type": "Account type",
}


_STORES = {"familymart": "FamilyMart"}  # others are written as words are


class WaitKind(StrEnum):
    VOUCHER = "voucher"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenWaiting:
    """`details` are label and value, such as a voucher's number; `remaining_minor` is what is not sent yet.

    `confirmations` are label and number of those that a store asks for beside their value.
    """

    kind: WaitKind
    url: str | None
    expires_at: datetime | None
    remaining_minor: int | None
    details: tuple[tuple[str, str], ...]
    confirmations: tuple[tuple[str, str], ...] = ()


def read_waiting(payment: dict[str, Any]) -> SeenWaiting | None:
    """Return None where the buyer has nothing to do any more."""
    action = part(payment, "next_action")
    kind = str(action.get("type", ""))
    if payment["status"] != "requires_action":
        return None
    if kind == _TRANSFER:
        return _read_transfer(action[kind])
    return _read_voucher(action[kind]) if kind.endswith(_VOUCHER) else None


def waiting_method(payment: dict[str, Any]) -> str | None:
    """Return the method of a payment that has no charge: by what it waits for, or by what has failed."""
    kind = str(part(payment, "next_action").get("type", ""))
    if kind == _TRANSFER:
        return "customer_balance"
    if kind.endswith(_VOUCHER):
        return kind.removesuffix(_VOUCHER)
    failed = part(part(payment, "last_payment_error"), "payment_method")
    return failed.get("type")


def _numbers(shown: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("entity", "reference", "number"):
        if shown.get(name):
            yield name.capitalize(), str(shown[name])


def _of_stores(stores: dict[str, Any], name: str) -> Iterator[tuple[str, str]]:
    """Konbini: who pays gives a payment code and a confirmation number, and each store has its own.

    https://docs.stripe.com/payments/konbini/accept-a-payment
    """
    for store, codes in stores.items():
        if codes and codes.get(name):
            yield _STORES.get(store, store.capitalize()), str(codes[name])


def _read_voucher(shown: dict[str, Any]) -> SeenWaiting:
    ends = shown.get("expires_at") or shown.get("expires_after")
    stores = part(shown, "stores")
    details = [*_numbers(shown), *_of_stores(stores, "payment_code")]
    return SeenWaiting(
        kind=WaitKind.VOUCHER,
        url=shown.get("hosted_voucher_url"),
        expires_at=clock.from_unix(ends) if ends else None,
        remaining_minor=None,
        details=tuple(details),
        confirmations=tuple(_of_stores(stores, "confirmation_number")),
    )


def _read_account(shown: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the first of the accounts to pay to, line by line."""
    for address in rows(shown, "financial_addresses")[:1]:
        bank = address.get(address["type"]) or {}
        return [(label, str(bank[name])) for name, label in _LABELS.items() if bank.get(name)]
    return []


def _read_transfer(shown: dict[str, Any]) -> SeenWaiting:
    details = _read_account(shown)
    if shown.get("reference"):
        details.append(("Reference", str(shown["reference"])))
    return SeenWaiting(
        kind=WaitKind.TRANSFER,
        url=shown.get("hosted_instructions_url"),
        expires_at=None,
        remaining_minor=shown.get("amount_remaining"),
        details=tuple(details),
    )
