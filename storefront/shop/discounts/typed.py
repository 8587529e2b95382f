"""What an owner types for a discount, read into values; everything that is wrong is said at once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from storefront.core import clock
from storefront.core.errors import StorefrontError
from storefront.core.money import format_money, most_chargeable, parse_money
from storefront.shop.discounts.rules import WHOLE
from storefront.shop.editor.prices import check_currency
from storefront.shop.editor.refusals import FieldsRefused

T = TypeVar("T")

# Stripe's own are letters, digits and dashes: https://docs.stripe.com/api/promotion_codes/create. Short ones are
# soon guessed.
CODE = re.compile(r"[A-Z0-9](?:[A-Z0-9-]{1,48})[A-Z0-9]")
PERCENT = re.compile(r"(\d{1,3})(?:[.,](\d{1,2}))?\s*%?", re.ASCII)
AMOUNT = re.compile(r"(\S+)\s+([A-Za-z]{3})")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII)
MOST_USES = 1_000_000
EARLIEST_YEAR, LATEST_YEAR = 1900, 9000  # so that zones and whole days can be added
LATEST = timedelta(days=5 * 365)  # Stripe: at most five years ahead
FIELDS = ("code", "percent", "amounts", "minimum", "first_purchase", "automatic", "most_uses", "starts", "ends")
BY_ITSELF = "What applies by itself"


class DiscountRefused(FieldsRefused):
    code = "discount_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedDiscount:
    """The terms of a discount to be made. `starts_at` of None is now."""

    code: str
    percent_hundredths: int | None
    amounts: dict[str, int]
    minimums: dict[str, int]
    is_first_purchase: bool
    is_automatic: bool
    most_uses: int | None
    starts_at: datetime | None
    ends_at: datetime | None


def read_typed(values: Mapping[str, str], zone: tzinfo = UTC) -> TypedDiscount:
    """Read what was typed, times in this zone; a field that is missing is as good as empty.

    Raises:
        DiscountRefused: a sentence for each field that cannot be.
    """
    problems: dict[str, str] = {}

    def read(name: str, reader: Callable[[str], T], nothing: T) -> T:
        try:
            text = values.get(name, "").strip()
            return reader(text) if text else nothing
        except (ValueError, StorefrontError) as refused:
            problems[name] = str(refused)
            return nothing

    typed = TypedDiscount(
        code=read("code", read_code, ""),
        percent_hundredths=read("percent", read_percent, None),
        amounts=read("amounts", read_amounts, {}),
        minimums=read("minimum", read_amounts, {}),
        is_first_purchase=values.get("first_purchase", "") == "yes",
        is_automatic=values.get("automatic", "") == "yes",
        most_uses=read("most_uses", read_uses, None),
        starts_at=read("starts", partial(read_moment, zone=zone), None),
        ends_at=read("ends", partial(read_end, zone=zone), None),
    )
    problems = _find_gaps(values) | _find_wrong_times(typed) | _find_misfits(typed) | problems
    if problems:
        raise DiscountRefused(problems)
    return typed


def read_code(text: str) -> str:
    code = text.upper()
    if not CODE.fullmatch(code):
        raise ValueError("A code has 3 to 50 letters (A to Z), digits and dashes, like SPRING-20.")
    return code


def read_percent(text: str) -> int:
    """Return hundredths of a percent."""
    match = PERCENT.fullmatch(text)
    hundredths = int(Decimal(f"{match[1]}.{match[2] or 0}") * 100) if match else 0
    if not 1 <= hundredths <= WHOLE:
        raise ValueError("Write a percentage from 0.01 to 100, like 20 or 12.5.")
    return hundredths


def read_amounts(text: str) -> dict[str, int]:
    """Read `5.00 USD, 4.50 EUR`: minor units by currency."""
    amounts: dict[str, int] = {}
    for part in re.split(r"[;\n]|(?<=[A-Za-z]),", text):
        match = AMOUNT.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"{part.strip()!r} is no amount: write it like 5.00 USD, and several with commas.")
        currency = check_currency(match[2])
        if currency in amounts:
            raise ValueError(f"{currency.upper()} is there twice.")
        amounts[currency] = _read_minor(match[1], currency)
    return amounts


def _read_minor(text: str, currency: str) -> int:
    minor = parse_money(text, currency)
    most = most_chargeable(currency)
    if not 0 < minor <= most:
        words = f"more than nothing, and at most {format_money(most, currency)}"
        raise ValueError(f"An amount in {currency.upper()} is {words}.")
    return minor


def read_uses(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 7 and 1 <= int(text) <= MOST_USES):
        raise ValueError(f"Write how often it can be used, from 1 to {MOST_USES:,}, or leave it empty.")
    return int(text)


def read_moment(text: str, *, zone: tzinfo = UTC) -> datetime:
    """Read a day or a minute of this zone, or a minute with its offset from UTC.

    A minute that the clock shows twice is the first of both, where no offset says which. One that it leaves out is
    refused, and a day of which it leaves out the first minute begins with the next.

    Raises:
        ValueError: with a sentence for who typed it.
    """
    read = _read(text, zone)
    moment = (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
    if not _is_day(text) and read.tzinfo is None:
        _refuse_left_out(read, moment, zone)
    return moment


def _refuse_left_out(local: datetime, moment: datetime, zone: tzinfo) -> None:
    shown = moment.astimezone(zone).replace(tzinfo=None)
    if shown != local:
        raise ValueError(
            f"There is no {local:%Y-%m-%d %H:%M} in {zone}: the clocks go forward over it. "
            f"Write {shown:%Y-%m-%d %H:%M}."
        )


def read_end(text: str, *, zone: tzinfo = UTC) -> datetime:
    """Read the same; a day alone counts as a whole, however many hours it has."""
    if not _is_day(text):
        return read_moment(text, zone=zone)
    return (_read(text, zone) + timedelta(days=1)).replace(tzinfo=zone).astimezone(UTC)


def _is_day(text: str) -> bool:
    return len(text) == len("2027-03-01")


def _read(text: str, zone: tzinfo) -> datetime:
    """Return what a clock there shows, without a zone; with one where an offset was typed."""
    if not MOMENT.fullmatch(text):
        raise ValueError(f"Write a day or a minute in {zone}, like 2027-03-01 or 2027-03-01 09:30.")
    try:
        local = datetime.fromisoformat(text.replace(" ", "T"))
    except ValueError as error:
        raise ValueError(f"There is no such day or time: {text}.") from error
    if not EARLIEST_YEAR <= local.year <= LATEST_YEAR:
        raise ValueError(f"There is no such day or time: {text}.")
    return local


def _find_gaps(values: Mapping[str, str]) -> dict[str, str]:
    problems = {} if values.get("code", "").strip() else {"code": "Give it a code that buyers type."}
    is_percent, is_amount = (bool(values.get(name, "").strip()) for name in ("percent", "amounts"))
    if is_percent == is_amount:
        problems["percent"] = "Write what comes off: a percentage or an amount, and not both."
    return problems


def _find_misfits(typed: TypedDiscount) -> dict[str, str]:
    """A promotion's price stands on every page before anybody has a cart: it is one for everybody, with an end."""
    if not typed.is_automatic:
        return {}
    wrong = {
        "amounts": (
            typed.amounts,
            "takes a percentage: an amount comes off an order once, and not off each price.",
        ),
        "minimum": (typed.minimums, "has no minimum: its price stands on every page."),
        "first_purchase": (typed.is_first_purchase, "is for everybody: the shop can't know who is looking."),
        "most_uses": (typed.most_uses, "has no number of uses. Give it an end."),
        "ends": (typed.ends_at is None, "needs an end: a lower price for good is a new price of the product."),
    }
    return {name: f"{BY_ITSELF} {words}" for name, (is_wrong, words) in wrong.items() if is_wrong}


def _find_wrong_times(typed: TypedDiscount) -> dict[str, str]:
    now = clock.now()
    problems = {}
    if typed.starts_at is not None and typed.starts_at > now + LATEST:
        problems["starts"] = "It can begin within the next five years."
    if typed.ends_at is None:
        return problems
    if typed.ends_at <= max(now, typed.starts_at or now):
        problems["ends"] = "It has to end after it begins, and not in the past."
    elif typed.ends_at > now + LATEST:
        problems["ends"] = "It can end within the next five years, or never."
    return problems


def as_columns(typed: TypedDiscount) -> dict[str, Any]:
    """Return the columns of the new row."""
    return {
        "code": typed.code,
        "percent_hundredths": typed.percent_hundredths,
        "amounts": typed.amounts,
        "minimums": typed.minimums,
        "is_first_purchase": typed.is_first_purchase,
        "is_automatic": typed.is_automatic,
        "most_uses": typed.most_uses,
        "starts_at": typed.starts_at or clock.now(),
        "ends_at": typed.ends_at,
    }
