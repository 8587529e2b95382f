"""ReadinessAnswer: what was asked of Stripe, storage and people, and when. Every process reads the same."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.db import Base


class Question(StrEnum):
    STRIPE = "stripe"
    WEBHOOK = "webhook"
    STORAGE = "storage"
    TAX = "tax"
    TEST_MAIL = "test_mail"  # the outbox row of the last one
    RESTORED = "restored"  # an owner's tick: they have tried a restore


class ReadinessAnswer(Base):
    __tablename__ = "readiness_answers"

    name: Mapped[Question] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime]
    body: Mapped[dict[str, Any]]
