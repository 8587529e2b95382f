"""StripeEvent: the ledger of webhook deliveries. Only `handled_at` makes a delivery a duplicate."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from storefront.core import clock
from storefront.core.db import Base


class StripeEvent(Base):
    """By Stripe's `evt_` id. No payload is stored: an event only says which object to look at again."""

    __tablename__ = "stripe_events"

    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    object_id: Mapped[str] = mapped_column(index=True)
    livemode: Mapped[bool]
    mode: Mapped[str]  # ours when it arrived
    created_at: Mapped[datetime]  # at Stripe
    received_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    attempts: Mapped[int] = mapped_column(default=1)
    handled_at: Mapped[datetime | None] = mapped_column(index=True)
    outcome: Mapped[str | None]
    last_error: Mapped[str | None]
