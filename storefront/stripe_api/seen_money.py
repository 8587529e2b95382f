"""What Stripe booked on the account, and what it paid out: balance transactions and payouts, page by page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storefront.core import clock
from storefront.stripe_api.gateway import gateway
from storefront.stripe_api.lists import PAGE, Page
from storefront.stripe_api.refusals import readable


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMoney:
    """A balance transaction (https://docs.stripe.com/api/balance_transactions/object), in minor units.

    `currency` is what the account settles in, `source_currency` that of the sale. `kind` is Stripe's reporting
    category. `payment_intent_id` is None for what no payment caused, such as a payout.
    """

    id: str
    kind: str
    source_id: str | None
    source_currency: str
    payment_intent_id: str | None
    amount_minor: int
    fee_minor: int
    net_minor: int
    currency: str
    exchange_rate: str | None
    created_at: datetime
    available_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPayout:
    id: str
    amount_minor: int
    currency: str
    status: str
    is_automatic: bool
    is_complete: bool  # Stripe can name all that is in it
    created_at: datetime
    arrives_at: datetime


def read_money(raw: dict[str, Any]) -> SeenMoney:
    """Read one whose `source` is expanded, where it has one."""
    source = raw["source"] if isinstance(raw.get("source"), dict) else {"id": raw.get("source")}
    rate = raw.get("exchange_rate")
    return SeenMoney(
        id=raw["id"],
        kind=raw["reporting_category"],
        source_id=source.get("id"),
        source_currency=source.get("currency") or raw["currency"],
        payment_intent_id=source.get("payment_intent"),
        amount_minor=raw["amount"],
        fee_minor=raw["fee"],
        net_minor=raw["net"],
        currency=raw["currency"],
        exchange_rate=None if rate is None else str(rate),
        created_at=clock.from_unix(raw["created"]),
        available_at=clock.from_unix(raw["available_on"]),
    )


def _read_payout(raw: dict[str, Any]) -> SeenPayout:
    return SeenPayout(
        id=raw["id"],
        amount_minor=raw["amount"],
        currency=raw["currency"],
        status=raw["status"],
        is_automatic=raw["automatic"],
        is_complete=raw["reconciliation_status"] == "completed",
        created_at=clock.from_unix(raw["created"]),
        arrives_at=clock.from_unix(raw["arrival_date"]),
    )


@readable()
def list_money(*, since: datetime | None, after: str | None) -> Page[SeenMoney]:
    """Return balance transactions, newest first; `since` None goes back to the first."""
    raw = gateway().ask(
        lambda client: client.v1.balance_transactions.list(_params(since, after, expand=["data.source"]))
    )
    return _page(raw, tuple(read_money(row) for row in raw["data"]))


@readable()
def list_money_in_payout(payout_id: str, *, after: str | None) -> Page[str]:
    """Return the ids of what an automatic payout is made of."""
    raw = gateway().ask(lambda client: client.v1.balance_transactions.list(_params(None, after, payout=payout_id)))
    return _page(raw, tuple(str(row["id"]) for row in raw["data"]))


@readable()
def list_payouts(*, after: str | None) -> Page[SeenPayout]:
    """Return payouts, newest first."""
    raw = gateway().ask(lambda client: client.v1.payouts.list(_params(None, after)))
    return _page(raw, tuple(_read_payout(row) for row in raw["data"]))


@readable()
def get_payout(payout_id: str) -> SeenPayout:
    """Raise StripeMissing for one that Stripe does not know."""
    return _read_payout(gateway().ask(lambda client: client.v1.payouts.retrieve(payout_id)))


def _params(since: datetime | None, after: str | None, **more: object) -> Any:  # noqa: ANN401 - the SDK's TypedDicts
    params: dict[str, Any] = {"limit": PAGE, **more}
    params |= {"created": {"gte": int(since.timestamp())}} if since else {}
    return params | ({"starting_after": after} if after else {})


def _page(raw: dict[str, Any], items: tuple[Any, ...]) -> Page[Any]:
    return Page(items=items, cursor=raw["data"][-1]["id"] if items and raw["has_more"] else None)
