"""What Stripe booked for a sale, a refund or a dispute, and the payout that brought it to the bank. Rows only."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.db import Base, Minor


class Payout(Base):
    """By Stripe's `po_` id. `is_read`: the lines that are in it name it."""

    __tablename__ = "payouts"

    id: Mapped[str] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(index=True)
    amount_minor: Mapped[Minor]
    currency: Mapped[str]
    status: Mapped[str]
    is_automatic: Mapped[bool]
    is_read: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]  # at Stripe
    arrives_at: Mapped[datetime]


class MoneyLine(Base):
    """One balance transaction, by Stripe's `txn_` id. Written once; only its payout comes later.

    Amounts are minor units of `currency`, in which the account settles; `source_currency` is that of the sale, and
    `exchange_rate` leads from it. Money that goes away is negative; the fee is what Stripe took, and
    `net_minor = amount_minor - fee_minor`. A sale whose line is not here has a fee that nobody knows yet.

    A line names its payment, not its order: it may be here first, or be of another program on the account.
    """

    __tablename__ = "money_lines"
    __table_args__ = (Index("ix_money_lines_mode_created_at_id", "mode", "created_at", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    mode: Mapped[str]
    kind: Mapped[str]  # Stripe's reporting category: charge, refund, dispute, fee, payout and others
    source_id: Mapped[str | None] = mapped_column(index=True)  # of the charge, refund, dispute or payout
    source_currency: Mapped[str]
    payment_intent_id: Mapped[str | None] = mapped_column(index=True)
    amount_minor: Mapped[Minor]
    fee_minor: Mapped[Minor]
    net_minor: Mapped[Minor]
    currency: Mapped[str]
    exchange_rate: Mapped[str | None]
    created_at: Mapped[datetime]  # at Stripe
    available_at: Mapped[datetime]
    payout_id: Mapped[str | None] = mapped_column(ForeignKey("payouts.id"), index=True)


class MoneyRead(Base):
    """How far back a mode's lines were taken in: what was booked before the shop kept them comes in bit by bit."""

    __tablename__ = "money_reads"

    mode: Mapped[str] = mapped_column(primary_key=True)
    cursor: Mapped[str | None]  # the oldest line that was asked for
    is_whole: Mapped[bool] = mapped_column(default=False)
