"""Money: integers in Stripe's minor units; shown with Stripe's digits, looking as people know it."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.core.money import THREE_DECIMAL, ZERO_DECIMAL, digits, format_money, is_chargeable, parse_money

# https://docs.stripe.com/currencies, "Zero-decimal currencies", "Three-decimal currencies", "Special cases"
ZERO = ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
THREE = ["bhd", "jod", "kwd", "omr", "tnd"]
TWO = ["usd", "eur", "gbp", "chf", "isk", "ugx", "huf", "twd", "try", "inr", "sek"]

amounts = st.integers(min_value=-(10**12), max_value=10**12)
currencies = st.sampled_from(ZERO + TWO + THREE)


@pytest.mark.parametrize(
    ("code", "expected"),
    [(code, 0) for code in ZERO] + [(code, 2) for code in TWO] + [(code, 3) for code in THREE],
)
def test_counts_digits_as_stripe_does(code: str, expected: int) -> None:
    assert digits(code) == digits(code.upper()) == expected


def test_lists_exactly_the_currencies_of_stripes_page() -> None:
    assert set(ZERO) == ZERO_DECIMAL
    assert set(THREE) == THREE_DECIMAL


@pytest.mark.parametrize(
    ("amount_minor", "currency", "shown"),
    [
        (1900, "usd", "$19.00"),
        (1900, "USD", "$19.00"),
        (0, "usd", "$0.00"),
        (5, "usd", "$0.05"),
        (-1900, "usd", "-$19.00"),
        (123456789, "usd", "$1,234,567.89"),
        (1900, "eur", "€19.00"),
        (1900, "jpy", "¥1,900"),
        (12340, "bhd", "BHD\u00a012.340"),
        (150000, "isk", "ISK\u00a01,500"),
        (7830, "isk", "ISK\u00a078.30"),  # a fee
        (-262170, "ugx", "-UGX\u00a02,621.70"),
        (1000000, "ugx", "UGX\u00a010,000"),
        (199000, "huf", "HUF\u00a01,990.00"),
        (15000, "krw", "₩15,000"),
    ],
)
def test_shows_an_amount_as_people_write_it(amount_minor: int, currency: str, shown: str) -> None:
    assert format_money(amount_minor, currency) == shown


@pytest.mark.parametrize(
    ("amount_minor", "currency", "expected"),
    [
        (1, "usd", True),
        (1, "jpy", True),
        (12340, "bhd", True),
        (12345, "bhd", False),
        (12345, "KWD", False),
        (150000, "isk", True),
        (150010, "isk", False),
        (150001, "ISK", False),
        (500, "ugx", True),
        (550, "ugx", False),
        (1999, "huf", True),
        (0, "isk", True),
        (0, "bhd", True),
    ],
)
def test_knows_which_amounts_stripe_refuses(amount_minor: int, currency: str, expected: bool) -> None:
    assert is_chargeable(amount_minor, currency) is expected


@given(amounts, currencies)
def test_shows_exactly_the_amount_that_is_charged(amount_minor: int, currency: str) -> None:
    """Reading the shown number back gives the minor units: nothing is rounded, no digit is lost."""
    if not is_chargeable(amount_minor, currency):
        return
    number = Decimal(re.sub(r"[^0-9.-]", "", format_money(amount_minor, currency)))
    assert number.scaleb(digits(currency)) == amount_minor


@given(amounts, currencies)
def test_breaks_no_line_between_sign_and_number(amount_minor: int, currency: str) -> None:
    assert " " not in format_money(amount_minor, currency)


@pytest.mark.parametrize(
    ("text", "currency", "amount_minor"),
    [
        ("19.00", "usd", 1900),
        ("19", "USD", 1900),
        ("19.5", "usd", 1950),
        ("19,5", "usd", 1950),
        ("5,00", "eur", 500),
        ("1,25", "kwd", 1250),
        (" 0.05 ", "usd", 5),
        ("500", "jpy", 500),
        ("1.230", "kwd", 1230),
        ("1", "kwd", 1000),
        ("500", "isk", 50_000),
        ("500.00", "ugx", 50_000),
    ],
)
def test_reads_what_people_type(text: str, currency: str, amount_minor: int) -> None:
    assert parse_money(text, currency) == amount_minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("19.001", "usd"),
        ("5.00", "jpy"),
        ("1.2345", "kwd"),
        ("1.234", "kwd"),
        ("5.50", "isk"),
        ("5,000", "usd"),
        ("1,000", "kwd"),
        ("5,0", "jpy"),
        ("1,000.00", "usd"),
        ("1.000,00", "eur"),
        ("-5", "usd"),
        ("+5", "usd"),
        ("1e3", "usd"),
        ("$5", "usd"),
        (".5", "usd"),
        ("5.", "usd"),
        ("NaN", "usd"),
        ("\u0665", "usd"),
        ("9" * 13, "usd"),
    ],
)
def test_refuses_what_is_no_amount_of_the_currency(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match=currency.upper()) as refused:
        parse_money(text, currency)
    assert repr(text) in str(refused.value), "as it was typed"


@pytest.mark.parametrize(("currency", "example"), [("usd", "5.00"), ("jpy", "500"), ("kwd", "5.000")])
def test_asks_for_an_amount_where_there_is_none(currency: str, example: str) -> None:
    for text in ("", " "):
        with pytest.raises(ValueError, match=f"^Type an amount in {currency.upper()}: write it like {example}.$"):
            parse_money(text, currency)


@given(amount_minor=st.integers(min_value=0, max_value=10**12 - 1), currency=currencies)
def test_reads_back_every_amount_that_can_be_paid(amount_minor: int, currency: str) -> None:
    places = digits(currency)
    text = f"{Decimal(amount_minor).scaleb(-places):f}"
    if is_chargeable(amount_minor, currency):
        assert parse_money(text, currency) == amount_minor
