"""What Stripe said, as small dataclasses of our own: read from its JSON, without its library."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storefront.core import clock
from storefront.stripe_api.raw import part, rows
from storefront.stripe_api.seen_buyer import NO_METHOD, SeenMethod, read_address, read_business_name, read_method
from storefront.stripe_api.seen_price import SeenPrice, read_price
from storefront.stripe_api.seen_recovery import SeenRecovery, has_agreed, read_recovery
from storefront.stripe_api.seen_tax import (
    SeenInvoice,
    read_tax_ids,
    read_taxes,
    with_verification,
)
from storefront.stripe_api.seen_waiting import SeenWaiting, read_waiting, waiting_method

FAILED = ("requires_payment_method", "canceled")  # of a payment whose Session is complete: it came to nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenLine:
    """A line of a Checkout Session; amounts in minor units of the session's currency."""

    id: str
    description: str
    quantity: int
    currency: str
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    stripe_price_id: str | None
    stripe_product_id: str | None
    metadata: dict[str, str]  # of product and price together
    price: SeenPrice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRefund:
    """`items` are positions of lines, from 1, that the refund's metadata names (`storefront_items=1,3`)."""

    id: str
    amount_minor: int
    currency: str
    status: str
    reason: str | None
    items: frozenset[int]
    created_at: datetime
    answer_by: datetime | None = None  # when it ends, where Stripe has asked the buyer by email where it should go
    presentment_minor: int | None = None
    presentment_currency: str | None = None

    @property
    def counts(self) -> bool:
        """Failed and canceled ones gave no money back, and Stripe does not count them any more."""
        return self.status not in ("failed", "canceled")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenDispute:
    """`is_paid_back`: it was prevented by a rule that refunds, or at the cost of what it was about."""

    id: str
    amount_minor: int
    currency: str
    status: str
    reason: str
    respond_by: datetime | None
    created_at: datetime
    is_paid_back: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenWarning:
    id: str
    fraud_type: str
    is_actionable: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAfterSale:
    """What a payment's lists hold. None for a list that a restricted key may not read."""

    refunds: tuple[SeenRefund, ...] | None
    disputes: tuple[SeenDispute, ...] | None
    warnings: tuple[SeenWarning, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPayment:
    """`status` is the PaymentIntent's; amounts and `is_disputed` are of its latest charge.

    `after_sale` is None when nobody asked: the charge shows no refund and no dispute, and the look was quick.
    `excess_minor` is None where a restricted key may not ask.
    """

    id: str
    status: str
    method_type: str | None
    refunded_minor: int
    is_disputed: bool
    after_sale: SeenAfterSale | None
    waiting: SeenWaiting | None = None  # what the buyer must still do
    excess_minor: int | None = 0  # sent by bank transfer and not used: Stripe keeps it for this customer
    method: SeenMethod = NO_METHOD  # of the charge: none while nothing is charged
    charged_at: datetime | None = None  # a debit is charged days before its money comes


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenDiscount:
    """What took something off a Session: a Promotion Code, or a Coupon without one.

    `code` is what buyers type, or else the coupon's name; None where Stripe does not say.
    """

    promotion_code_id: str | None
    coupon_id: str | None
    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCheckout:
    """What Stripe says of a Checkout Session now. `payment` is None where nothing had to be paid."""

    id: str
    mode: str
    status: str
    payment_status: str
    ui_mode: str
    url: str | None
    client_secret: str | None
    livemode: bool
    created_at: datetime
    expires_at: datetime
    metadata: dict[str, str]
    payment_link_id: str | None
    currency: str
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    presentment_minor: int | None
    presentment_currency: str | None
    email: str | None
    name: str | None
    business_name: str | None
    country: str | None
    address: dict[str, str] | None  # of the bill, by Stripe's names of its parts
    tax_ids: list[dict[str, Any]]
    taxes: list[dict[str, Any]]  # by rate; empty where nobody computes tax
    customer_id: str | None
    invoice: SeenInvoice | None
    phone: str | None
    answers: list[list[str]]  # label and value of the shop's own fields
    locale: str | None  # what Stripe's form speaks: `de`, `pt-BR`; None where the browser decides
    checkout_text: str | None  # in Stripe's form: beside the box, or above the button where there is no box
    has_accepted: bool  # ticked that box
    payment: SeenPayment | None
    recovered_from: str | None  # the expired Session that this one is a copy of
    recovery: SeenRecovery | None
    agrees_to_offers: bool  # ticked Stripe's box for news and offers in this very Session
    discount: SeenDiscount | None
    lines: tuple[SeenLine, ...]

    @property
    def is_paid(self) -> bool:
        """Stripe's rule: anything but `unpaid` is to be fulfilled (guide "Fulfill orders")."""
        return self.status == "complete" and self.payment_status != "unpaid"

    @property
    def has_failed(self) -> bool:
        """Return True where a delayed method was chosen and the bank said no: final for this Session."""
        failed = self.payment is not None and self.payment.status in FAILED
        return self.status == "complete" and self.payment_status == "unpaid" and failed


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenLink:
    """A Payment Link; `is_active` when it can be paid."""

    id: str
    url: str
    is_active: bool
    metadata: dict[str, str]


def _seen_line(raw: dict[str, Any]) -> SeenLine:
    price = raw["price"] or {}
    product_id, product = _product_of(price)
    return SeenLine(
        id=raw["id"],
        description=raw["description"] or product.get("name") or "",
        quantity=raw["quantity"] or 1,
        currency=raw["currency"],
        subtotal_minor=raw["amount_subtotal"],
        discount_minor=raw["amount_discount"],
        tax_minor=raw["amount_tax"],
        total_minor=raw["amount_total"],
        stripe_price_id=price.get("id"),
        stripe_product_id=product_id,
        metadata={**part(product, "metadata"), **part(price, "metadata")},
        price=read_price(price) if price else None,
    )


def _product_of(price: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """Return the id of a price's product, and the product where it was expanded."""
    product = price.get("product")
    if isinstance(product, dict):
        return product.get("id"), product
    return product if isinstance(product, str) else None, {}


def read_refund(raw: dict[str, Any]) -> SeenRefund:
    named = str(part(raw, "metadata").get("storefront_items", ""))
    answer_by = part(part(raw, "next_action"), "display_details").get("expires_at")
    return SeenRefund(
        id=raw["id"],
        amount_minor=raw["amount"],
        currency=raw["currency"],
        status=raw["status"] or "pending",
        reason=raw.get("reason"),
        items=frozenset(int(part) for part in named.replace(" ", "").split(",") if _is_position(part)),
        presentment_minor=part(raw, "presentment_details").get("presentment_amount"),
        presentment_currency=part(raw, "presentment_details").get("presentment_currency"),
        answer_by=clock.from_unix(answer_by) if answer_by else None,
        created_at=clock.from_unix(raw["created"]),
    )


def _is_position(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6


def read_link(raw: dict[str, Any]) -> SeenLink:
    return SeenLink(id=raw["id"], url=raw["url"], is_active=raw["active"], metadata=raw["metadata"] or {})


def read_dispute(raw: dict[str, Any]) -> SeenDispute:
    due_by = part(raw, "evidence_details").get("due_by")
    return SeenDispute(
        id=raw["id"],
        amount_minor=raw["amount"],
        currency=raw["currency"],
        status=raw["status"],
        reason=raw["reason"],
        respond_by=clock.from_unix(due_by) if due_by else None,
        created_at=clock.from_unix(raw["created"]),
        is_paid_back=raw["status"] == "prevented" and _was_paid(raw),
    )


def _was_paid(raw: dict[str, Any]) -> bool:
    """A rule that resolves a dispute is there to refund it: https://docs.stripe.com/radar/rules/disputes."""
    case = part(part(raw, "payment_method_details"), "card").get("case_type")
    return case == "resolution" or sum(moved["amount"] for moved in rows(raw, "balance_transactions")) < 0


def read_warning(raw: dict[str, Any]) -> SeenWarning:
    return SeenWarning(
        id=raw["id"],
        fraud_type=raw["fraud_type"],
        is_actionable=raw["actionable"],
        created_at=clock.from_unix(raw["created"]),
    )


def _seen_payment(
    raw: dict[str, Any] | None, after_sale: SeenAfterSale | None, excess_minor: int | None
) -> SeenPayment | None:
    if not raw:
        return None
    charge = part(raw, "latest_charge")
    charged = charge.get("created")
    return SeenPayment(
        id=raw["id"],
        status=raw["status"],
        method_type=read_method(charge).type or waiting_method(raw),
        refunded_minor=charge.get("amount_refunded") or 0,
        is_disputed=bool(charge.get("disputed")),
        after_sale=after_sale,
        waiting=read_waiting(raw),
        excess_minor=excess_minor,
        method=read_method(charge),
        charged_at=clock.from_unix(charged) if charged else None,
    )


def _name(customer: dict[str, Any]) -> str | None:
    """Return who bought, a business before the person, as an invoice is addressed; a page may tell both."""
    told = (customer.get("business_name"), customer.get("name") or customer.get("individual_name"))
    return ", ".join(dict.fromkeys(name for name in told if name)) or None


def _phone(raw: dict[str, Any], customer: dict[str, Any]) -> str | None:
    """Return the number that the shop asked for; a wallet tells one without being asked."""
    return customer.get("phone") if part(raw, "phone_number_collection").get("enabled") else None


def _answers(raw: dict[str, Any]) -> list[list[str]]:
    """Return what was typed or chosen; of a choice its words, not the value that Stripe knows it by."""
    answers = []
    for field in rows(raw, "custom_fields"):
        words = _words_of(part(field, field["type"]))
        if words:
            answers.append([field["label"].get("custom") or field["key"], words])
    return answers


def _words_of(detail: dict[str, Any]) -> str | None:
    labels = {option["value"]: option["label"] for option in rows(detail, "options")}
    value = detail.get("value")
    return labels.get(value, value)


def _checkout_text(raw: dict[str, Any]) -> str | None:
    has_box = part(raw, "consent_collection").get("terms_of_service") == "required"
    texts = part(raw, "custom_text")
    return part(texts, "terms_of_service_acceptance" if has_box else "submit").get("message")


def _locale(raw: dict[str, Any]) -> str | None:
    locale = raw.get("locale")
    return str(locale) if locale and locale != "auto" else None


def _has_accepted(raw: dict[str, Any]) -> bool:
    return part(raw, "consent").get("terms_of_service") == "accepted"


def read_checkout(
    raw: dict[str, Any],
    lines: list[dict[str, Any]],
    after_sale: SeenAfterSale | None = None,
    *,
    invoice: SeenInvoice | None = None,
    kept_tax_ids: list[dict[str, Any]] | None = None,
    excess_minor: int | None = 0,
    discount: SeenDiscount | None = None,
) -> SeenCheckout:
    """`kept_tax_ids` are those of the Session's Customer, where somebody asked for them."""
    customer, totals = raw["customer_details"] or {}, raw["total_details"] or {}
    presentment = part(raw, "presentment_details")
    payment = raw["payment_intent"]
    return SeenCheckout(
        id=raw["id"],
        mode=raw["mode"],
        status=raw["status"],
        payment_status=raw["payment_status"],
        ui_mode=raw["ui_mode"],
        url=raw["url"],
        client_secret=raw["client_secret"],
        livemode=raw["livemode"],
        created_at=clock.from_unix(raw["created"]),
        expires_at=clock.from_unix(raw["expires_at"]),
        metadata=raw["metadata"] or {},
        payment_link_id=raw["payment_link"],
        currency=raw["currency"] or "",
        subtotal_minor=raw["amount_subtotal"] or 0,
        discount_minor=totals.get("amount_discount", 0),
        tax_minor=totals.get("amount_tax", 0),
        total_minor=raw["amount_total"] or 0,
        presentment_minor=presentment.get("presentment_amount"),
        presentment_currency=presentment.get("presentment_currency"),
        email=customer.get("email"),
        name=_name(customer),
        business_name=read_business_name(customer),
        address=read_address(customer),
        country=part(customer, "address").get("country"),
        tax_ids=with_verification(read_tax_ids(customer), kept_tax_ids or []),
        taxes=read_taxes(totals),
        customer_id=raw.get("customer"),
        invoice=invoice,
        locale=_locale(raw),
        checkout_text=_checkout_text(raw),
        has_accepted=_has_accepted(raw),
        phone=_phone(raw, customer),
        answers=_answers(raw),
        payment=_seen_payment(payment, after_sale, excess_minor) if isinstance(payment, dict) else None,
        recovered_from=raw.get("recovered_from"),
        recovery=read_recovery(raw),
        agrees_to_offers=has_agreed(raw),
        discount=discount,
        lines=tuple(_seen_line(line) for line in lines),
    )
