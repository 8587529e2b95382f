"""One mark for all that open pages show. Triggers of the schema draw a new one with every change of such a row.

What was made of rows read after a mark is as good as those rows for as long as the mark stands. Asking for it
is the cheapest statement there is, and pages ask it instead of three dear ones. See `migrations/page_marks.py`.
"""

from flask import g
from sqlalchemy import CheckConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from storefront.core.db import PAGE_MARK, Base, db, in_transaction, one_read

Mark = str


class PageState(Base):
    __tablename__ = "page_state"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mark: Mapped[str]


_MARK = select(PageState.__table__.c.mark)


def read_mark() -> Mark | None:
    """Return the mark as committed when this request first asked; None where nothing may be kept.

    Ask before you read what you keep by it: rows newer than their mark are read again in vain, and rows older than
    it would be shown for ever. A transaction sees changes that nobody else may see yet.

    Raises SQLAlchemyError as every statement does.
    """
    mark: Mark | None = g.get(PAGE_MARK)
    if mark is None:
        mark = _ask()
        if mark is not None:
            setattr(g, PAGE_MARK, mark)
    return mark


def _ask() -> Mark | None:
    """Ask where the rows will come from: a session may be at a replica, or read as of a moment ago."""
    if not db.session.registry.has():
        with one_read() as connection:
            return connection.scalar(_MARK)
    return None if in_transaction() else db.session.scalar(_MARK)


def forget_mark() -> None:
    """For what outlives a request: ask again the next time."""
    g.pop(PAGE_MARK, None)
