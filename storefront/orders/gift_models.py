"""Gift: what a giver asked for of a whole order, written when its checkout begins and bound to what it becomes."""

from datetime import date, datetime

from sqlalchemy import ColumnElement, Date, ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core import clock
from storefront.core.db import Base
from storefront.core.partial_indexes import partial_index

FIRST_VERSION = 1  # of a receiver's link


class Gift(Base):
    """Without `order_id` it is what a checkout asks for: never changed, so that an open Session means one gift.

    `mark` stands in the Session's metadata, and no word of the gift does. `email` is the receiver's as it was
    typed; empty where it was erased, or lost with a database. Once it is handed over, the receiver is the order's
    `holder_id`.
    """

    __tablename__ = "gifts"
    __table_args__ = (
        partial_index(
            "ix_gifts_to_hand_over",
            "send_on",
            "id",
            where="handed_over_at IS NULL",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mark: Mapped[str] = mapped_column(index=True)  # a copy of a Session has the same
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), unique=True)
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(index=True)
    from_name: Mapped[str]
    message: Mapped[str]
    send_on: Mapped[date] = mapped_column(Date)  # UTC
    handed_over_at: Mapped[datetime | None]
    token_version: Mapped[int] = mapped_column(default=FIRST_VERSION)
    created_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)


class GiftLink(Base):
    """A token of a receiver's page. Those of an older `version` open nothing."""

    __tablename__ = "gift_links"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    gift_id: Mapped[int] = mapped_column(ForeignKey("gifts.id"), index=True)
    version: Mapped[int]


def gift_version() -> ColumnElement[int]:
    """Select the version of the receiver's link of an order, outer joined; the first where it is no gift."""
    return func.coalesce(Gift.token_version, FIRST_VERSION)
