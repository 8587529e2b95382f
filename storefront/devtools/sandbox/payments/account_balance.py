"""The account's own money: what is available, what is on its way, and what a payout takes."""

from collections import Counter
from collections.abc import Mapping

from storefront.devtools.sandbox.storage.records import Json, Query, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_ALL = 100_000


def balance(work: UnitOfWork) -> Json:
    """Return Stripe's object: sums of the balance transactions by currency."""
    rows, _ = work.records.page(Query(kind="balance_transaction", limit=_ALL))
    available: Counter[str] = Counter()
    pending: Counter[str] = Counter()
    for row in rows:
        side = available if row.body["available_on"] <= work.now else pending
        side[row.body["currency"]] += row.body["net"]
    return {
        "object": "balance",
        "available": _amounts(available),
        "livemode": False,
        "pending": _amounts(pending),
        "refund_and_dispute_prefunding": {"available": [], "pending": []},
    }


def _amounts(sums: Mapping[str, int]) -> list[Json]:
    return [
        {"amount": amount, "currency": currency, "source_types": {"card": amount}}
        for currency, amount in sorted(sums.items())
    ]


def free_at_once(work: UnitOfWork, charge: Record) -> None:
    """Skip the days that money is pending, for the test card that does so, and tell of it."""
    transaction = work.records.get("balance_transaction", charge.body["balance_transaction"])
    transaction.body.update(available_on=work.now, status="available")
    work.records.save(transaction)
    work.emit("balance.available", balance(work))
