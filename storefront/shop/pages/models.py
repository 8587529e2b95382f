"""Page: what an owner has to say, in Markdown."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from storefront.core import clock
from storefront.core.db import Base
from storefront.shop.translations.column import Translated


class LegalKind(StrEnum):
    """What the law knows a page as. A shop has at most one of each."""

    IMPRINT = "imprint"
    TERMS = "terms"
    PRIVACY = "privacy"
    REFUNDS = "refunds"


class Page(Base):
    """Its slug never changes: another address is another page. A `legal_kind` of None is any other page."""

    __tablename__ = "pages"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    body_markdown: Mapped[str] = mapped_column(default="")
    legal_kind: Mapped[LegalKind | None] = mapped_column(unique=True)  # NULL is no value, so many pages have none
    position: Mapped[int] = mapped_column(default=0)
    translations: Mapped[dict[str, Any] | None] = mapped_column(Translated)
    is_published: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)  # when its words changed last
