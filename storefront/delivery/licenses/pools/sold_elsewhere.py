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
    GIVEN_AWAY,
    GONE,
    HAS_BUYER,
    IN_DENIALS,
    KNOWN,
    NEGATIONS,
    NO,
    NO_OR_NUMBER,
    NOBODY,
    NOT_OF_SALES,
    OF_OTHERS,
    PERSONS,
    PLAIN,
    PURCHASE_ORDER,
    SALE,
    SELLERS,
    SOLD,
    STILL,
    STILL_THERE,
    TO,
    TOLD,
    UNSOLD,
    USE,
    WHOLE,
)

IN_CELLS = NEGATIONS | NO_OR_NUMBER | NOBODY
LONGEST = 40  # letters of a word, or of a cell, that are looked at for words in them, as in "Bestelldatum"
_MONEY = "$\u20ac\u00a3\u00a5"
_ZERO = re.compile(  # also 0/3, 0 of 3, 0/unlimited, 0%, $0.00
    rf"[{_MONEY}]?\s*0+([.,]0+)?\s*([%{_MONEY}]|(/|of|von|sur|de)\s*(\d+|[^\W\d_]+|\u221e))?"
)
_NO_SIGN = re.compile(rf"{_ZERO.pattern}|[\u274c\u2610]\ufe0f?")  # a cross mark, a box without a check
# Empty, a dash, MySQL's day that is none.
_NOTHING = re.compile(rf"({_NO_SIGN.pattern})?|[-\u2010-\u2015\u2212]*|0000-00-00([ T]00:00(:00)?Z?)?")
_PHRASE = re.compile(r"[^\W\d_]+([\s'\u2019-]+[^\W\d_]+)*\.?")
_NEW_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")  # soldOn, OrderIDs, ORDERDate
_EMAIL = re.compile(r"(?<![^\W\d_])e[\W_]+mail")
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]+")
_WORD = re.compile(r"[^\W\d_]+")


def find_sold_elsewhere(table: Table, place: int) -> str | None:
    """Return why the keys of a table, in the column `place`, may have been sold before, or None."""
    for column, heading in enumerate(table.first_cells):
        if column != place and _is_said(table, column, _find_way_to_say_it(heading)):
            name = " ".join(heading.split())
            return f"by the column {name} these keys may have been sold elsewhere, and have buyers"
    return None


def _find_way_to_say_it(heading: str) -> Callable[[str], bool]:
    """Return what tells of each cell below a heading whether its key was sold."""
    if _is_still_there(heading):
        return _says_no
    if is_of_sales(heading):
        return _says_sold
    return _says_whose if _is_of_persons(heading) else _is_given_away


def _is_of_persons(heading: str) -> bool:
    words = frozenset(_words_of(heading))
    return bool(words & PERSONS) and words <= PERSONS | PLAIN


def _is_still_there(heading: str) -> bool:
    words = _words_of(heading)
    without = "".join(word for word in words if word not in STILL)
    is_called_so = _letters(heading) in STILL_THERE or without in STILL_THERE
    return is_called_so or bool(_find_denied(words, NEGATIONS))


def _is_said(table: Table, column: int, says_sold: Callable[[str], bool]) -> bool:
    return any(says_sold(row.cells[column]) for row in table.filled[1:] if column < len(row.cells))


def is_of_sales(heading: str) -> bool:
    """Tell whether a column that is called so says of a key that it was sold, when, or to whom."""
    letters = _letters(heading)
    if letters in WHOLE or letters in NOT_OF_SALES:
        return letters in WHOLE
    words = frozenset(_words_of(heading))
    if words & SOLD:
        return not words & OF_OTHERS
    return not words >= PURCHASE_ORDER and (_names_sale(words) or _names_buyer(words))


def _names_sale(words: frozenset[str]) -> bool:
    is_sale = bool(words & SALE and words & (FACTS | SELLERS))
    is_day_of_use = bool(words & USE and words & DAY)
    return (is_sale or is_day_of_use) and words <= SALE | USE | PLAIN


def _names_buyer(words: frozenset[str]) -> bool:
    if words & HAS_BUYER:
        return words <= HAS_BUYER | SALE | USE | PLAIN
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
    return _signs(cell) not in UNSOLD and not _NOTHING.fullmatch(cell.strip()) and not _denies(cell)


def _says_whose(cell: str) -> bool:
    return bool(_ADDRESS.search(cell)) or _is_given_away(cell)


def _is_given_away(cell: str) -> bool:
    return len(cell) <= LONGEST and _signs(cell) in GIVEN_AWAY


def _says_no(cell: str) -> bool:
    is_no = _signs(cell) in NO | GONE or _NO_SIGN.fullmatch(cell.strip())
    return bool(is_no) or _tells_of_sale(cell[:LONGEST])


@lru_cache(maxsize=1000)
def _tells_of_sale(cell: str) -> bool:
    words = frozenset(_words_of(cell))
    return bool(words & TOLD) and not words & OF_OTHERS and not _denies(cell)


def _denies(cell: str) -> bool:
    """Tell whether it is one denial, and nothing else: "no, sold" and "sold, not refunded" are none."""
    if len(cell) > LONGEST or not _PHRASE.fullmatch(plain(cell.strip())):
        return False
    return _find_denied(_words_of(cell), IN_CELLS) is not None


def _find_denied(words: list[str], negations: frozenset[str]) -> list[str] | None:
    """Return what words deny, as ["sold"] of "not yet sold", or [] of "not yet"; None where they are no denial."""
    said = [word for word in words if word in negations or word in TOLD]
    told = [word for word in said if word in TOLD]
    is_denial = said[:1] != told[:1] and len(told) <= 1
    return told if is_denial and set(words) - KNOWN <= IN_DENIALS | negations else None


def _signs(cell: str) -> str:
    return "".join(filter(str.isalnum, plain(cell)))


def _letters(cell: str) -> str:
    return "".join(filter(str.isalpha, plain(cell)))
