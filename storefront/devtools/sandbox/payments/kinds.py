"""The ways to pay: what each is called, where it is offered, what the page asks for, and how its money comes.

Sources: Stripe's pages of each method at https://docs.stripe.com/payments.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Course(StrEnum):
    """What happens after the Pay button."""

    CARD = "card"  # paid or declined at once
    DEBIT = "debit"  # the bank answers days later
    VOUCHER = "voucher"  # the buyer pays a number, or lets it expire
    TRANSFER = "transfer"  # the buyer sends money, all of it or a part
    REDIRECT = "redirect"  # a page elsewhere, and back with yes or no


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodKind:
    """`limits`: least and most in minor units, by the currencies that it takes; empty for every currency.

    `fields`: what the page asks for besides the email address. `needs_customer`: only with a Customer.
    """

    name: str
    label: str
    course: Course
    fields: tuple[str, ...]
    limits: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    is_refundable: bool = True
    is_disputable: bool = True
    needs_customer: bool = False

    def takes(self, currency: str, amount: int) -> bool:
        """Tell whether it is offered; nothing is due for what is free, so that never is too little."""
        if not self.limits:
            return True
        least, most = self.limits.get(currency, (1, 0))
        return least <= most and (amount == 0 or least <= amount <= most)


_PLENTY = 99_999_999

KINDS = {
    kind.name: kind
    for kind in (
        MethodKind(
            name="card",
            label="Card",
            course=Course.CARD,
            fields=("cardNumber", "cardExpiry", "cardCvc", "billingName", "billingCountry", "billingPostalCode"),
        ),
        MethodKind(
            name="sepa_debit",
            label="SEPA debit",
            course=Course.DEBIT,
            fields=("iban", "billingName"),
            limits={"eur": (50, 1_000_000)},
        ),
        MethodKind(
            name="us_bank_account",
            label="US bank account",
            course=Course.DEBIT,
            fields=("routingNumber", "accountNumber", "billingName"),
            limits={"usd": (50, _PLENTY)},
        ),
        MethodKind(
            name="bacs_debit",
            label="Bacs Direct Debit",
            course=Course.DEBIT,
            fields=("sortCode", "bacsAccount", "billingName", "billingLine1", "billingCity", "billingZip"),
            limits={"gbp": (30, 10_000_000)},
        ),
        MethodKind(
            name="boleto",
            label="Boleto",
            course=Course.VOUCHER,
            fields=("boletoTaxId", "billingName"),
            limits={"brl": (500, 4_999_999)},
            is_refundable=False,
            is_disputable=False,
        ),
        MethodKind(
            name="oxxo",
            label="OXXO",
            course=Course.VOUCHER,
            fields=("billingName",),
            limits={"mxn": (1_000, 1_000_000)},
            is_refundable=False,
            is_disputable=False,
        ),
        MethodKind(
            name="multibanco",
            label="Multibanco",
            course=Course.VOUCHER,
            fields=(),
            limits={"eur": (50, 9_999_900)},
            is_disputable=False,
        ),
        MethodKind(
            name="konbini",
            label="Konbini",
            course=Course.VOUCHER,
            fields=("billingName", "konbiniPhone"),
            limits={"jpy": (120, 300_000)},
            is_disputable=False,
        ),
        MethodKind(
            name="customer_balance",
            label="Bank transfer",
            course=Course.TRANSFER,
            fields=(),
            limits=dict.fromkeys(("eur", "gbp", "jpy", "mxn", "usd"), (1, _PLENTY)),
            is_disputable=False,
            needs_customer=True,
        ),
        MethodKind(
            name="klarna",
            label="Klarna",
            course=Course.REDIRECT,
            fields=("billingName", "billingCountry"),
            limits={
                **dict.fromkeys(("eur", "usd", "gbp", "chf", "aud", "cad", "nzd"), (100, 1_000_000)),
                **dict.fromkeys(("sek", "nok", "dkk", "pln", "czk"), (1_000, 10_000_000)),
            },
        ),
        MethodKind(
            name="eps",
            label="EPS",
            course=Course.REDIRECT,
            fields=("billingName",),
            limits={"eur": (100, _PLENTY)},
            is_disputable=False,
        ),
    )
}


def course_of(kind: str) -> Course:
    return KINDS[kind].course


def eligible(currency: str, amount: int, *, has_customer: bool) -> list[str]:
    """Return the names of what is offered for this amount, in the order of a page."""
    return [
        kind.name
        for kind in KINDS.values()
        if kind.takes(currency, amount) and (has_customer or not kind.needs_customer)
    ]
