"""What a receipt says, for emails, the page to print and the PDF alike. Amounts in minor units of `currency`."""

from dataclasses import dataclass
from datetime import datetime

from storefront.buyers.library.order_words import discount_label
from storefront.orders.tax_words import TaxWords


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Seller or buyer. `names` is empty for a buyer who gave none."""

    names: tuple[str, ...]
    address: tuple[str, ...]  # lines
    tax_ids: tuple[str, ...]
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLine:
    """One of Stripe's lines. `unit_minor` is None where the lines' price is not the same for each."""

    description: str
    quantity: int
    unit_minor: int | None
    subtotal_minor: int  # before the discount
    discount_minor: int
    net_minor: int
    tax_rate: str  # like `19%`; empty without tax, and where Stripe did not say which rate it was
    tax_minor: int
    total_minor: int
    is_refunded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundLine:
    """`at` is None where the shop may not read Stripe's list. `presentment` is what the buyer's bank shows.

    `is_waiting`: the buyer has to say first where the money goes.
    """

    at: datetime | None
    amount_minor: int
    presentment: str = ""
    is_waiting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """`method` is None where nothing was charged. `is_test`: no real payment, in the sandbox or in test mode."""

    number: str
    placed_at: datetime
    paid_at: datetime | None
    is_paid: bool
    is_test: bool
    seller: Party
    buyer: Party
    method: str | None
    currency: str
    lines: tuple[ReceiptLine, ...]
    subtotal_minor: int
    discount_minor: int
    discount_code: str | None
    tax_minor: int
    total_minor: int
    presentment: str | None
    taxes: TaxWords
    refunds: tuple[RefundLine, ...]
    refunded_minor: int
    invoice_number: str | None
    invoice_url: str | None

    @property
    def discount_label(self) -> str:
        return discount_label(self.discount_code)

    @property
    def given_minor(self) -> int:
        """Return what went back, without what waits for an answer: if there is none, the shop gets it again."""
        return self.refunded_minor - sum(refund.amount_minor for refund in self.refunds if refund.is_waiting)

    @property
    def remaining_minor(self) -> int:
        """Return what the buyer has paid in the end."""
        return self.total_minor - self.given_minor

    @property
    def dated_at(self) -> datetime:
        return self.paid_at or self.placed_at

    @property
    def has_tax(self) -> bool:
        return bool(self.taxes.lines)

    @property
    def has_discount(self) -> bool:
        return any(line.discount_minor for line in self.lines)
