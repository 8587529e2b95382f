"""The ways to pay besides cards: one table for stories, races and what the pages say while money is awaited."""

from dataclasses import dataclass
from typing import Any

from flask import Flask

from tests.support.goods import make_edition
from tests.support.rows import read_rows
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

MIRRORS = (
    "SELECT stripe_price_id FROM stripe_mirrors JOIN prices ON prices.id = price_id"
    " WHERE prices.currency = :currency ORDER BY price_id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """`method` is what the sandbox's `pay` takes. `is_later`: the money comes in a step of its own, or never."""

    method: str
    currency: str
    is_later: bool = True

    @property
    def body(self) -> dict[str, Any]:
        """What a Session needs besides its lines: Stripe takes bank transfers only with a Customer."""
        return {"customer_creation": "always"} if self.method == "customer_balance" else {}


WAYS = {
    way.method: way
    for way in (
        Way(method="sepa_success", currency="eur"),
        Way(method="sepa_dispute", currency="eur"),
        Way(method="bacs_success", currency="gbp"),
        Way(method="ach_success", currency="usd"),
        Way(method="boleto", currency="brl"),
        Way(method="oxxo", currency="mxn"),
        Way(method="multibanco", currency="eur"),
        Way(method="konbini", currency="jpy"),
        Way(method="customer_balance", currency="eur"),
        Way(method="klarna", currency="eur", is_later=False),
        Way(method="eps", currency="eur", is_later=False),
    )
}


def way_of(method: str) -> Way:
    """A card is taken in any currency; here it is the euro."""
    return WAYS.get(method) or Way(method=method, currency="eur", is_later=False)


def end_payment(sandbox: SandboxClient, method: str, payment_intent_id: str, result: str = "succeeded") -> None:
    """What is awaited comes, all of it, or is given up: the bank's answer, a voucher's buyer, or a transfer."""
    if method != "customer_balance":
        sandbox.settle(payment_intent_id, result)
    elif result == "succeeded":
        sandbox.control(f"payment_intents/{payment_intent_id}/fund")
    else:
        sandbox.stripe.v1.payment_intents.cancel(payment_intent_id)


def mirror_in(app: Flask, currency: str, *goods: tuple[str, int]) -> list[str]:
    """Sell each (slug, amount) in a currency; returns Stripe's ids of the prices, in that order."""
    buyer = Buyer(app)
    for slug, amount in goods:
        make_edition(app, slug, currency, amount, currency)
        buyer.add(slug, currency)
    buyer.check_out()
    return [row["stripe_price_id"] for row in read_rows(app, MIRRORS, currency=currency)]
