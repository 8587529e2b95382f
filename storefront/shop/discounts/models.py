"""Discount: a code or a promotion; terms never change. DiscountMirror: the same at Stripe, by mode and account."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core import clock
from storefront.core.db import Base
from storefront.core.partial_indexes import partial_index

# Trouble of a mirror that is kept: nobody makes anew what somebody switched off there.
OFF_AT_STRIPE = "Its code was switched off at Stripe. Switch it on there, or stop this discount and make another."
CLOSING = "The shop is switching its code off at Stripe, to make another one for other products."
USED_UP = "Stripe counted all of its uses, more than this shop has orders with it. It takes no more."


class Discount(Base):
    """`percent_hundredths` or `amounts` says what comes off: 2000 are 20 %; amounts are minor units by currency.

    No `product_ids` are all products. `minimums` are what an order must reach, in minor units by currency.
    A promotion applies by itself, and `code` is its name. Several may run: each price shows the best one for it.
    A Session takes one discount, so of an order the best one counts, and the cart says so.
    """

    __tablename__ = "discounts"
    __table_args__ = (
        CheckConstraint("percent_hundredths BETWEEN 1 AND 10000", name="percent_possible"),
        partial_index(
            "uq_discounts_code",
            "code",
            unique=True,
            where="stopped_at IS NULL",
        ),
        Index("ix_discounts_all_codes", "code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]  # in capital letters
    percent_hundredths: Mapped[int | None]
    amounts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    product_ids: Mapped[list[Any]] = mapped_column(default=list)
    minimums: Mapped[dict[str, Any]] = mapped_column(default=dict)
    is_first_purchase: Mapped[bool] = mapped_column(default=False)  # for addresses that have bought nothing yet
    is_automatic: Mapped[bool] = mapped_column(default=False)  # a promotion
    most_uses: Mapped[int | None]
    starts_at: Mapped[datetime] = mapped_column(default=clock.now)
    ends_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


def is_promotion() -> tuple[Any, Any]:
    """Select those that apply by themselves, whether they run, are to come or have ended."""
    return Discount.is_automatic, Discount.stopped_at.is_(None)


class DiscountMirror(Base):
    """A Coupon and its Promotion Code at Stripe. A coupon's products are fixed, so other products are another row.

    `promotion_code_id` is None until Stripe has answered, and stays so where buyers cannot type the code.
    Once it was switched off or lost a row is retired: its fingerprint gets its id behind, and another row follows.
    """

    __tablename__ = "discount_mirrors"
    __table_args__ = (UniqueConstraint("discount_id", "mode", "account", "fingerprint"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    discount_id: Mapped[int] = mapped_column(ForeignKey("discounts.id"), index=True)
    mode: Mapped[str]
    account: Mapped[str]
    fingerprint: Mapped[str]  # of the terms and of Stripe's products
    products: Mapped[list[Any]] = mapped_column(default=list)  # Stripe's ids; none are all
    coupon_id: Mapped[str] = mapped_column(unique=True)
    promotion_code_id: Mapped[str | None] = mapped_column(unique=True)
    is_active: Mapped[bool] = mapped_column(default=False)  # it can be used at Stripe, as far as we know
    attempt: Mapped[int] = mapped_column(default=1)  # one more for each definite no
    trouble: Mapped[str] = mapped_column(default="")  # why Stripe does not take it, for the owner
    uses: Mapped[int] = mapped_column(default=0)  # orders of this shop
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
