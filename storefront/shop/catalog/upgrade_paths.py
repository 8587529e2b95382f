"""From which editions one may be upgraded to, as owners write it: `personal, starter for 30.00 USD 28.00 EUR`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storefront.core.money import format_money, parse_money
from storefront.shop.catalog.amounts import LEAST_MINOR

MOST_PATHS = 10
HOW = "Write the key of an edition, or its key and what they pay: personal for 30.00 USD 28.00 EUR"
# What stands behind the comma of an amount: 00 USD of 30,00 USD. Behind "e1, 22 for" a key begins.
_DECIMALS = r"\d+\s+(?!for\b)[a-z]{3}\b"
_POINT = re.compile(rf"(?<=\d),(?={_DECIMALS})", re.ASCII | re.IGNORECASE)
_NEXT = re.compile(rf"(?<!\d),|,(?!{_DECIMALS})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class UpgradePath:
    """Owners of the edition `from_key` may upgrade for these minor units by currency, or for the difference."""

    from_key: str
    amounts: Mapping[str, int]


def read_paths(text: str) -> tuple[UpgradePath, ...]:
    """Return what a text says, each edition once. An amount may have a comma before its decimals, as elsewhere.

    Raises:
        ValueError: its sentence says what to write instead.
    """
    paths = [_read_path(entry.split()) for entry in _NEXT.split(text) if entry.strip()]
    if len({path.from_key for path in paths}) < len(paths):
        raise ValueError("An edition is named twice: name each of them once.")
    if len(paths) > MOST_PATHS:
        raise ValueError(f"An edition has at most {MOST_PATHS} others that upgrade to it.")
    return tuple(paths)


def with_points(text: str) -> str:
    """Return the text as it is stored: older versions, which may serve beside this one, read no comma."""
    return _POINT.sub(".", text)


def _read_path(words: Sequence[str]) -> UpgradePath:
    key, *rest = words
    if not rest:
        return UpgradePath(key, {})
    amounts = rest[1:]
    if rest[0] != "for" or not amounts or len(amounts) % 2:
        raise ValueError(f"{' '.join(words)!r} is no upgrade. {HOW}.")
    pairs = zip(amounts[::2], amounts[1::2], strict=True)
    return UpgradePath(key, dict(_read_amount(amount, currency.lower()) for amount, currency in pairs))


def _read_amount(text: str, currency: str) -> tuple[str, int]:
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise ValueError(f"{currency!r} is no currency. {HOW}.")
    amount_minor = parse_money(text, currency)
    if amount_minor < least_upgrade(currency):
        least = format_money(least_upgrade(currency), currency)
        raise ValueError(f"An upgrade is never free, and Stripe takes {least} or more.")
    return currency, amount_minor


def least_upgrade(currency: str) -> int:
    """Return the least that an upgrade costs, in minor units: what Stripe takes."""
    return LEAST_MINOR.get(currency, 1)
