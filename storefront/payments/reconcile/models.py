"""ReconcilePass: one comparison with Stripe, its place for resuming, its report."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from storefront.core import clock
from storefront.core.db import Base


class ReconcilePass(Base):
    """Complete when `finished_at` is set; only then `checkpoint` moves: the next pass looks from there.

    `step` and `cursor` are where an interrupted pass goes on. `fixed` and `needs_you` are lists of
    `{"kind", "subject", "text"}`. `unread` has the lists that the key could not read, each with the moment
    from which on it is still to be read; None in rows of older code.
    """

    __tablename__ = "reconcile_passes"

    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(index=True)
    since: Mapped[datetime]
    started_at: Mapped[datetime] = mapped_column(default=clock.now)
    finished_at: Mapped[datetime | None]
    checkpoint: Mapped[datetime | None]
    step: Mapped[str]
    cursor: Mapped[str | None]
    checked: Mapped[int] = mapped_column(default=0)
    fixed: Mapped[list[Any]] = mapped_column(default=list)
    needs_you: Mapped[list[Any]] = mapped_column(default=list)
    stumbles: Mapped[dict[str, Any]] = mapped_column(default=dict)  # Session id -> how often it ended a pass
    unread: Mapped[dict[str, Any] | None]
