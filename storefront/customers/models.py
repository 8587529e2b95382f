"""Customer: one row per mode and address; the address is kept as typed, found by its folded form."""

import unicodedata
from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront import clock
from storefront.db import Base


class Customer(Base):
    __tablename__ = "customers"
    __table_args__ = (UniqueConstraint("mode", "email_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[str]
    email: Mapped[str]
    email_key: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


def email_key(email: str) -> str:
    """NFKC, trimmed, lower case: what makes two spellings of an address the same customer."""
    return unicodedata.normalize("NFKC", email).strip().lower()
