"""The ledger of webhook deliveries (`handled_at` makes one a duplicate), and the endpoints the shop made."""

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core import clock
from storefront.core.db import Base
from storefront.core.partial_indexes import partial_index


class StripeEvent(Base):
    """By Stripe's `evt_` id. No payload is stored: an event only says which object to look at again."""

    __tablename__ = "stripe_events"
    __table_args__ = (
        partial_index(
            "ix_stripe_events_unhandled",
            "mode",
            "received_at",
            "id",
            where="handled_at IS NULL",
        ),
        partial_index(
            "ix_stripe_events_set_aside",
            "livemode",
            "received_at",
            "id",
            where="outcome = 'other_mode'",  # see `ledger.OTHER_MODE`
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    object_id: Mapped[str] = mapped_column(index=True)
    livemode: Mapped[bool]
    mode: Mapped[str]  # ours when it arrived; of one that was set aside and came again in its own mode, that one
    created_at: Mapped[datetime]  # at Stripe
    received_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    attempts: Mapped[int] = mapped_column(default=1)
    handled_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    last_error: Mapped[str | None]


class WebhookEndpoint(Base):
    """An endpoint at Stripe that this shop makes, or made. One is current for each mode and account.

    The row is there before Stripe is asked, and `token` is in its idempotency key: whoever comes second, or again
    after a lost answer, gets the same endpoint. `sealed` is its signing secret (`core/sealing.py`).
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        partial_index(
            "uq_webhook_endpoints_current",
            "mode",
            "account",
            unique=True,
            where="replaced_at IS NULL",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[str]
    account: Mapped[str]
    token: Mapped[str] = mapped_column(unique=True)
    endpoint_id: Mapped[str | None] = mapped_column(unique=True)  # None until Stripe has answered
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # None until then, and once it was disabled
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    delivered_at: Mapped[datetime | None]  # the first good delivery
    replaced_at: Mapped[datetime | None]
