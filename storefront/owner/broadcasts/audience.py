"""Who gets a broadcast: who can use one of its products now, by the one rule of access, and agreed to it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Label, Row, Select, and_, case, exists, false, func, or_, select, true

from storefront.core.db import db
from storefront.customers.models import Customer
from storefront.customers.queries import is_known_customer
from storefront.customers.unproven import MARK
from storefront.mail.failures import select_dead_addresses
from storefront.mail.models import OutboxMessage
from storefront.orders.access import access
from storefront.orders.facts import FACT_COLUMNS, facts_of_row
from storefront.orders.models import Grant, ItemPart, Order, OrderItem, Upgrade
from storefront.orders.queries import order_in_running_mode, part_of_grant
from storefront.orders.upgrades import COUNTED
from storefront.shop.catalog.models import Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """What its readers have: one of these products, or of these editions. Of neither any: anything."""

    product_ids: tuple[int, ...]
    edition_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """How many buyers can use the goods now, and how many of them agreed to news and offers.

    `unreachable` agreed as well, at an address that takes no email: they are not among those who `agreed`.
    """

    buyers: int
    agreed: int
    unreachable: int = 0

    @property
    def words(self) -> str:
        buyers = "1 buyer" if self.buyers == 1 else f"{self.buyers:,} buyers"
        missing = self.buyers - self.agreed - self.unreachable
        words = f"Goes to {self.agreed:,} of {buyers}: {missing:,} {'has' if missing == 1 else 'have'} not agreed"
        return f"{words}{self._unreachable_words}."

    @property
    def _unreachable_words(self) -> str:
        if not self.unreachable:
            return ""
        have = "has an address that takes" if self.unreachable == 1 else "have addresses that take"
        return f", {self.unreachable:,} {have} no email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """Customer -> address. `last_id` is how far it looked, `is_end` whether nobody is behind that."""

    emails: dict[int, str]
    last_id: int
    is_end: bool


def count_audience(goods: Goods) -> Audience:
    """Count in two statements: many orders share few combinations of facts, and the rule decides these."""
    rows = db.session.execute(_held(goods, *FACT_COLUMNS).distinct()).all()
    are_open = [_has_facts(row) for row in rows if access(facts_of_row(row)).allowed]
    holders = _held(goods, Order.holder_id).where(or_(false(), *are_open))
    # A list that is made once: EXISTS would search the outbox for each of a million customers.
    is_dead = Customer.wants_offers_since.is_not(None) & Customer.email.in_(select_dead_addresses())
    counts = select(func.count(), func.count(Customer.wants_offers_since), func.count(case((is_dead, 1)))).where(
        _can_be_written_to(), Customer.id.in_(holders)
    )
    buyers, agreed, unreachable = db.session.execute(counts).one()
    return Audience(buyers=buyers, agreed=agreed - unreachable, unreachable=unreachable)


def find_readers(goods: Goods, *, after: int, most: int) -> Readers:
    """Look at the next `most` customers who agreed, in two statements, and return who of them has access now."""
    found = db.session.execute(
        select(Customer.id, Customer.email)
        .where(_agreed(), Customer.id > after, exists(_held(goods, Grant.id).where(_is_holder())))
        .order_by(Customer.id)
        .limit(most)
    ).all()
    ids = _find_open(goods, [row.id for row in found])
    return Readers(
        emails={row.id: row.email for row in found if row.id in ids},
        last_id=found[-1].id if found else after,
        is_end=len(found) < most,
    )


def has_access(goods: Goods, customer_id: int) -> bool:
    return bool(_find_open(goods, [customer_id]))


def _find_open(goods: Goods, customer_ids: Collection[int]) -> set[int]:
    rows = db.session.execute(
        _held(goods, Order.holder_id, *FACT_COLUMNS).where(Order.holder_id.in_(customer_ids)).distinct()
    )
    return {row.holder_id for row in rows if access(facts_of_row(row)).allowed}


def _held(goods: Goods, *columns: Any) -> Select[Any]:  # noqa: ANN401 - columns of any kind
    """Select from grants of these goods, with their items and orders."""
    return (
        select(*columns)
        .select_from(Grant)
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .where(order_in_running_mode(), Order.holder_id.is_not(None), _is_of(goods))
    )


def _is_of(goods: Goods) -> ColumnElement[bool]:
    if not goods.product_ids and not goods.edition_ids:
        return true()
    return or_(Grant.product_id.in_(goods.product_ids), _is_of_editions(goods.edition_ids))


def _is_of_editions(edition_ids: Collection[int]) -> ColumnElement[bool]:
    """Select what was sold as one of these editions, alone or in a bundle, and what was upgraded to one."""
    if not edition_ids:
        return false()
    prices = select(Price.id).where(Price.edition_id.in_(edition_ids))
    parts = select(ItemPart.id).where(part_of_grant(), ItemPart.edition_id.in_(edition_ids))
    upgrades = select(Upgrade.id).where(
        Upgrade.grant_id == Grant.id, Upgrade.edition_id.in_(edition_ids), Upgrade.state.in_(COUNTED)
    )
    return or_(OrderItem.price_id.in_(prices), exists(parts), exists(upgrades))


def _is_holder() -> ColumnElement[bool]:
    return Order.holder_id == Customer.id


def _can_be_written_to() -> ColumnElement[bool]:
    """Leave out who never proved that they read their address."""
    return and_(is_known_customer(), Customer.email != "", Customer.email_key.not_like(f"{MARK}%"))


def _agreed() -> ColumnElement[bool]:
    is_dead = select_dead_addresses().where(OutboxMessage.recipient == Customer.email).exists()
    return and_(_can_be_written_to(), Customer.wants_offers_since.is_not(None), ~is_dead)


def _has_facts(row: Row[*tuple[Any, ...]]) -> ColumnElement[bool]:
    return and_(*(_plain(column).is_not_distinct_from(getattr(row, column.name)) for column in FACT_COLUMNS))


def _plain(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return column.element if isinstance(column, Label) else column
