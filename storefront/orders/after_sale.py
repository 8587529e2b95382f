"""What happened to an order's money after the sale, and what of it the owner has to see. Rows only."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core import clock
from storefront.core.db import Base, Minor
from storefront.core.partial_indexes import partial_index
from storefront.orders.models import NULL_JSON

NOT_BACK = ("failed", "canceled")  # statuses of refunds that gave nothing back
TO_ANSWER = "requires_action"  # Stripe has asked the buyer by email where the money should go


class Refund(Base):
    """By Stripe's `re_` id. Copied for people to read; access is decided by the order's own facts."""

    __tablename__ = "refunds"

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    amount_minor: Mapped[Minor]
    currency: Mapped[str]
    status: Mapped[str] = mapped_column(index=True)
    reason: Mapped[str | None]
    presentment_minor: Mapped[Minor | None]  # what the buyer gets back, where Checkout converted the price
    presentment_currency: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(index=True)  # at Stripe
    # Of the items that it names; None: it names none.
    positions: Mapped[list[Any] | None] = mapped_column(NULL_JSON)
    answer_by: Mapped[datetime | None]  # the buyer, to Stripe's email that asks where the money should go

    @property
    def counts(self) -> bool:
        """Tell whether it gave money back, or may still."""
        return self.status not in NOT_BACK

    @property
    def items(self) -> frozenset[int]:
        return frozenset(self.positions or ())


class Dispute(Base):
    """By Stripe's `dp_` or `du_` id."""

    __tablename__ = "disputes"

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    amount_minor: Mapped[Minor]
    currency: Mapped[str]
    status: Mapped[str] = mapped_column(index=True)
    reason: Mapped[str]
    respond_by: Mapped[datetime | None]
    created_at: Mapped[datetime]  # at Stripe


class FraudWarning(Base):
    """A card network's early fraud warning, by Stripe's `issfr_` id. Often a dispute follows."""

    __tablename__ = "fraud_warnings"

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    fraud_type: Mapped[str]
    is_actionable: Mapped[bool]  # no full refund and no dispute yet
    created_at: Mapped[datetime]  # at Stripe


class OrderChange(Base):
    """One line of an order's timeline, written in the transaction that changed it. Never updated."""

    __tablename__ = "order_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    what: Mapped[str]  # see `changes.ChangeKind`
    detail: Mapped[str] = mapped_column(default="")  # for people; holds no key and no address


class Notice(Base):
    """A line of the owner's "needs you" list: open until its cause is gone or the owner says done."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("mode", "kind", "subject"),
        partial_index(
            "ix_notices_open",
            "mode",
            "kind",
            where="closed_at IS NULL",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[str]
    kind: Mapped[str]  # see `notices.NoticeKind`
    subject: Mapped[str]  # what it is about: a Stripe id, an order number, a day
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), index=True)
    text: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    closed_at: Mapped[datetime | None]
    is_closed_by_owner: Mapped[bool] = mapped_column(default=False)
