"""Customers at Stripe and the cards that they keep: made, told of a new address, listed, taken away, deleted."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from storefront.core.errors import StripeMissing, StripeRefused
from storefront.stripe_api.gateway import gateway
from storefront.stripe_api.lists import each
from storefront.stripe_api.raw import part
from storefront.stripe_api.refusals import readable
from storefront.stripe_api.seen_balance import read_excess_minor

if TYPE_CHECKING:
    import stripe


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedCard:
    """A way to pay that a buyer saved. `brand` is a card's network or a bank's name, for people; no expiry: 0."""

    id: str
    brand: str
    last4: str
    expires_month: int
    expires_year: int


@readable()
def create_customer(email: str, *, metadata: dict[str, str], idempotency_key: str) -> str:
    params: Any = {"email": email, "metadata": metadata}
    options: Any = {"idempotency_key": idempotency_key}
    return str(gateway().ask(lambda client: client.v1.customers.create(params, options))["id"])


def change_email(stripe_id: str, email: str) -> None:
    """Raises StripeMissing where it was deleted."""
    params: Any = {"email": email}
    gateway().ask(lambda client: client.v1.customers.update(stripe_id, params))


@readable()
def find_cash(stripe_id: str) -> dict[str, int]:
    """Return what is to be sent back of the Customer's cash balance, in minor units by currency in which any lies.

    0: all that lies there are refunds, which Stripe sends on by itself.
    https://docs.stripe.com/payments/customer-balance: it is a part of the Customer, shown on request.
    """
    try:
        currencies = _list_currencies(stripe_id)
        moves = _list_moves(stripe_id) if currencies else []
    except StripeMissing:
        return {}
    return {currency: read_excess_minor(moves, currency=currency) for currency in currencies}


def _list_currencies(stripe_id: str) -> list[str]:
    """Return those in which anything lies in the balance."""
    params: Any = {"expand": ["cash_balance"]}
    raw = gateway().ask(lambda client: client.v1.customers.retrieve(stripe_id, params))
    return [currency for currency, minor in part(part(raw, "cash_balance"), "available").items() if minor]


def _list_moves(stripe_id: str) -> list[dict[str, Any]]:
    def list_page(client: "stripe.StripeClient", params: Any) -> Any:  # noqa: ANN401 - the SDK's types
        return client.v1.customers.cash_balance_transactions.list(stripe_id, params)

    return list(each(list_page, dict))


def delete_customer(stripe_id: str) -> None:
    """Delete it with all that it keeps; safe to repeat."""
    try:
        gateway().ask(lambda client: client.v1.customers.delete(stripe_id))
    except StripeMissing:
        return


def list_saved(stripe_id: str) -> list[SavedCard]:
    """Return what the Customer keeps, newest first; nothing of one that was deleted."""
    try:
        return list(each(lambda client, params: client.v1.payment_methods.list(params), _read, customer=stripe_id))
    except StripeMissing:
        return []


def detach(method_id: str) -> None:
    """Take one away for good; one that is away already stays so."""
    try:
        gateway().ask(lambda client: client.v1.payment_methods.detach(method_id))
    except StripeMissing:
        return
    except StripeRefused as refused:
        if "not attached" not in refused.message:
            raise


def _read(raw: dict[str, Any]) -> SavedCard:
    detail = raw.get(raw["type"]) or {}
    brands = (detail.get("display_brand"), detail.get("brand"), detail.get("bank_name"))
    brand = next(filter(None, brands), raw["type"])
    return SavedCard(
        id=raw["id"],
        brand=str(brand).replace("_", " ").title(),
        last4=str(detail.get("last4") or ""),
        expires_month=int(detail.get("exp_month") or 0),
        expires_year=int(detail.get("exp_year") or 0),
    )
