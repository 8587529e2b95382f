"""Broadcast: an email of the owner's to many buyers, and its texts. Who got it, the outbox says."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core import clock
from storefront.core.db import Base


class BroadcastState(StrEnum):
    """How far it is. Stored: values never change."""

    DRAFT = "draft"
    SENDING = "sending"
    SENT = "sent"  # every email is promised; some may still wait in the outbox
    CANCELED = "canceled"


class Broadcast(Base):
    """`last_customer_id` is how far its emails are promised: who has a smaller id was looked at.

    Without products and editions it is for the buyers of anything. `version` moves with each save of the draft.
    """

    __tablename__ = "broadcasts"
    __table_args__ = (Index(None, "mode", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[str]
    state: Mapped[BroadcastState] = mapped_column(default=BroadcastState.DRAFT)
    version: Mapped[int] = mapped_column(default=1)
    product_ids: Mapped[list[Any]] = mapped_column(default=list)
    edition_ids: Mapped[list[Any]] = mapped_column(default=list)
    per_minute: Mapped[int]
    last_customer_id: Mapped[int] = mapped_column(default=0)
    promised: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    canceled_at: Mapped[datetime | None]


class BroadcastText(Base):
    """What it says in one language. The one in the shop's own language is the original."""

    __tablename__ = "broadcast_texts"
    __table_args__ = (UniqueConstraint("broadcast_id", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcasts.id"))
    language: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
