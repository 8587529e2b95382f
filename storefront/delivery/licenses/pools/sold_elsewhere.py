"""Whether a table of keys says that they were sold elsewhere: a column's words, and what stands below them.

The words are judged, not whole headings: no list of those has them all.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from storefront.delivery.licenses.pools.csv_table import Table
from storefront.delivery.licenses.pools.headings import plain, without_accents
from storefront.delivery.licenses.pools.sales_words import (
    DAY,
    FACTS,
    GIVEN,
    HAS_BUYER,
    KNOWN,
    NO,
    OF_OTHERS,
    PLAIN,
    PURCHASE_ORDER,
    SALE,
    SOLD,
    STILL_THERE,
    TO,
    UNSOLD,
    USE,
    WHOLE,
)

LONGEST = 40  # letters that are looked at for the words in them, as in "Bestelldatum"
_ZERO = re.compile(r"0+([.,]0+)?(\s*/\s*\d+)?")  # also 0/3
_NOTHING = re.compile(
    rf"({_ZERO.pattern})?|[-\u2010-\u2015\u2212]*|0000-00-00( 00:00(:00)?)?"
)  # empty, a dash, MySQL's day that is none
_NEW_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")  # soldOn, OrderIDs, ORDERDate
_EMAIL = re.compile(r"(?<![^\W\d_])e[\W_]+mail")
_WORD = re.compile(r"[^\W\d_]+")


def find_sold_elsewhere(table: Table, place: int) -> str | None:
    """Return why the keys of a table, in the column `place`, may have been sold before, or None."""
    for column, heading in enumerate(table.first_cells):
        says_sold = None if column == place else _find_way_to_say_it(heading)
        if says_sold is not None and _is_said(table, column, says_sold):
            name = " ".join(heading.split())
            return f"by the column {name} these keys may have been sold elsewhere, and have buyers"
    return None


def _find_way_to_say_it(heading: str) -> Callable[[str], bool] | None:
    """Return what tells of each cell below a heading whether its key was sold; None where none of them does."""
    if _letters(heading) in STILL_THERE:
        return _says_no
    return _says_sold if is_of_sales(heading) else None


def _is_said(table: Table, column: int, says_sold: Callable[[str], bool]) -> bool:
    return any(says_sold(row.cells[column]) for row in table.filled[1:] if column < len(row.cells))


def is_of_sales(heading: str) -> bool:
    """Tell whether a column that is called so says of a key that it was sold, when, or to whom."""
    if _letters(heading) in WHOLE:
        return True
    words = frozenset(_words_of(heading))
    if words & SOLD:
        return not words & OF_OTHERS
    return _names_sale(words) or _names_buyer(words)


def _names_sale(words: frozenset[str]) -> bool:
    is_sale = bool(words & SALE and words & FACTS) and not words >= PURCHASE_ORDER
    is_day_of_use = bool(words & USE and words & DAY)
    return (is_sale or is_day_of_use) and words <= SALE | USE | PLAIN


def _names_buyer(words: frozenset[str]) -> bool:
    if words & HAS_BUYER:
        return words <= HAS_BUYER | PLAIN
    return bool(words & GIVEN and words & TO) and words <= GIVEN | TO | PLAIN


def _words_of(heading: str) -> list[str]:
    apart = _NEW_WORD.sub(" ", without_accents(heading.replace("#", " no "))).lower()
    return [part for word in _WORD.findall(_EMAIL.sub("email", apart)) for part in _parts_of(word)]


def _parts_of(word: str) -> tuple[str, ...]:
    return (len(word) <= LONGEST and _find_parts(word)) or (word,)


@lru_cache(maxsize=1000)
def _find_parts(word: str) -> tuple[str, ...] | None:
    """Return the known words that this one is made of, the longest first; None where something is left."""
    if word in KNOWN:
        return (word,)
    for end in range(len(word) - 2, 1, -1):
        rest = _find_parts(word[end:]) if word[:end] in KNOWN else None
        if rest is not None:
            return (word[:end], *rest)
    return None


def _says_sold(cell: str) -> bool:
    """With its digits: N1001 is an order, and no "n"."""
    return _signs(cell) not in UNSOLD and not _NOTHING.fullmatch(cell.strip())


def _says_no(cell: str) -> bool:
    return _signs(cell) in NO or _ZERO.fullmatch(cell.strip()) is not None


def _signs(cell: str) -> str:
    return "".join(filter(str.isalnum, plain(cell)))


def _letters(cell: str) -> str:
    return "".join(filter(str.isalpha, plain(cell)))
