"""Figures of some days: counted days from their sums, and today with what is not counted yet from the rows."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select

from storefront.core import clock
from storefront.core.days import bounds_of, days_between
from storefront.core.db import db
from storefront.core.replica import at_replica
from storefront.core.runtime import settings
from storefront.orders.day_sums import CountedDay, DaySum
from storefront.orders.models import Order
from storefront.orders.money_lines import MoneyLine
from storefront.orders.queries import order_in_running_mode
from storefront.owner.figures.live import read_live
from storefront.owner.figures.referrers import OTHER
from storefront.owner.figures.spans import Span
from storefront.owner.figures.sums import NAMES, NOTHING, Facet, Fees, Key, Sums, add_up, sums_of_row
from storefront.shop.catalog.currency import main_currency
from storefront.shop.catalog.models import Edition, Product
from storefront.shop.profile.zone import shop_zone, today

SPLIT = [facet.value for facet in Facet if facet is not Facet.ALL]  # newer code may have counted by others
TOP = 5
TOP_REFERRERS = 10
REST, UNKNOWN = "Other", "No referrer"
Names: TypeAlias = dict[tuple[Facet, str], str]  # by id


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One product, edition, country, code or referrer: `name` is what people call it."""

    name: str
    orders: int
    paid_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfCurrency:
    """`days` are in order, without gaps. `parts` has the largest few of each facet; of referrers also the rest.

    `fees`: what is known of what was booked.
    """

    currency: str
    sums: Sums
    fees: Fees
    days: tuple[tuple[date, Sums], ...]
    parts: Mapping[Facet, tuple[Part, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Never added up across currencies: the shop's main one comes first, then the one with the most orders."""

    span: Span
    zone: str
    as_of: datetime
    currencies: tuple[OfCurrency, ...]


def read_figures(span: Span) -> Figures:
    """Read in a bounded number of statements, however many orders there are; where the replica may answer."""
    return at_replica(_read_figures, span, shop_zone(), main_currency())


def _read_figures(span: Span, zone: ZoneInfo, main: str) -> Figures:
    found = _read(span, zone)
    by_currency: dict[str, dict[Key, Sums]] = defaultdict(dict)
    for key, sums in found.items():
        by_currency[key.currency][key] = sums
    names = _read_names(found)
    is_open = any(add_up(rows.values()).is_refund_alone for rows in by_currency.values())
    elsewhere = _read_booked_elsewhere(span, zone) if is_open else set()
    currencies = [
        _of_currency(currency, span, rows, names, is_booked_elsewhere=currency in elsewhere)
        for currency, rows in by_currency.items()
    ]
    ordered = sorted(currencies, key=lambda one: (one.currency != main, -one.sums.orders, one.currency))
    return Figures(span=span, zone=zone.key, as_of=clock.now(), currencies=tuple(ordered))


def _read_booked_elsewhere(span: Span, zone: ZoneInfo) -> set[str]:
    """Return currencies of which something was booked in another one: an account may settle in several."""
    lines = (
        select(MoneyLine.source_currency)
        .join(Order, Order.payment_intent_id == MoneyLine.payment_intent_id)
        .where(
            order_in_running_mode(),
            MoneyLine.mode == Order.mode,
            MoneyLine.source_currency != MoneyLine.currency,
            MoneyLine.created_at >= bounds_of(span.first, zone).starts_at,
            MoneyLine.created_at < bounds_of(span.last, zone).ends_at,
        )
    )
    return set(db.session.scalars(lines.distinct()))


def _read(span: Span, zone: ZoneInfo) -> dict[Key, Sums]:
    counted = set(db.session.scalars(select(CountedDay.day).where(*_are_counted(span, zone))))
    first_sale = db.session.scalar(select(func.min(Order.placed_at)).where(order_in_running_mode()))
    found = _read_counted(span, zone) if counted else {}
    if first_sale is None:
        return found
    first = max(span.first, first_sale.astimezone(zone).date())
    last = min(span.last, today(zone))
    uncounted = [bounds_of(day, zone) for day in days_between(first, last) if day not in counted]
    return found | read_live(uncounted)


def _are_counted(span: Span, zone: ZoneInfo) -> tuple[ColumnElement[bool], ...]:
    return (
        CountedDay.mode == settings().mode,
        CountedDay.zone == zone.key,
        CountedDay.day.between(span.first, span.last),
        CountedDay.is_counted.is_(True),
    )


def _read_counted(span: Span, zone: ZoneInfo) -> dict[Key, Sums]:
    """Read `all` day by day, for the chart, and the facets as one sum, on the span's first day."""
    is_of = (DaySum.mode == CountedDay.mode) & (DaySum.zone == CountedDay.zone) & (DaySum.day == CountedDay.day)
    sums = [func.sum(getattr(DaySum, name)).label(name) for name in NAMES]
    by_day = (
        select(DaySum.day, DaySum.facet, DaySum.name, DaySum.currency, *sums)
        .join(CountedDay, is_of)
        .where(*_are_counted(span, zone), DaySum.facet == Facet.ALL.value)
        .group_by(DaySum.day, DaySum.facet, DaySum.name, DaySum.currency)
    )
    by_facet = (
        select(func.min(DaySum.day).label("day"), DaySum.facet, DaySum.name, DaySum.currency, *sums)
        .join(CountedDay, is_of)
        .where(*_are_counted(span, zone), DaySum.facet.in_(SPLIT))
        .group_by(DaySum.facet, DaySum.name, DaySum.currency)
    )
    found: dict[Key, Sums] = {}
    for statement in (by_day, by_facet):
        for row in db.session.execute(statement).mappings():
            facet = Facet(row["facet"])
            key = Key(day=row["day"], facet=facet, name=row["name"], currency=row["currency"])
            found[key] = sums_of_row(row)
    return found


def _read_names(found: Iterable[Key]) -> Names:
    """Return what products and editions are called, in one statement."""
    products, editions = _ids(found, Facet.PRODUCT), _ids(found, Facet.EDITION)
    if not products | editions:
        return {}
    named = select(Product.id, Product.name, Edition.id.label("edition_id"), Edition.name.label("edition"))
    is_wanted = Product.id.in_(products) | Edition.id.in_(editions)
    names: Names = {}
    for row in db.session.execute(named.outerjoin(Edition, Edition.product_id == Product.id).where(is_wanted)):
        names[Facet.PRODUCT, str(row.id)] = row.name
        names[Facet.EDITION, str(row.edition_id)] = f"{row.name} ({row.edition})"
    return names


def _ids(found: Iterable[Key], facet: Facet) -> set[int]:
    return {int(key.name) for key in found if key.facet is facet}


def _of_currency(
    currency: str, span: Span, rows: Mapping[Key, Sums], names: Names, *, is_booked_elsewhere: bool
) -> OfCurrency:
    of_all = {key.day: sums for key, sums in rows.items() if key.facet is Facet.ALL}
    days = tuple((day, of_all.get(day, NOTHING)) for day in days_between(span.first, span.last))
    facets = [facet for facet in Facet if facet is not Facet.ALL]
    total = add_up(of_all.values())
    parts = {facet: _largest(rows, facet, names) for facet in facets}
    parts[Facet.REFERRER] = _with_rest(parts[Facet.REFERRER], total)
    return OfCurrency(
        currency=currency,
        sums=total,
        fees=total.fees(is_booked_elsewhere=is_booked_elsewhere),
        days=days,
        parts={facet: named if facet is Facet.REFERRER else named[:TOP] for facet, named in parts.items()},
    )


def _with_rest(parts: tuple[Part, ...], total: Sums) -> tuple[Part, ...]:
    """Return the largest referrers, all others as one, and the orders without any; nothing where none is known."""
    if not parts:
        return ()
    named = [part for part in parts if part.name != OTHER]
    top, others = named[:TOP_REFERRERS], [*named[TOP_REFERRERS:], *(part for part in parts if part.name == OTHER)]
    direct = Part(
        name=UNKNOWN,
        orders=total.orders - sum(part.orders for part in parts),
        paid_minor=total.paid_minor - sum(part.paid_minor for part in parts),
    )
    rest = (_sum_up(REST, others), direct)
    return (*top, *(part for part in rest if part.orders))


def _sum_up(name: str, parts: Iterable[Part]) -> Part:
    counts = [(part.orders, part.paid_minor) for part in parts]
    return Part(name=name, orders=sum(orders for orders, _ in counts), paid_minor=sum(paid for _, paid in counts))


def _largest(rows: Mapping[Key, Sums], facet: Facet, names: Names) -> tuple[Part, ...]:
    by_name: dict[str, Sums] = defaultdict(lambda: NOTHING)
    for key, sums in rows.items():
        if key.facet is facet:
            by_name[key.name] += sums
    parts = [
        Part(name=names.get((facet, name), name), orders=sums.orders, paid_minor=sums.paid_minor)
        for name, sums in by_name.items()
    ]
    return tuple(sorted(parts, key=lambda part: (-part.paid_minor, -part.orders, part.name)))
