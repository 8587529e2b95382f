"""Bank transfers: where to send the money, with which reference, and what is still missing."""

from storefront.devtools.sandbox.ids import random_text
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

TYPES = {
    "eur": "eu_bank_transfer",
    "gbp": "gb_bank_transfer",
    "jpy": "jp_bank_transfer",
    "mxn": "mx_bank_transfer",
    "usd": "us_bank_transfer",
}
_HOLDER = "Storefront sandbox"
_ADDRESS = {
    "city": "Dublin",
    "country": "IE",
    "line1": "1 Sandbox Street",
    "line2": None,
    "postal_code": "D02",
    "state": None,
}
_NAMES: Json = {"account_holder_address": _ADDRESS, "account_holder_name": _HOLDER, "bank_address": _ADDRESS}
_ADDRESSES: dict[str, Json] = {
    "eur": {
        "type": "iban",
        "supported_networks": ["sepa"],
        "iban": {**_NAMES, "bic": "MODRIE22XXX", "country": "IE", "iban": "IE29AIBK93115212345678"},
    },
    "gbp": {
        "type": "sort_code",
        "supported_networks": ["bacs", "fps"],
        "sort_code": {**_NAMES, "account_number": "00012345", "sort_code": "108800"},
    },
    "jpy": {
        "type": "zengin",
        "supported_networks": ["zengin"],
        "zengin": {
            **_NAMES,
            "account_number": "0001234",
            "account_type": "futsu",
            "bank_code": "0000",
            "bank_name": "Sandbox Bank",
            "branch_code": "000",
            "branch_name": "Main",
        },
    },
    "mxn": {
        "type": "spei",
        "supported_networks": ["spei"],
        "spei": {**_NAMES, "bank_code": "002", "bank_name": "Sandbox Bank", "clabe": "002010077777777771"},
    },
    "usd": {
        "type": "aba",
        "supported_networks": ["ach", "domestic_wire_us"],
        "aba": {
            **_NAMES,
            "account_number": "000123456789",
            "account_type": "checking",
            "bank_name": "Sandbox Bank",
            "routing_number": "110000000",
        },
    },
}


def instructions(work: UnitOfWork, intent: Record, customer: Record, *, remaining: int) -> Json:
    """Return the next action of a payment that waits for a transfer; a customer keeps one reference."""
    reference = customer.private.setdefault("transfer_reference", random_text(12).upper())
    work.records.save(customer)
    currency = intent.body["currency"]
    details = {
        "amount_remaining": remaining,
        "currency": currency,
        "financial_addresses": [_ADDRESSES[currency]],
        "hosted_instructions_url": f"{work.base_url}/transfers/{intent.id}",
        "reference": reference,
        "type": TYPES[currency],
    }
    return {
        "type": "display_bank_transfer_instructions",
        "display_bank_transfer_instructions": details,
    }


def remaining(intent: Record) -> int | None:
    """Return what is missing in minor units; None for a payment that waits for no transfer."""
    action = intent.body["next_action"] or {}
    shown = action.get("display_bank_transfer_instructions")
    if shown is None or intent.body["status"] != "requires_action":
        return None
    return int(shown["amount_remaining"])
