"""Download: one counted fetch of a file under a grant. Parts, retries and HEAD make no row."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core import clock
from storefront.core.db import Base
from storefront.core.partial_indexes import partial_index


class Download(Base):
    __tablename__ = "downloads"
    __table_args__ = (
        Index(None, "grant_id", "release_file_id", "at"),
        # What still says with what it was fetched, for who forgets that.
        partial_index(
            "ix_downloads_client",
            "at",
            where="client IS NOT NULL",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    grant_id: Mapped[int] = mapped_column(ForeignKey("grants.id"))
    release_file_id: Mapped[int] = mapped_column(ForeignKey("release_files.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)
    client: Mapped[str | None]  # in words: "Firefox on Windows"; None before it was kept, and of who is erased
