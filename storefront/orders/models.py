"""Order, OrderItem and Grant: uniqueness lives here, access does not (see `access.py`)."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, TextClause, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core import clock, tokens
from storefront.core.db import Base, Minor
from storefront.core.partial_indexes import partial_index

NULL_JSON = JSON(none_as_null=True)

# What few orders are, each with an index of its own, newest first. In these very words a statement has to ask for
# it, or SQLite does not take the index.
UNPAID = text("NOT is_paid")
FREE = text("total_minor = 0")
REFUNDED = text("refunded_minor > 0")
DISPUTED = text("(is_disputed OR dispute_status IS NOT NULL)")
DECIDED = text("decision <> 'follow_payment'")
KEYLESS = text("is_keyless")  # of grants
AWAITED = text("fulfilled_at IS NULL AND NOT has_failed")  # their payment
EXCESSIVE = text("excess_minor > 0")


def _index_of(name: str, condition: TextClause) -> Index:
    columns = ("mode", "placed_at", "id")
    return partial_index(f"ix_orders_{name}", *columns, where=condition)


class GrantKind(StrEnum):
    LICENSE = "license"
    DOWNLOAD = "download"


class Decision(StrEnum):
    """The owner's word on one order: it stands above refunds and disputes, never above an unpaid one."""

    FOLLOW_PAYMENT = "follow_payment"
    WITHDRAW = "withdraw"
    ALLOW = "allow"


class Order(Base):
    """Born when its Checkout Session is complete, from Stripe's lines, never from a cart.

    Amounts are minor units of `currency`. Facts (`is_paid` to `dispute_status`) are what Stripe said last:
    written only with a `look_ticket` newer than `facts_ticket`.
    """

    __tablename__ = "orders"
    __table_args__ = (
        Index("ix_orders_mode_placed_at", "mode", "placed_at", "id"),
        Index("ix_orders_mode_paid_at", "mode", "paid_at"),
        _index_of("unpaid", UNPAID),
        _index_of("free", FREE),
        _index_of("refunded", REFUNDED),
        _index_of("disputed", DISPUTED),
        _index_of("decided", DECIDED),
        partial_index("ix_orders_awaited", "id", where=AWAITED),
        partial_index("ix_orders_excessive", "id", where=EXCESSIVE),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    mode: Mapped[str]
    checkout_session_id: Mapped[str] = mapped_column(unique=True)
    given_because: Mapped[str | None]  # of what the owner gave for free: Stripe knows nothing of it
    payment_intent_id: Mapped[str | None] = mapped_column(index=True)
    payment_link_id: Mapped[str | None]
    recovered_from: Mapped[str | None] = mapped_column(index=True)  # the expired Session that its own is a copy of
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)  # who pays
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"), index=True)  # who has keys and files
    is_gift: Mapped[bool] = mapped_column(default=False)  # as a whole; nobody holds it before its day
    email: Mapped[str]
    name: Mapped[str | None]
    language: Mapped[str | None]  # of its emails; None: the shop's own
    country: Mapped[str | None] = mapped_column(index=True)
    business_name: Mapped[str | None]
    billing_address: Mapped[dict[str, Any] | None] = mapped_column(NULL_JSON)  # by Stripe's names of its parts
    tax_ids: Mapped[list[Any]] = mapped_column(default=list)
    phone: Mapped[str | None]
    answers: Mapped[list[Any]] = mapped_column(default=list)  # [label, value] of what the owner asked at Checkout
    payment_method_type: Mapped[str | None]
    payment_brand: Mapped[str | None]  # of a card, in Stripe's word
    payment_last4: Mapped[str | None] = mapped_column(index=True)  # digits of a card or a bank account
    currency: Mapped[str]
    subtotal_minor: Mapped[Minor]
    discount_minor: Mapped[Minor]
    discount_code: Mapped[str | None]  # what the buyer typed or followed, or the name of a coupon
    referrer: Mapped[str | None]  # where its buyer came from, as `core/referrers.py` names it
    tax_minor: Mapped[Minor]
    total_minor: Mapped[Minor]
    presentment_minor: Mapped[Minor | None]
    presentment_currency: Mapped[str | None]
    taxes: Mapped[list[Any]] = mapped_column(default=list)  # as `stripe_api/seen_tax.py` reads them
    stripe_customer_id: Mapped[str | None] = mapped_column(index=True)
    invoice_number: Mapped[str | None]
    invoice_url: Mapped[str | None]
    checkout_text: Mapped[str | None]  # terms or a declaration, as Stripe's form showed it
    has_accepted: Mapped[bool] = mapped_column(default=False)  # by a tick at a box beside that text

    is_paid: Mapped[bool] = mapped_column(default=False)  # goes from no to yes only
    has_failed: Mapped[bool] = mapped_column(default=False)
    refunded_minor: Mapped[Minor] = mapped_column(default=0)
    is_disputed: Mapped[bool] = mapped_column(default=False)
    dispute_status: Mapped[str | None]
    waits_for: Mapped[dict[str, Any] | None] = mapped_column(NULL_JSON)  # what the buyer must still do
    excess_minor: Mapped[Minor] = mapped_column(default=0)  # sent by bank transfer, and not used
    decision: Mapped[Decision] = mapped_column(default=Decision.FOLLOW_PAYMENT)

    look_ticket: Mapped[int] = mapped_column(default=0)
    facts_ticket: Mapped[int] = mapped_column(default=0)
    looked_at: Mapped[datetime | None]

    token_seed: Mapped[bytes] = mapped_column(default=tokens.new_seed)
    token_version: Mapped[int] = mapped_column(default=1)
    token_hash: Mapped[str] = mapped_column(unique=True)

    placed_at: Mapped[datetime]  # when the Session was created
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    paid_at: Mapped[datetime | None]
    days_begin_at: Mapped[datetime | None]  # of a gift that waited for its day: when it was handed over first
    fulfilled_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]  # its buyer's personal data: no page shows it any more

    @property
    def bought_at(self) -> datetime:
        """Return when the days of its licenses, updates and downloads begin."""
        return self.days_begin_at or self.paid_at or self.placed_at


class OrderLink(Base):
    """One more token of an order's page: after SECRET_KEY was changed links are made anew, and the old stay good.

    Those of an older `version` open nothing.
    """

    __tablename__ = "order_links"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    version: Mapped[int]


class SoldTerms:
    """What was promised when it was sold (`SaleTerms`): later settings of the product are for later buyers."""

    grants_license: Mapped[bool] = mapped_column(default=False)
    grants_download: Mapped[bool] = mapped_column(default=False)
    one_key_per_order_item: Mapped[bool] = mapped_column(default=False)
    activation_limit: Mapped[int | None]
    seats: Mapped[int | None]
    license_days: Mapped[int | None]
    license_until: Mapped[datetime | None]
    update_days: Mapped[int | None]
    download_limit: Mapped[int | None]
    download_days: Mapped[int | None]


class OrderItem(SoldTerms, Base):
    """One of Stripe's lines. `price_id` is None for a line we do not know: kept and shown to the owner."""

    __tablename__ = "order_items"
    __table_args__ = (UniqueConstraint("order_id", "stripe_line_item_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    stripe_line_item_id: Mapped[str]
    position: Mapped[int]
    price_id: Mapped[int | None] = mapped_column(ForeignKey("prices.id"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id"), index=True)
    description: Mapped[str]
    quantity: Mapped[int]
    currency: Mapped[str]
    subtotal_minor: Mapped[Minor]
    discount_minor: Mapped[Minor]
    tax_minor: Mapped[Minor]
    total_minor: Mapped[Minor]
    is_refunded: Mapped[bool] = mapped_column(default=False)  # a refund names this item


class ItemPart(SoldTerms, Base):
    """One product that an item of a bundle hands out, as the bundle was when it was sold, with terms of its own.

    `edition_id` is of the part. Grants of the part have its product.
    """

    __tablename__ = "order_item_parts"
    __table_args__ = (UniqueConstraint("order_item_id", "product_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_item_id: Mapped[int] = mapped_column(ForeignKey("order_items.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"), index=True)
    position: Mapped[int]
    description: Mapped[str]


class UpgradeState(StrEnum):
    """What came of a paid upgrade. Stored: values never change."""

    APPLIED = "applied"
    REPLACED = "replaced"  # its money went back, and the same upgrade was bought again
    ALREADY = "already"  # the license was not at the edition any more that it was sold for
    CLOSED = "closed"  # the license did not work any more
    UNKNOWN = "unknown"  # it names no license of this shop


class Upgrade(Base):
    """A paid line that gives a grant the edition `edition_id`: whether it counts is computed, in `upgrades.py`.

    `order_item_id` is that line, with the terms of the edition; `upgraded_item_id` is the item of the grant.
    """

    __tablename__ = "upgrades"
    __table_args__ = (
        # The same license gets the same upgrade once, whoever else pays for it at the same moment.
        partial_index(
            "uq_upgrades_applied",
            "grant_id",
            "edition_id",
            unique=True,
            where="state = 'applied'",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_item_id: Mapped[int] = mapped_column(ForeignKey("order_items.id"), unique=True)
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("grants.id"), index=True)
    upgraded_item_id: Mapped[int | None] = mapped_column(ForeignKey("order_items.id"), index=True)
    from_edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"))
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"))
    state: Mapped[str]  # an UpgradeState
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Grant(Base):
    """One thing a buyer received. `ordinal` counts from 1 within item, product and kind.

    `product_id` is the item's, or that of one of its parts: an item has each product once. `is_keyless` finds the
    few that wait for a license without reading all; that none is there is what counts.
    """

    __tablename__ = "grants"
    __table_args__ = (
        UniqueConstraint("order_item_id", "product_id", "kind", "ordinal"),
        partial_index(
            "ix_grants_keyless",
            "product_id",
            "id",
            where=KEYLESS,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_item_id: Mapped[int] = mapped_column(ForeignKey("order_items.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    kind: Mapped[GrantKind]
    ordinal: Mapped[int]
    extra_downloads: Mapped[int] = mapped_column(default=0)  # above the limit that was sold, per file
    extra_days: Mapped[int] = mapped_column(default=0)  # after the last day that was sold
    is_keyless: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
