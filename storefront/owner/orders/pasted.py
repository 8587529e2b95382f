"""What stands in a text that was copied from a page, a receipt, a card or an email. It reads no database."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from urllib.parse import unquote

from storefront.core.email_addresses import SIGNS

MOST_PIECES = 20  # of what is pasted, such as the parts of a page's address
PIECE = re.compile(r"[A-Za-z0-9]+")
_LINK = re.compile(r"/orders/([A-Za-z0-9_-]{16,64})(?![A-Za-z0-9_-])")  # the owner's has a number of eight
_IN_PARTS = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
_MASK = re.compile(r"(?:[*\u2022\u00b7\u2026]|\.{2,}|(?<![^\W_])[Xx]{2,}(?=[\W\d]))+[\W_]*")
_FOUR = r"(?<![\w/.,])(?<![0-9]-)[0-9]{4}(?![\w/-]|[.,][0-9])"  # no year of a date, no part of a number
_HIDDEN = "\u2022"
_CARD_PART = re.compile(rf"({_FOUR})|([^\W\d_]+|{_HIDDEN})")
# Beside the last four digits, on pages, receipts and statements, in the shop's languages.
_OF_CARDS = frozenset(
    {
        _HIDDEN, "visa", "mastercard", "maestro", "amex", "express", "diners", "discover", "jcb",
        "unionpay", "eftpos", "sepa", "bacs", "iban", "debit", "credit",
        "card", "cards", "ending",
        "karte", "kreditkarte", "debitkarte", "bankkarte", "lastschrift", "endziffern",
        "carte", "cartes", "bancaire", "bancaires", "terminant",
        "tarjeta", "tarjetas", "terminada", "terminado",
    }
)  # fmt: skip


def find_last_four(text: str) -> str | None:
    """Return the last digits of a card or an account: alone, behind hidden ones, or beside a word such as Visa."""
    shown = _MASK.sub(f" {_HIDDEN} ", text)
    parts = [(digits, word.casefold() in _OF_CARDS) for digits, word in _CARD_PART.findall(shown)]
    places = [place for place, (_digits, is_of_cards) in enumerate(parts) if is_of_cards]
    if not places:
        alone = text.strip(SIGNS)
        return alone if re.fullmatch(r"[0-9]{4}", alone) else None
    behind, before = parts[places[0] :], parts[: places[0]]
    return next((digits for digits, _is_of_cards in behind + before if digits), None)


def find_page_tokens(text: str) -> list[str]:
    """Return the tokens of buyers' pages in links, also in those that a mail program has wrapped in its own."""
    return _LINK.findall(unquote(text))[:MOST_PIECES]


def find_invoice_numbers(text: str) -> list[str]:
    """Return what may be the number of an invoice, also in its file's name: `Invoice-AB12CD34-0001.pdf`."""
    return list(islice(_read_invoice_numbers(_IN_PARTS.findall(text.upper())), MOST_PIECES))


def _read_invoice_numbers(pieces: Iterable[str]) -> Iterator[str]:
    for piece in pieces:
        for number in (piece, piece.partition("-")[2]):
            if any(map(str.isdigit, number)):
                yield number


def find_numbers(text: str) -> list[str]:
    """Return what may be an order's number."""
    return [piece.upper() for piece in PIECE.findall(text)[-MOST_PIECES:]]
