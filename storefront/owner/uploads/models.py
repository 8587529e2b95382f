"""Upload: a file that comes in pieces. `offset_bytes` of it are on the disk for certain; the rest may not be."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core import clock, tokens
from storefront.core.db import Base

# Of five gigabytes. SQLite's INTEGER holds them.
Large = BigInteger().with_variant(Integer, "sqlite")


class UploadState(StrEnum):
    OPEN = "open"
    FAILED = "failed"  # every byte is here, and `reason` says why it is not in its release: it may be tried again
    FINISHED = "finished"


class Upload(Base):
    __tablename__ = "uploads"

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(unique=True, default=tokens.new_token)  # names address and part file
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), index=True)
    version: Mapped[str]
    filename: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(Large)
    offset_bytes: Mapped[int] = mapped_column(Large, default=0)
    modified_ms: Mapped[int | None] = mapped_column(Large)  # the file's own time: the same again is the same file
    fingerprint: Mapped[str | None] = mapped_column(unique=True)  # while it is open: two clicks begin one upload
    state: Mapped[UploadState] = mapped_column(default=UploadState.OPEN)
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    writer: Mapped[str | None]  # the request that sends now; a newer one takes its place when it falls silent
    busy_until: Mapped[datetime | None]
