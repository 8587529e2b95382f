"""Sums of days from the rows themselves: for today, and for days that nobody has counted yet."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    select,
    union_all,
)

from storefront.core.days import Day
from storefront.core.db import UtcDateTime, db
from storefront.orders.after_sale import Refund
from storefront.orders.models import Order, OrderItem
from storefront.orders.money_lines import MoneyLine
from storefront.orders.queries import order_in_running_mode
from storefront.owner.figures.sums import NOTHING, Facet, Key, Sums, sums_of_row
from storefront.shop.catalog.models import Price

AT_ONCE = 200  # days in one statement: SQLite puts at most 500 SELECTs together
GAVE_NOTHING_BACK = ("failed", "canceled")
DISPUTES = ("dispute", "dispute_reversal")
OF_ORDERS = {Facet.COUNTRY: Order.country, Facet.CODE: Order.discount_code, Facet.REFERRER: Order.referrer}


def read_live(days: Sequence[Day]) -> dict[Key, Sums]:
    """Seven statements for every two hundred days, each led by an index from the first moment to the last."""
    found: dict[Key, Sums] = defaultdict(lambda: NOTHING)
    for place in range(0, len(days), AT_ONCE):
        chosen = days[place : place + AT_ONCE]
        by_number = {str(number): day.day for number, day in enumerate(chosen)}
        for facet, statement in statements(table_of(chosen)):
            for row in db.session.execute(statement).mappings():
                name = str(row["name"])
                of = Facet(row.get("facet", facet))
                key = Key(day=by_number[row["place"]], facet=of, name=name, currency=row["currency"])
                found[key] += sums_of_row(row)
    return dict(found)


def table_of(days: Sequence[Day]) -> CTE:
    """Return the days as a table of a statement, `place` being their number."""
    rows = [
        select(
            literal(str(number)).label("place"),
            literal(day.starts_at, UtcDateTime()).label("starts_at"),
            literal(day.ends_at, UtcDateTime()).label("ends_at"),
        )
        for number, day in enumerate(days)
    ]
    return union_all(*rows).cte("days")


def statements(days: CTE) -> Iterator[tuple[Facet, Select[Any] | CompoundSelect[Any]]]:
    """Yield what is asked for these days, with its facet; the rows of several facets say theirs."""
    nothing = literal("")
    yield Facet.ALL, _sold(days, nothing)
    yield Facet.ALL, union_all(*(_sold_by(days, facet, column) for facet, column in OF_ORDERS.items()))
    yield Facet.PRODUCT, _by_item(days, OrderItem.product_id)
    yield Facet.EDITION, _by_item(days, Price.edition_id)
    yield Facet.ALL, _unbooked(days)
    yield Facet.ALL, _refunded(days)
    yield Facet.ALL, _booked(days)


def _is_within(days: CTE, column: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a column of times
    return and_(column >= days.c.starts_at, column < days.c.ends_at)


def _sold(days: CTE, name: Any, *narrowed: ColumnElement[bool]) -> Select[Any]:  # noqa: ANN401 - a column or a literal
    is_all = not narrowed
    more = (
        (
            func.sum(Order.discount_minor).label("discount_minor"),
            func.sum(Order.tax_minor).label("tax_minor"),
        )
        if is_all
        else ()
    )
    return (
        select(
            days.c.place,
            name.label("name"),
            Order.currency,
            func.count().label("orders"),
            func.sum(Order.total_minor).label("paid_minor"),
            *more,
        )
        .join(Order, _is_within(days, Order.paid_at))
        .where(order_in_running_mode(), Order.given_because.is_(None), *narrowed)
        .group_by(days.c.place, Order.currency, *([] if is_all else [name]))
    )


def _sold_by(days: CTE, facet: Facet, column: Any) -> Select[Any]:  # noqa: ANN401 - a column of orders
    return _sold(days, column, column.is_not(None)).add_columns(literal(facet.value).label("facet"))


def _by_item(days: CTE, named_by: Any) -> Select[Any]:  # noqa: ANN401 - a column of items or prices
    name = cast(named_by, String)
    return (
        select(
            days.c.place,
            name.label("name"),
            OrderItem.currency,
            func.count(OrderItem.order_id.distinct()).label("orders"),
            func.sum(OrderItem.total_minor).label("paid_minor"),
        )
        .join(Order, _is_within(days, Order.paid_at))
        .join(OrderItem, OrderItem.order_id == Order.id)
        .outerjoin(Price, Price.id == OrderItem.price_id)
        .where(order_in_running_mode(), Order.given_because.is_(None), named_by.is_not(None))
        .group_by(days.c.place, named_by, OrderItem.currency)
    )


def _unbooked(days: CTE) -> Select[Any]:
    """Count what was paid with money, where no line says what Stripe took."""
    is_charge = (MoneyLine.payment_intent_id == Order.payment_intent_id) & (MoneyLine.kind == "charge")
    return (
        select(days.c.place, literal("").label("name"), Order.currency, func.count().label("unbooked"))
        .join(Order, _is_within(days, Order.paid_at))
        .where(order_in_running_mode(), Order.total_minor > 0, ~exists(select(MoneyLine.id).where(is_charge)))
        .group_by(days.c.place, Order.currency)
    )


def _refunded(days: CTE) -> Select[Any]:
    return (
        select(
            days.c.place,
            literal("").label("name"),
            Refund.currency,
            func.sum(Refund.amount_minor).label("refunded_minor"),
        )
        .join(Refund, _is_within(days, Refund.created_at))
        .join(Order, Order.id == Refund.order_id)
        .where(order_in_running_mode(), Refund.status.not_in(GAVE_NOTHING_BACK))
        .group_by(days.c.place, Refund.currency)
    )


def _booked(days: CTE) -> Select[Any]:
    """Return lines of our orders alone: other programs may use the account, too."""
    disputed = case((MoneyLine.kind.in_(DISPUTES), -MoneyLine.amount_minor), else_=0)
    return (
        select(
            days.c.place,
            literal("").label("name"),
            MoneyLine.currency,
            func.sum(MoneyLine.fee_minor).label("fee_minor"),
            func.sum(MoneyLine.net_minor).label("net_minor"),
            func.sum(disputed).label("disputed_minor"),
        )
        .join(MoneyLine, _is_within(days, MoneyLine.created_at))
        .join(Order, Order.payment_intent_id == MoneyLine.payment_intent_id)
        .where(order_in_running_mode(), MoneyLine.mode == Order.mode)
        .group_by(days.c.place, MoneyLine.currency)
    )
