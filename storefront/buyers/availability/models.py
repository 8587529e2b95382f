"""AvailabilityRequest: an address that wants one email when a product is for sale."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core import clock
from storefront.core.db import Base

MOST_MAILS = 3  # that ask one address about one product


class AvailabilityRequest(Base):
    """Deleted with its address once its email has left. Until `confirmed_at` it is a stranger's word, for 3 days.

    `mails` counts the emails that asked for the confirmation, `mailed_at` is of the last of them.
    """

    __tablename__ = "availability_requests"
    __table_args__ = (UniqueConstraint("mode", "product_id", "email_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[str]
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(index=True)
    token_seed: Mapped[bytes]
    token_hash: Mapped[str] = mapped_column(unique=True)
    mails: Mapped[int] = mapped_column(default=0)
    mailed_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    language: Mapped[str | None]  # that the asker read
    told_at: Mapped[datetime | None]  # when its email was promised
    created_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
