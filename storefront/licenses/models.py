"""License: the key a grant carries."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storefront import clock
from storefront.db import Base


class License(Base):
    __tablename__ = "licenses"

    id: Mapped[int] = mapped_column(primary_key=True)
    grant_id: Mapped[int] = mapped_column(ForeignKey("grants.id"), unique=True)
    key: Mapped[str] = mapped_column(unique=True)
    mode: Mapped[str]
    activation_limit: Mapped[int | None]  # None: no limit
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
