"""Stripe's lists, page by page, newest first: above all what reconciliation compares our rows with."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from storefront.stripe_api.gateway import gateway
from storefront.stripe_api.refusals import readable
from storefront.stripe_api.seen import (
    SeenDispute,
    SeenRefund,
    read_dispute,
    read_refund,
)
from storefront.stripe_api.seen_event import SeenEvent, read_listed_event

if TYPE_CHECKING:
    import stripe

    ListPage = Callable[[stripe.StripeClient, Any], Any]  # a list call of the SDK, with its parameters

T = TypeVar("T")

PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """`cursor` is the last id, for the next page; None at the end of the list."""

    items: tuple[T, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfPayment(Generic[T]):
    payment_intent_id: str
    seen: T


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteCheckout:
    id: str
    is_paid: bool


def _page(raw: dict[str, Any], read: Callable[[dict[str, Any]], T | None]) -> Page[T]:
    rows = raw["data"]
    items = tuple(seen for row in rows if (seen := read(row)) is not None)
    return Page(items=items, cursor=rows[-1]["id"] if rows and raw["has_more"] else None)


def _params(since: datetime, after: str | None, **more: object) -> Any:  # noqa: ANN401 - the SDK's TypedDicts
    params: dict[str, Any] = {"created": {"gte": int(since.timestamp())}, "limit": PAGE, **more}
    return params | ({"starting_after": after} if after else {})


def each(list_page: "ListPage", read: Callable[[dict[str, Any]], T], **params: object) -> Iterator[T]:
    """Yield a whole list, however long; Stripe is asked for the next page when it is wanted."""
    asked: dict[str, Any] = {"limit": PAGE, **params}
    while True:
        page = _read_page(list_page, asked, read)
        yield from page.items
        if page.cursor is None:
            return
        asked["starting_after"] = page.cursor


@readable()
def _read_page(list_page: "ListPage", asked: dict[str, Any], read: Callable[[dict[str, Any]], T]) -> Page[T]:
    return _page(gateway().ask(lambda client: list_page(client, asked)), read)


@readable()
def list_complete_checkouts(*, since: datetime, after: str | None) -> Page[CompleteCheckout]:
    """Checkout Sessions created since then whose form was completed."""
    params = _params(since, after, status="complete")
    raw = gateway().ask(lambda client: client.v1.checkout.sessions.list(params))
    return _page(raw, lambda row: _complete(row) if row["mode"] == "payment" else None)


def _complete(row: dict[str, Any]) -> CompleteCheckout:
    return CompleteCheckout(id=str(row["id"]), is_paid=row["payment_status"] != "unpaid")


@readable()
def list_refunds(*, since: datetime, after: str | None) -> Page[OfPayment[SeenRefund]]:
    params = _params(since, after)
    raw = gateway().ask(lambda client: client.v1.refunds.list(params))
    return _page(raw, lambda row: _of_payment(row, read_refund))


@readable()
def list_disputes(*, since: datetime, after: str | None) -> Page[OfPayment[SeenDispute]]:
    params = _params(since, after)
    raw = gateway().ask(lambda client: client.v1.disputes.list(params))
    return _page(raw, lambda row: _of_payment(row, read_dispute))


@readable()
def list_events(*, since: datetime, after: str | None, types: Iterable[str]) -> Page[SeenEvent]:
    """Return events of at most 20 types; Stripe keeps events for 30 days."""
    params = _params(since, after, types=sorted(types))
    raw = gateway().ask(lambda client: client.v1.events.list(params))
    return _page(raw, read_listed_event)


@readable()
def find_session_of_payment(payment_intent_id: str) -> str | None:
    """Return the Checkout Session that made a payment; None for a payment made another way."""
    params: Any = {"payment_intent": payment_intent_id, "limit": 1}
    rows = gateway().ask(lambda client: client.v1.checkout.sessions.list(params))["data"]
    return str(rows[0]["id"]) if rows else None


def _of_payment(row: dict[str, Any], read: Callable[[dict[str, Any]], T]) -> OfPayment[T] | None:
    payment = row.get("payment_intent")
    return OfPayment(payment_intent_id=payment, seen=read(row)) if isinstance(payment, str) else None
