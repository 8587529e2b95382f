"""A page of orders, newest first, in bounded statements: no count of everything, and no page number.

The state of an order is never stored and has one rule, `access()`, so no second one in SQL could come to differ.
What an index knows of it (`orders/narrowing.py`) only spares reading the others. What no index knows, such as a
word of a name, is looked for in so many orders at a time, and the page says how far it looked.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, select, true

from storefront.core.days import bounds_of
from storefront.core.db import db, end_read
from storefront.core.errors import StorefrontError
from storefront.core.replica import at_replica, has_replica
from storefront.core.runtime import settings
from storefront.orders.access import Reason, access_of_all
from storefront.orders.facts import ALL_ITEMS_REFUNDED, FACT_COLUMNS, facts_of_row
from storefront.orders.lookup import get_order
from storefront.orders.models import Order
from storefront.orders.narrowing import find_narrowing
from storefront.orders.queries import order_in_running_mode
from storefront.owner.orders.search import (
    Named,
    has_words,
    of_address,
    of_country,
    recognize,
    with_product,
)
from storefront.shop.catalog.queries import get_product_id
from storefront.shop.profile.zone import shop_zone

PAGE = 50  # orders
BATCH = 1000  # orders that are read at once
MOST_READ = 5000  # orders that one page looks through
FEW = 5000  # orders that are read whole, and put in order here

Condition = ColumnElement[bool]
NEWEST_FIRST = (Order.placed_at.desc(), Order.id.desc())
COLUMNS = (
    Order.id,
    Order.number,
    Order.placed_at,
    Order.email,
    Order.name,
    Order.currency,
    Order.total_minor,
    Order.refunded_minor,
    Order.is_gift,
    *FACT_COLUMNS[:-1],
    ALL_ITEMS_REFUNDED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Days are the shop's own, both included. `words` name orders (`search.py`), or are part of a name."""

    words: str = ""
    email: str = ""
    state: Reason | None = None
    product: str = ""  # its slug
    country: str = ""  # two letters
    since: date | None = None
    until: date | None = None

    @property
    def is_empty(self) -> bool:
        return self == OrderFilter()


class FilterRefused(StorefrontError):
    code = "filter_refused"
    title = "This cannot be looked for"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedOrder:
    """`state` is the reason that `access_of_all()` gives; `email` is who paid, also where `is_gift`."""

    number: str
    placed_at: datetime
    email: str
    name: str
    currency: str
    total_minor: int
    refunded_minor: int
    state: Reason
    is_gift: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage:
    """`older_than` is the number to ask for the next page with, None on the last one.

    `searched_to` is how far a search looked that is not at its end, though the page is not full.
    """

    orders: tuple[ListedOrder, ...]
    older_than: str | None = None
    searched_to: datetime | None = None
    is_named: bool = False  # by a number, an address, a key or an id


@dataclass(slots=True, kw_only=True)
class _Wanted:
    """`named` are what an index finds by itself, `loose` what is asked of each order that is read."""

    state: Reason | None
    bounds: list[Condition] = field(default_factory=list)
    named: list[Named] = field(default_factory=list)
    is_named: bool = False
    loose: list[Condition] = field(default_factory=list)


def find_problems(chosen: OrderFilter) -> dict[str, str]:
    """Return by field what nothing could be found with: it would look as if there were no such order."""
    problems = {}
    if chosen.country and not _is_country(chosen.country):
        problems["country"] = f"“{chosen.country}” is no country. Type two letters, such as DE or US."
    if chosen.since and chosen.until and chosen.since > chosen.until:
        problems["until"] = f"{chosen.until} is before {chosen.since}, where the list begins."
    return problems


def _is_country(text: str) -> bool:
    return len(text) == 2 and text.isascii() and text.isalpha()


def find_orders(chosen: OrderFilter | None = None, *, older_than: str = "", limit: int = PAGE) -> OrderPage:
    """Find orders of the running mode.

    Raises:
        FilterRefused: as `find_problems` says.
        NotFound: no such product, or no order with the number `older_than`.
    """
    wanted = read_filter(chosen or OrderFilter(), older_than)
    few = next((named for named in wanted.named if _are_few(named)), None)
    if few is None:
        return _look_through(wanted, limit)
    is_match = and_(order_in_running_mode(), *wanted.bounds, *_conditions(wanted))
    rows = db.session.execute(_select(is_match).where(Order.id.in_(few.ids)))
    found = sorted(_keep(rows, wanted.state), key=_age, reverse=True)
    return replace(_page(found, limit), is_named=wanted.is_named)


def find_all_the_way(chosen: OrderFilter | None = None, *, older_than: str = "", limit: int = PAGE) -> OrderPage:
    """Find orders as `find_orders` does, and look on until there are so many or nothing is left to look through.

    For whoever may wait: no transaction stays open from one part to the next. Raises as `find_orders`.
    """
    found: list[ListedOrder] = []
    while True:
        page = find_orders(chosen, older_than=older_than, limit=limit + 1 - len(found))
        found += page.orders
        if page.searched_to is None or len(found) > limit:
            return replace(_cut(found, limit), is_named=page.is_named)
        end_read()
        older_than = page.older_than or ""


def list_orders(chosen: OrderFilter | None = None, *, older_than: str = "", limit: int = PAGE) -> OrderPage:
    """Find orders where the replica may answer: for a page that shows them, and not for what decides.

    Raises as `find_orders`.
    """
    shop_zone()  # of the primary: it is kept for the whole request
    page = at_replica(find_orders, chosen, older_than=older_than, limit=limit)
    if has_replica() and not page.is_named and chosen is not None and _names_one(chosen.words):
        return find_orders(chosen, older_than=older_than, limit=limit)  # placed a moment ago
    return page


def _names_one(words: str) -> bool:
    return bool(words.strip()) and recognize(words) is not None


def _add_words(wanted: _Wanted, words: str) -> None:
    named = recognize(words)
    if named is not None:
        wanted.named.append(named)
        wanted.is_named = True
    else:
        wanted.loose.append(has_words(words))


def _within(chosen: OrderFilter) -> Iterator[ColumnElement[bool]]:
    if chosen.since:
        yield Order.placed_at >= bounds_of(chosen.since, shop_zone()).starts_at
    if chosen.until:
        yield Order.placed_at < bounds_of(chosen.until, shop_zone()).ends_at


def read_filter(chosen: OrderFilter, older_than: str) -> _Wanted:
    for problem in find_problems(chosen).values():
        raise FilterRefused(problem)
    wanted = _Wanted(state=chosen.state)
    if older_than:
        place = get_order(older_than)
        wanted.bounds += _before(place.placed_at, place.id)
    wanted.bounds += _within(chosen)
    if chosen.email:
        wanted.named.append(of_address(chosen.email))
    if chosen.words.strip():
        _add_words(wanted, chosen.words)
    if chosen.product:
        wanted.named.append(with_product(get_product_id(db.session(), chosen.product)))
    if chosen.country:
        wanted.named.append(of_country(chosen.country))
    return wanted


def _before(placed_at: datetime, order_id: int) -> list[Condition]:
    is_older = (Order.placed_at < placed_at) | (Order.id < order_id)
    return [Order.placed_at <= placed_at, is_older]  # the first by itself, for the index


def _are_few(named: Named) -> bool:
    return len(db.session.scalars(named.ids.limit(FEW + 1)).all()) <= FEW


def _conditions(wanted: _Wanted) -> list[Condition]:
    return [*wanted.loose, *(named.condition for named in wanted.named)]


def _select(is_match: Condition) -> Select[Any]:
    return select(*COLUMNS, is_match.label("is_match"))


def select_newest(wanted: _Wanted, limit: int) -> Select[int]:
    """Select the ids of the newest orders, as one index has them."""
    narrowing = find_narrowing(wanted.state) if wanted.state else None
    by_index = wanted.bounds if narrowing is None else [*wanted.bounds, narrowing]
    narrow = _narrow(wanted)
    # Beside them both engines take an index of the mode for the better one, and would walk through all orders.
    mode = Order.mode.concat("") == settings().mode if narrow else order_in_running_mode()
    by_index = [mode, *by_index, *narrow]
    return select(Order.id).where(*by_index).order_by(*NEWEST_FIRST).limit(limit)


def _narrow(wanted: _Wanted) -> list[Condition]:
    return [Order.id.in_(named.ids) for named in wanted.named if named.is_narrow]


def _read_newest(wanted: _Wanted, limit: int) -> Sequence[Row[Any]]:
    """Read them, each with whether it matches what no index knows: asked of these, and not of all there are."""
    matching = _select(and_(true(), *_conditions(wanted)))
    newest = matching.where(Order.id.in_(select_newest(wanted, limit))).order_by(*NEWEST_FIRST)
    return db.session.execute(newest).all()


def _look_through(wanted: _Wanted, limit: int) -> OrderPage:
    found: list[Row[Any]] = []
    bounds, size, read = list(wanted.bounds), limit + 1, 0
    while True:
        rows = _read_newest(wanted, size)
        found += _keep(rows, wanted.state)
        read += len(rows)
        if len(found) > limit or len(rows) < size:
            return _page(found, limit)
        last = rows[-1]
        if read >= MOST_READ:
            return OrderPage(orders=tuple(map(_listed, found)), older_than=last.number, searched_to=last.placed_at)
        wanted.bounds, size = [*bounds, *_before(last.placed_at, last.id)], BATCH


def _keep(rows: Iterable[Row[Any]], state: Reason | None) -> list[Row[Any]]:
    return [row for row in rows if row.is_match and (state is None or _state(row) is state)]


def _state(row: Row[Any]) -> Reason:
    return access_of_all(facts_of_row(row)).reason


def _age(row: Row[Any]) -> tuple[datetime, int]:
    return row.placed_at, row.id


def _page(rows: list[Row[Any]], limit: int) -> OrderPage:
    return _cut(list(map(_listed, rows[: limit + 1])), limit)


def _cut(found: Sequence[ListedOrder], limit: int) -> OrderPage:
    """Return a page of what was found, with one more where there are more."""
    orders = tuple(found[:limit])
    return OrderPage(orders=orders, older_than=orders[-1].number if len(found) > limit else None)


def _listed(row: Row[Any]) -> ListedOrder:
    return ListedOrder(
        number=row.number,
        placed_at=row.placed_at,
        email=row.email,
        name=row.name or "",
        currency=row.currency,
        total_minor=row.total_minor,
        refunded_minor=row.refunded_minor,
        state=_state(row),
        is_gift=row.is_gift,
    )
