"""EmailText: the owner's words of one email in one language."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core import clock
from storefront.core.db import Base


class EmailText(Base):
    """In place of the shop's own words of this kind and language. `body` is Markdown; all have `{variables}`."""

    __tablename__ = "email_texts"
    __table_args__ = (UniqueConstraint("kind", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]  # a MailKind
    language: Mapped[str]
    subject: Mapped[str]
    heading: Mapped[str]
    body: Mapped[str]
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
