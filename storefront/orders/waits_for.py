"""What an order waits for, as it is kept: written from what Stripe said, read for pages, mails and commands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storefront.core import clock
from storefront.core.languages import show_hour, show_money
from storefront.core.texts import joined, marked
from storefront.orders.models import Order
from storefront.stripe_api.seen_waiting import SeenWaiting, WaitKind

_METHODS = {
    "bacs_debit": marked("Bacs Direct Debit"),
    "customer_balance": marked("Bank transfer"),
    "eps": "EPS",
    "oxxo": "OXXO",
    "sepa_debit": "SEPA debit",
    "us_bank_account": marked("US bank account"),
}
_VOUCHERS = ("boleto", "konbini", "multibanco", "oxxo")
DEBITS = ("acss_debit", "au_becs_debit", "bacs_debit", "nz_bank_account", "sepa_debit", "us_bank_account")
# By the English that is kept. What is the same in each language, such as IBAN, is not here.
LABELS: dict[str, str] = {
    label: label
    for label in (
        marked("Recipient"),
        marked("Sort code"),
        marked("Routing number"),
        marked("Account number"),
        marked("Bank"),
        marked("Bank code"),
        marked("Branch"),
        marked("Branch code"),
        marked("Account type"),
        marked("Entity"),
        marked("Reference"),
        marked("Number"),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitsFor:
    """What the buyer must still do; `remaining_minor` is in the order's currency.

    `details` are label and value. Labels, and words beside a value, are marked for translation.
    """

    kind: WaitKind
    url: str | None
    expires_at: datetime | None
    remaining_minor: int | None
    details: tuple[tuple[str, str], ...]

    @property
    def until(self) -> str:
        """Return the last moment in words; with its hour, because a voucher ends by its own country's clock."""
        if self.expires_at is None:
            return ""
        return show_hour(self.expires_at)


def to_keep(seen: SeenWaiting | None) -> dict[str, Any] | None:
    """Return the value of the column."""
    if seen is None:
        return None
    kept = {
        "kind": seen.kind.value,
        "url": seen.url,
        "expires_at": int(seen.expires_at.timestamp()) if seen.expires_at else None,
        "remaining_minor": seen.remaining_minor,
        "details": [list(pair) for pair in seen.details],
    }
    # Only where there are some: reconciliation takes what differs for a change, also in rows of before.
    return kept | {"confirmations": dict(seen.confirmations)} if seen.confirmations else kept


def read_waits_for(order: Order) -> WaitsFor | None:
    """Return None for an order that is paid or has failed: nothing is left to do."""
    kept = order.waits_for
    if not kept or order.is_paid or order.has_failed:
        return None
    confirmations = kept.get("confirmations", {})
    return WaitsFor(
        kind=WaitKind(kept["kind"]),
        url=kept["url"],
        expires_at=clock.from_unix(kept["expires_at"]) if kept["expires_at"] else None,
        remaining_minor=kept["remaining_minor"],
        details=tuple(_detail(label, value, confirmations.get(label)) for label, value in kept["details"]),
    )


def _detail(label: str, value: str, confirmation: str | None) -> tuple[str, str]:
    if confirmation:
        value = marked("%(code)s, confirmation number %(number)s", code=value, number=confirmation)
    return LABELS.get(label, label), value


def method_name(method_type: str | None) -> str | None:
    """Return what people call a way to pay; one that is not in the table by Stripe's own word."""
    if method_type is None:
        return None
    return _METHODS.get(method_type, method_type.replace("_", " ").capitalize())


def why_it_failed(order: Order) -> str:
    """Tell the buyer of a payment that came to nothing why, and where their money is."""
    return joined(_reason(order.payment_method_type), _where_the_money_is(order))


def _where_the_money_is(order: Order) -> str:
    if not order.excess_minor:
        return marked("You haven't been charged.")
    sent = show_money(order.excess_minor, order.currency)
    return marked("Stripe still holds the %(sent)s that you sent. Contact us to get it back.", sent=sent)


def _reason(method_type: str | None) -> str:
    if method_type in _VOUCHERS:
        return marked("The voucher for this order was not paid in time.")
    if method_type in DEBITS:
        return marked("Your bank did not let the payment for this order through.")
    if method_type == "customer_balance":
        return marked("The bank transfer for this order was given up.")
    return marked("The payment for this order did not go through.")
