"""Pictures, which products show them, and samples. The bytes are in the storage, named by their content."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core import clock
from storefront.core.db import Base
from storefront.shop.translations.column import Translated


class SampleKind(StrEnum):
    """How a page offers a sample."""

    AUDIO = "audio"
    VIDEO = "video"
    FILE = "file"


class Picture(Base):
    """What was made of one file, whichever products show it. `sha256` is of the file as it came, in hex.

    `width` and `height` are as it is seen, turned the right way. `path` is where that file is kept: it is never
    served. `files` is what is served: for each a format, a width, a height and a name.
    """

    __tablename__ = "pictures"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(unique=True)
    filename: Mapped[str]
    path: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    files: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class ProductPicture(Base):
    """A picture on a product's page. The one with the lowest position is the cover."""

    __tablename__ = "product_pictures"
    __table_args__ = (UniqueConstraint("product_id", "picture_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), index=True)
    picture_id: Mapped[int] = mapped_column(ForeignKey("pictures.id"), index=True)
    alt: Mapped[str] = mapped_column(default="")  # what it shows, for those who do not see it
    position: Mapped[int] = mapped_column(default=1)
    translations: Mapped[dict[str, Any] | None] = mapped_column(Translated)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class ProductSample(Base):
    """Something to hear, to see or to read before buying. `sha256` is of the whole file, in hex."""

    __tablename__ = "product_samples"
    __table_args__ = (UniqueConstraint("product_id", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), index=True)
    kind: Mapped[SampleKind]
    title: Mapped[str]
    position: Mapped[int] = mapped_column(default=1)
    path: Mapped[str]  # below the storage
    name: Mapped[str]  # below /media
    filename: Mapped[str]
    content_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[str]
    translations: Mapped[dict[str, Any] | None] = mapped_column(Translated)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
