"""Money in integer minor units: Stripe's exponent table, what a person types, formatting with Babel."""

import re
from decimal import Decimal
from functools import cache, lru_cache

from babel import Locale
from babel.numbers import format_currency, get_currency_symbol

# https://docs.stripe.com/currencies: zero-decimal and three-decimal currencies. ISK and UGX are charged in
# two decimals that must be 00; HUF and TWD are two-decimal for charges.
ZERO_DECIMAL = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"}
)
THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
WHOLE_UNITS_IN_TWO_DECIMALS = frozenset({"isk", "ugx"})
# https://docs.stripe.com/currencies: twelve digits of rupiah, eight of any other
MOST_MINOR = {"idr": 999_999_999_999}
MOST_OF_OTHERS = 99_999_999
TYPED = re.compile(r"(\d{1,12})(?:([.,])(\d+))?", re.ASCII)


def digits(currency: str) -> int:
    """Return how many decimal digits Stripe's minor unit of this currency has."""
    code = currency.lower()
    if code in ZERO_DECIMAL:
        return 0
    return 3 if code in THREE_DECIMAL else 2


def smallest_step(currency: str) -> int:
    """Return what amounts are multiples of, in minor units: three-decimal ones end in 0, ISK and UGX in 00."""
    code = currency.lower()
    if code in THREE_DECIMAL:
        return 10
    return 100 if code in WHOLE_UNITS_IN_TWO_DECIMALS else 1


def most_chargeable(currency: str) -> int:
    """Return the largest amount that Stripe takes, in minor units."""
    return MOST_MINOR.get(currency.lower(), MOST_OF_OTHERS)


def is_chargeable(amount_minor: int, currency: str) -> bool:
    """Tell whether Stripe takes it."""
    return amount_minor % smallest_step(currency) == 0


def parse_money(text: str, currency: str) -> int:
    """Return 1900 for `parse_money("19.00", "usd")`: digits, a point or a comma before the decimals, nothing else.

    A comma before three digits could be one of thousands, and is refused.

    Raises:
        ValueError: no such number, or one that this currency cannot pay; its sentence says what would do.
    """
    places = digits(currency)
    match = TYPED.fullmatch(text.strip())
    decimals = match[3] or "" if match else ""
    if match is None or len(decimals) > (min(places, 2) if match[2] == "," else places):
        example = "500" if places == 0 else f"5.{'0' * places}"
        what = f"{text!r} is no amount" if text.strip() else "Type an amount"
        raise ValueError(f"{what} in {currency.upper()}: write it like {example}.")
    amount_minor = int(match[1] + decimals.ljust(places, "0"))
    if not is_chargeable(amount_minor, currency):
        nothing = "its third decimal has to be 0" if places == 3 else "it has whole units only"
        raise ValueError(f"{text!r} cannot be paid in {currency.upper()}: {nothing}.")
    return amount_minor


def write_money(amount_minor: int, currency: str) -> str:
    """Return an amount as a person types it, without the currency: `parse_money` reads it."""
    places = digits(currency)
    return f"{Decimal(amount_minor).scaleb(-places):.{places}f}"


@cache
def _pattern(locale: str) -> str:
    return str(Locale.parse(locale).currency_formats["standard"].pattern)


@lru_cache(maxsize=1024)  # a shop has few prices, and every page shows some
def format_money(amount_minor: int, currency: str, *, locale: str = "en_US") -> str:
    """Write `$19.00` for `format_money(1900, "usd")`. The digits are Stripe's, the looks are Babel's.

    Fees in ISK and UGX have the decimals that prices there cannot have.
    """
    code = currency.lower()
    is_whole = code in WHOLE_UNITS_IN_TWO_DECIMALS and is_chargeable(amount_minor, code)
    places = 0 if is_whole else digits(code)
    value = Decimal(amount_minor).scaleb(-digits(code))
    pattern = _pattern(locale).replace(".00", "." + "0" * places if places else "")
    if pattern.startswith("¤") and len(get_currency_symbol(code.upper(), locale=locale)) > 2:
        pattern = pattern.replace("¤", "¤\u00a0")
    return str(format_currency(value, code.upper(), format=pattern, locale=locale, currency_digits=False))
