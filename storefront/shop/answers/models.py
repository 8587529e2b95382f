"""Answer and AnswerText: where an answer stands in the list, and the owner's words of it in one language."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core import clock
from storefront.core.db import Base


class Answer(Base):
    """One that the owner made, or with an empty `title` the place of one of the shop's own."""

    __tablename__ = "answers"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    position: Mapped[int]


class AnswerText(Base):
    """`answer` is its key, of one of the shop's own as well. `body` is Markdown; both texts have `{variables}`."""

    __tablename__ = "answer_texts"
    __table_args__ = (UniqueConstraint("answer", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    answer: Mapped[str]
    language: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
