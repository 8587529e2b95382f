"""Payouts: by hand, or of all that is available, which then names the transactions that are in it."""

from collections import defaultdict

from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.payments.charges import add_transaction
from storefront.devtools.sandbox.storage.records import Json, Query, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_ARRIVES_SECONDS = 2 * 86_400
_ALL = 100_000
IN_PAYOUT = "json_extract(private, '$.payout') = ?"
_NOT_PAID_OUT = "json_extract(private, '$.payout') IS NULL"


def add_payout(work: UnitOfWork, *, amount: int, currency: str, automatic: bool, chosen: Json) -> Record:
    """Take minor units out of the balance, and plan their arrival. `chosen` is what the caller said."""
    payout_id = new_id("po_1")
    transaction = add_transaction(work, amount=-amount, currency=currency, kind="payout", source=payout_id)
    transaction.body["available_on"] = work.now
    if automatic:
        transaction.private["payout"] = payout_id
    work.records.save(transaction)
    payout = work.records.add(
        {
            "id": payout_id,
            "object": "payout",
            "amount": amount,
            "application_fee": None,
            "application_fee_amount": None,
            "arrival_date": work.now + _ARRIVES_SECONDS,
            "automatic": automatic,
            "balance_transaction": transaction.id,
            "created": work.now,
            "currency": currency,
            "description": chosen.get("description"),
            "destination": None,
            "failure_balance_transaction": None,
            "failure_code": None,
            "failure_message": None,
            "livemode": False,
            "metadata": chosen.get("metadata", {}),
            "method": chosen.get("method", "standard"),
            "original_payout": None,
            "payout_method": None,
            "reconciliation_status": "completed" if automatic else "not_applicable",
            "reversed_by": None,
            "source_type": "card",
            "statement_descriptor": chosen.get("statement_descriptor"),
            "status": "pending",
            "trace_id": None,
            "type": "bank_account",
        }
    )
    work.emit("payout.created", payout.body)
    work.set_timer("payout", payout.id, work.now + _ARRIVES_SECONDS)
    return payout


def _available(work: UnitOfWork) -> dict[str, list[Record]]:
    """Return by currency what is in no payout yet."""
    query = Query(kind="balance_transaction", limit=_ALL, sql=(_NOT_PAID_OUT,))
    by_currency: dict[str, list[Record]] = defaultdict(list)
    for transaction in work.records.page(query)[0]:
        if transaction.body["available_on"] <= work.now and transaction.body["type"] != "payout":
            by_currency[transaction.body["currency"]].append(transaction)
    return by_currency


def pay_out_available(work: UnitOfWork) -> list[Record]:
    """Make one automatic payout for each currency with money that is available, as Stripe does by schedule."""
    made = []
    for currency, parts in sorted(_available(work).items()):
        amount = sum(part.body["net"] for part in parts)
        if amount > 0:
            made.append(_pay_out(work, amount, currency, parts))
    return made


def _pay_out(work: UnitOfWork, amount: int, currency: str, parts: list[Record]) -> Record:
    payout = add_payout(work, amount=amount, currency=currency, automatic=True, chosen={})
    for part in parts:
        part.private["payout"] = payout.id
        part.body["status"] = "available"
        work.records.save(part)
    work.emit("payout.reconciliation_completed", payout.body)
    return payout


def arrive(work: UnitOfWork, payout: Record) -> None:
    """Let the money be at the bank."""
    previous = {"status": payout.body["status"]}
    payout.body["status"] = "paid"
    work.records.save(payout)
    work.emit("payout.updated", payout.body, previous)
    work.emit("payout.paid", payout.body)
