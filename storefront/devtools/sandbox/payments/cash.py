"""The cash balance of a customer: what bank transfers have brought and no payment has used."""

from storefront.devtools.sandbox.api.members import filled, hash_of, inner
from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


def cash_of(customer: Record, currency: str) -> int:
    """Return the cash in minor units."""
    return int(inner(customer.private, "cash", currency, 0))


def cash_balance(customer: Record) -> Json:
    """Return Stripe's object, which has no id of its own."""
    known = hash_of(customer.private, "cash")
    cash = filled(known, known)
    return {
        "object": "cash_balance",
        "available": cash or None,
        "customer": customer.id,
        "customer_account": None,
        "livemode": False,
        "settings": {"reconciliation_mode": "automatic", "using_merchant_default": True},
    }


def move_cash(
    work: UnitOfWork, customer: Record, currency: str, amount: int, kind: str, **details: Json
) -> Record:
    """Add to the balance, or take from it, and keep a transaction that says why."""
    cash = customer.private.setdefault("cash", {})
    cash[currency] = cash.get(currency, 0) + amount
    work.records.save(customer)
    transaction = work.records.add(
        {
            "id": new_id("ccsbtxn_1"),
            "object": "customer_cash_balance_transaction",
            "created": work.now,
            "currency": currency,
            "customer": customer.id,
            "customer_account": None,
            "ending_balance": cash[currency],
            "livemode": False,
            "net_amount": amount,
            "type": kind,
            **details,
        }
    )
    work.emit("customer_cash_balance_transaction.created", transaction.body)
    return transaction
