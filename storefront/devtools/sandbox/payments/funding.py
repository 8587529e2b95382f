"""Money that arrives by bank transfer: into the cash balance, and from there to the payments that wait for it."""

from storefront.devtools.sandbox.payments.bank_transfers import TYPES, remaining
from storefront.devtools.sandbox.payments.cash import cash_balance, cash_of, move_cash
from storefront.devtools.sandbox.payments.delayed import apply_cash
from storefront.devtools.sandbox.storage.records import Json, Query, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_REVERSAL = "reversal_"
_SENDERS: dict[str, Json] = {
    "eur": {"bic": "MODRIE22XXX", "iban_last4": "5678", "sender_name": "Test Buyer"},
    "gbp": {"account_number_last4": "2345", "sender_name": "Test Buyer", "sort_code": "108800"},
    "jpy": {"sender_bank": "Sandbox Bank", "sender_branch": "Main", "sender_name": "Test Buyer"},
    "usd": {"network": "ach", "sender_name": "Test Buyer"},
}


def fund(
    work: UnitOfWork, customer: Record, amount: int, currency: str, reference: str | None
) -> tuple[Record, list[tuple[Record, Record]]]:
    """Let a transfer arrive; return its transaction, and the payments that it completes, each with its charge.

    A reference that begins with `reversal_` is a transfer that its bank takes back at once.
    """
    transfer: Json = {"reference": reference, "type": TYPES[currency]}
    if currency in _SENDERS:
        transfer[TYPES[currency]] = _SENDERS[currency]
    arrived = move_cash(work, customer, currency, amount, "funded", funded={"bank_transfer": transfer})
    if (reference or "").startswith(_REVERSAL):
        move_cash(work, customer, currency, -amount, "funding_reversed")
        return arrived, []
    return arrived, _pay_waiting(work, customer, amount, currency)


def _pay_waiting(work: UnitOfWork, customer: Record, amount: int, currency: str) -> list[tuple[Record, Record]]:
    """Complete what waits, as far as the cash goes; return the payments, each with its charge."""
    paid = []
    for intent in _waiting(work, customer, amount, currency):
        if not cash_of(customer, currency):
            break
        charge = apply_cash(work, intent, work.records.get("payment_method", intent.body["payment_method"]))
        customer = work.records.get("customer", customer.id)
        if charge is not None:
            paid.append((intent, charge))
    if cash_of(customer, currency):
        work.emit("cash_balance.funds_available", cash_balance(customer))
    return paid


def _waiting(work: UnitOfWork, customer: Record, amount: int, currency: str) -> list[Record]:
    """Return the payments of this customer that wait for money: of the very amount first, then the oldest."""
    where = (("customer", customer.id), ("currency", currency), ("status", "requires_action"))
    intents, _ = work.records.page(Query(kind="payment_intent", limit=100, where=where))
    waiting = [intent for intent in reversed(intents) if remaining(intent) is not None]
    return sorted(waiting, key=lambda intent: remaining(intent) != amount)
