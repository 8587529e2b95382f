"""Words that are looked for in a column."""

from typing import Any
from unicodedata import normalize

from sqlalchemy import ColumnElement, SQLColumnExpression, or_

from storefront.core.db import db


def has_text(column: SQLColumnExpression[Any], words: str) -> ColumnElement[bool]:
    """Select where a column has these words, whatever the case of their letters.

    A letter with a sign, such as ü, is one character or two (Unicode's NFC and NFD): either finds the other.
    SQLite's LIKE knows the cases of ASCII by itself: no call of `lower()` for each row.
    """
    if words.isascii() and db.engine.dialect.name == "sqlite":
        return column.contains(words, autoescape=True)
    spellings = dict.fromkeys((words, normalize("NFC", words), normalize("NFD", words)))
    return or_(*(column.icontains(spelling, autoescape=True) for spelling in spellings))
