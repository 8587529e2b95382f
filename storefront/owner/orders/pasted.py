"""What stands in a text that was copied from a page, a receipt, a card or an email. It reads no database."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from operator import itemgetter
from urllib.parse import unquote

from storefront.core.email_addresses import SIGNS

MOST_PIECES = 20  # of what is pasted, such as the parts of a page's address
MOST_QUOTED = 3  # times that a link was put into another
PIECE = re.compile(r"[A-Za-z0-9]+")
_LINK = re.compile(r"/orders/([A-Za-z0-9_-]{16,64})(?![A-Za-z0-9_-])")  # the owner's has a number of eight
_LINK_TO_ITS_BREAK = re.compile(r"(/orders/[A-Za-z0-9_-]*)=?\s*")  # emails end a line within it, some with a "="
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"))  # as PDFs and phones write them
_IN_PARTS = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
_DOTS = r"*\u2022\u00b7\u2026\u2219\u22c5\u25cf\u25cb"
_MASK = re.compile(rf"(?:[{_DOTS}]|\.{{2,}}|(?<![^\W_])[Xx]{{2,}}(?=[\W\d]))+[\W_]*")
_FOUR = r"(?<![\w/.,])(?<![0-9]-)[0-9]{4}(?![\w/-]|[.,][0-9])"  # no year of a date, no part of a number
_HIDDEN = "\u2022"
_CARD_PART = re.compile(rf"({_FOUR})|([^\W\d_]+4?|{_HIDDEN})")  # 4: last4
# Beside the last four digits, on pages, receipts and statements, in the shop's languages.
_OF_CARDS = frozenset(
    {
        _HIDDEN, "visa", "mastercard", "maestro", "amex", "express", "diners", "discover", "jcb",
        "unionpay", "eftpos", "bancontact", "girocard", "cb", "sepa", "bacs", "iban", "debit", "credit",
        "card", "cards", "ending", "bank", "digits", "last4",
        "karte", "kreditkarte", "debitkarte", "bankkarte", "bankkonto", "lastschrift", "endziffern", "ziffern",
        "carte", "cartes", "bancaire", "bancaires", "terminant", "chiffres",
        "tarjeta", "tarjetas", "bancaria", "terminada", "terminado",
    }
)  # fmt: skip
_BETWEEN = frozenset({"in", "en", "par", "no"})  # ending in 4242


def find_last_four(text: str) -> str | None:
    """Return the last digits of a card or an account: alone, or nearest to hidden ones or a word such as Visa."""
    shown = _MASK.sub(f" {_HIDDEN} ", text.translate(_HYPHENS))
    parts = [(digits, word.casefold()) for digits, word in _CARD_PART.findall(shown)]
    parts = [part for part in parts if part[1] not in _BETWEEN]
    if not any(word in _OF_CARDS for _digits, word in parts):
        alone = text.strip(SIGNS)
        return alone if re.fullmatch(r"[0-9]{4}", alone) else None
    behind, before = _measure(parts), _measure(reversed(parts))
    nearest = [min(found, key=itemgetter(0)) for found in (behind, before) if found]
    return min(nearest, key=itemgetter(0))[1] if nearest else None


def _measure(parts: Iterable[tuple[str, str]]) -> list[tuple[int, str]]:
    """Return all digits behind a word of cards, each with how far the last one is."""
    found: list[tuple[int, str]] = []
    far: int | None = None
    for digits, word in parts:
        if word in _OF_CARDS:
            far = 0
        elif far is not None:
            far += 1
            found += [(far, digits)] if digits else []
    return found


def find_page_tokens(text: str) -> list[str]:
    """Return the tokens of buyers' pages in links, also quoted in another link, or broken by a line's end."""
    found: dict[str, None] = {}
    for _ in range(MOST_QUOTED + 1):
        for written in (text, _LINK_TO_ITS_BREAK.sub(r"\1", text)):
            found |= dict.fromkeys(_LINK.findall(written))
        text = unquote(text)
    return list(found)[:MOST_PIECES]


def find_invoice_numbers(text: str) -> list[str]:
    """Return what may be the number of an invoice, also in its file's name: `Invoice-AB12CD34-0001.pdf`."""
    return list(islice(_read_invoice_numbers(_IN_PARTS.findall(text.translate(_HYPHENS).upper())), MOST_PIECES))


def _read_invoice_numbers(pieces: Iterable[str]) -> Iterator[str]:
    for piece in pieces:
        for number in (piece, piece.partition("-")[2]):
            if any(map(str.isdigit, number)):
                yield number


def find_numbers(text: str) -> list[str]:
    """Return what may be an order's number."""
    return [piece.upper() for piece in PIECE.findall(text)[-MOST_PIECES:]]
