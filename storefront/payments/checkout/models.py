"""Checkout: our row behind a cart that goes to pay. Not an order."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Dialect, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from storefront.core import clock
from storefront.core.db import Base
from storefront.core.partial_indexes import partial_index
from storefront.payments.checkout.ui import EMBEDDED
from storefront.shop.cart.cart import CartLine


class CartJson(TypeDecorator[tuple[CartLine, ...]]):
    """Lines of a cart, stored as `[[price id, quantity], …]`."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Iterable[CartLine] | None, dialect: Dialect) -> list[list[int]] | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else [[line.price_id, line.quantity] for line in value]

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[CartLine, ...]:  # noqa: ANN401, ARG002 - SQLAlchemy's signature
        return tuple(CartLine(price_id=price_id, quantity=quantity) for price_id, quantity in value or ())


class Checkout(Base):
    """`body` is what was sent to Stripe for the current attempt.

    No answer: the same attempt, key and body again. A definite error, a changed cart or an expired Session:
    attempt + 1.
    """

    __tablename__ = "checkouts"
    __table_args__ = (
        # What still holds words to Stripe, for who forgets them.
        partial_index(
            "ix_checkouts_body",
            "created_at",
            where="body IS NOT NULL",
        ),
        # What Stripe was not asked about: no order can come of it.
        partial_index(
            "ix_checkouts_unsent",
            "created_at",
            where="body IS NULL AND expires_at IS NULL",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(unique=True)
    nonce: Mapped[str] = mapped_column(unique=True)  # of form and browser: a double click makes one row
    browser_hash: Mapped[str] = mapped_column(index=True)
    mode: Mapped[str]
    account: Mapped[str]  # at Stripe: another account does not know this Session
    # Whose saved cards its Session shows: nobody else goes on with it, and signing out ends it.
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"), index=True)
    discount_id: Mapped[int | None] = mapped_column(ForeignKey("discounts.id"))  # what its Session takes off
    gift_id: Mapped[int | None] = mapped_column(ForeignKey("gifts.id"))
    upgrades_grant_id: Mapped[int | None] = mapped_column(ForeignKey("grants.id"), index=True)
    cart: Mapped[tuple[CartLine, ...]] = mapped_column(CartJson)
    is_from_cart: Mapped[bool] = mapped_column(default=True)  # "Buy now" has one line, and leaves the cart alone
    referrer: Mapped[str | None]  # where its buyer came from, as `core/referrers.py` names it
    is_framed: Mapped[bool] = mapped_column(default=False)  # paid in a frame on another site
    ui_mode: Mapped[str] = mapped_column(default=EMBEDDED)  # of this attempt, whatever the shop says by now
    attempt: Mapped[int] = mapped_column(default=1)
    body: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    checkout_session_id: Mapped[str | None] = mapped_column(unique=True)
    client_secret: Mapped[str | None]
    url: Mapped[str | None]
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
