"""What a day brought, counted once when it is over. Whoever writes something of an old day says so here."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import BigInteger, Index, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from storefront.core import clock
from storefront.core.db import Base
from storefront.core.runtime import settings
from storefront.orders.models import Order
from storefront.orders.money_lines import MoneyLine

OVER = timedelta(hours=1)  # how long after its end a day is not counted yet


class CountedDay(Base):
    """A day of a time zone. Its sums count while `is_counted`; `version` moves with every late row.

    Who counts keeps the version that was there before the rows were read, and stores nothing if it has moved.
    """

    __tablename__ = "counted_days"

    mode: Mapped[str] = mapped_column(primary_key=True)
    zone: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    is_counted: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime] = mapped_column(default=clock.now)


class DaySum(Base):
    """Sums of one day by currency and facet, in minor units. The facet `all` has everything, under no name.

    Other facets are product, edition, country, code and referrer, with an id, a country, a code or a referrer as
    name; they have orders and `paid_minor` alone. `fee_minor`, `disputed_minor` and `net_minor` are in the
    currency that Stripe booked.
    """

    __tablename__ = "day_sums"
    __table_args__ = (Index("ix_day_sums_mode_zone_facet_day", "mode", "zone", "facet", "day"),)

    mode: Mapped[str] = mapped_column(primary_key=True)
    zone: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    facet: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    orders: Mapped[int] = mapped_column(BigInteger)
    paid_minor: Mapped[int] = mapped_column(BigInteger)
    discount_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger)
    refunded_minor: Mapped[int] = mapped_column(BigInteger)
    disputed_minor: Mapped[int] = mapped_column(BigInteger)
    fee_minor: Mapped[int] = mapped_column(BigInteger)
    net_minor: Mapped[int] = mapped_column(BigInteger)
    unbooked: Mapped[int] = mapped_column(BigInteger)  # orders whose fee Stripe has not told yet


def count_again(session: Session, moments: Iterable[datetime]) -> None:
    """Let the days of these moments be counted again, in every zone: a day of one may be the next in another."""
    nearby = {moment.date() + timedelta(days=offset) for moment in moments for offset in (-1, 0, 1)}
    if nearby:
        session.execute(
            update(CountedDay)
            .where(CountedDay.mode == settings().mode, CountedDay.day.in_(nearby))
            .values(is_counted=False, version=CountedDay.version + 1)
        )


def count_late_order(session: Session, order: Order) -> None:
    """Let the days be counted again on which a new order was paid, and its money booked, before it was found.

    Asks nothing for an order of this hour, whose day nobody can have counted.
    """
    over = clock.now() - OVER
    if order.placed_at > over:
        return
    moments = [order.paid_at] if order.paid_at is not None and order.paid_at <= over else []
    if order.payment_intent_id is not None:
        lines = select(MoneyLine.created_at).where(MoneyLine.payment_intent_id == order.payment_intent_id)
        moments += session.scalars(lines)
    count_again(session, moments)
