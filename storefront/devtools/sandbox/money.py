"""Currencies as Stripe counts them: exponents, rounding steps and the smallest charge.

Sources: https://docs.stripe.com/currencies (zero-decimal, three-decimal, special cases, minimums).
"""

from decimal import ROUND_HALF_UP, Decimal

ZERO_DECIMAL = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split()  # noqa: SIM905 - a table reads better in one line
)
THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
# Sent with two decimals though nobody pays in them.
WHOLE_UNITS_ONLY = frozenset({"isk", "ugx"})
CURRENCIES = (
    ZERO_DECIMAL
    | THREE_DECIMAL
    | frozenset(
        """
    aed afn all amd ang aoa ars aud awg azn bam bbd bdt bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny cop
    crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr isk jmd
    kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok
    npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sos srd std szl thb tjs top
    try ttd twd tzs uah ugx usd uyu uzs wst xcd xcg yer zar zmw
    """.split()  # noqa: SIM905 - the same
    )
)
_MAXIMUM = {"idr": 999_999_999_999}  # any other: eight digits
_MINIMUM = {
    "usd": 50,
    "eur": 50,
    "gbp": 30,
    "chf": 50,
    "cad": 50,
    "aud": 50,
    "sgd": 50,
    "jpy": 50,
    "hkd": 400,
    "huf": 17500,
    "sek": 300,
    "nok": 300,
    "dkk": 250,
    "pln": 200,
    "czk": 1500,
    "mxn": 1000,
}
# What one unit is worth in dollars, for an account that settles in one currency; any other is worth one.
USD_RATES = {
    "usd": Decimal(1),
    "eur": Decimal("1.08"),
    "gbp": Decimal("1.27"),
    "chf": Decimal("1.13"),
    "jpy": Decimal("0.0067"),
}


def maximum(currency: str) -> int:
    return _MAXIMUM.get(currency, 99_999_999)


def exponent(currency: str) -> int:
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def step(currency: str) -> int:
    """Return what every amount must be a multiple of, in minor units."""
    if currency in THREE_DECIMAL:
        return 10
    return 100 if currency in WHOLE_UNITS_ONLY else 1


def minimum_charge(currency: str) -> int:
    return _MINIMUM.get(currency, step(currency))


def rounded(amount: Decimal, currency: str = "usd") -> int:
    """Round half up to what can be charged in this currency, in minor units."""
    unit = step(currency)
    return int((amount / unit).quantize(Decimal(1), ROUND_HALF_UP)) * unit


def display(amount: int, currency: str) -> str:
    """Write money as Stripe does in error messages: `$0.50 usd`, `5.00 eur`."""
    digits = exponent(currency)
    text = f"{Decimal(amount).scaleb(-digits):.{digits}f}"
    return f"${text} {currency}" if currency == "usd" else f"{text} {currency}"


def plain(amount: int, currency: str) -> str:
    """Write money for people: `19.00 USD`."""
    digits = exponent(currency)
    return f"{Decimal(amount).scaleb(-digits):.{digits}f} {currency.upper()}"


def settle_in(settling: str | None, currency: str) -> tuple[str, Decimal | None]:
    """Return the currency that an amount is booked in, and the rate to it; None where nothing is exchanged."""
    if settling is None or settling == currency:
        return currency, None
    rate = USD_RATES.get(currency, Decimal(1)) / USD_RATES[settling]
    return settling, rate.quantize(Decimal("0.000001"))


def converted(amount: int, currency: str, settled: str, rate: Decimal | None) -> int:
    """Return minor units of the other currency, which may have other decimals."""
    if rate is None:
        return amount
    exact = Decimal(amount).scaleb(exponent(settled) - exponent(currency)) * rate
    return rounded(exact, settled) if exact >= 0 else -rounded(-exact, settled)
