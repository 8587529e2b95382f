"""AbandonedCheckout: what was left by who agreed to be written to. ReminderReader: an address, as a keyed hash."""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core import clock
from storefront.core.db import Base, Minor


class AbandonedCheckout(Base):
    """Born when its Session has expired; an order may follow from `url`. Amounts in minor units of `currency`.

    After 30 days only the id stays, so that nobody is reminded of the same Session twice.
    """

    __tablename__ = "abandoned_checkouts"

    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[str]
    checkout_session_id: Mapped[str] = mapped_column(unique=True)
    checkout_token: Mapped[str | None]  # of our row behind it
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(index=True)
    url: Mapped[str]
    url_expires_at: Mapped[datetime]
    currency: Mapped[str]
    total_minor: Mapped[Minor]
    lines: Mapped[list[Any]] = mapped_column(default=list)  # as `Left` has them
    began_at: Mapped[datetime]  # by Stripe's clock
    created_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    forgotten_at: Mapped[datetime | None]


class ReminderReader(Base):
    """`address_hash` needs SECRET_KEY, so the row names nobody: it outlives the address, and so does its no."""

    __tablename__ = "reminder_readers"
    __table_args__ = (UniqueConstraint("mode", "address_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[str]
    address_hash: Mapped[str]
    token_seed: Mapped[bytes]
    token_hash: Mapped[str] = mapped_column(unique=True)
    reminded_at: Mapped[datetime | None]
    reminded_of: Mapped[str | None]  # the Session of that email, so that a second try of it may leave
    stopped_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
