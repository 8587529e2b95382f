"""Counts the days that are over, so that a year of a million orders is read from a few hundred rows."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, or_, select, tuple_, update
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.days import bounds_of, day_of, days_between
from storefront.core.db import db, insert_missing, transaction
from storefront.core.runtime import settings
from storefront.orders.day_sums import OVER, CountedDay, DaySum
from storefront.orders.models import Order
from storefront.orders.queries import order_in_running_mode
from storefront.owner.figures.live import read_live
from storefront.owner.figures.referrers import bound_names
from storefront.owner.figures.sums import NAMES, Key, Sums
from storefront.shop.profile.zone import shop_zone

AT_ONCE = 100  # days in one run
# Longer than any transaction: what was still being written when a day got its row is committed by then.
SETTLED = timedelta(minutes=1)


def count_days() -> int:
    """Count up to a hundred days that are over and not counted, newest first; return how many were stored."""
    zone = shop_zone()
    _make_rows(zone)
    waiting = _find_waiting(zone)
    if not waiting:
        return 0
    found = bound_names(read_live([bounds_of(day, zone) for day in sorted(waiting)]))
    by_day: dict[date, list[tuple[Key, Sums]]] = defaultdict(list)
    for key, sums in found.items():
        by_day[key.day].append((key, sums))
    with transaction() as session:
        return sum(_store(session, zone, day, version, by_day[day]) for day, version in waiting.items())


def _last_over(zone: ZoneInfo) -> date:
    return day_of(clock.now() - OVER, zone) - timedelta(days=1)


def _find_new_days(first: datetime, zone: ZoneInfo) -> list[date]:
    known = set(db.session.scalars(select(CountedDay.day).where(_in_zone(zone), ~_is_void(zone))))
    return [day for day in days_between(day_of(first, zone), _last_over(zone)) if day not in known]


def _is_void(zone: ZoneInfo) -> Any:  # noqa: ANN401 - a condition
    """Rows of another zone, and those that a clock which was ahead made for days that are not over."""
    return or_(CountedDay.zone != zone.key, CountedDay.day > _last_over(zone), CountedDay.made_at > clock.now())


def _make_rows(zone: ZoneInfo) -> None:
    """Give every day since the first sale a row, and forget those that are void."""
    mode = settings().mode
    first = db.session.scalar(select(func.min(Order.placed_at)).where(order_in_running_mode()))
    if first is None:
        return
    new = _find_new_days(first, zone)
    is_void = (CountedDay.mode == mode) & _is_void(zone)
    if not new and db.session.scalar(select(CountedDay.day).where(is_void).limit(1)) is None:
        return
    row = {"mode": mode, "zone": zone.key, "is_counted": False, "version": 0, "made_at": clock.now()}
    with transaction() as session:
        gone = tuple_(DaySum.mode, DaySum.zone, DaySum.day).in_(
            select(CountedDay.mode, CountedDay.zone, CountedDay.day).where(is_void)
        )
        session.execute(delete(DaySum).where(gone).execution_options(synchronize_session=False))
        session.execute(delete(CountedDay).where(is_void).execution_options(synchronize_session=False))
        insert_missing(session, CountedDay, [{**row, "day": day} for day in new])


def _in_zone(zone: ZoneInfo) -> Any:  # noqa: ANN401 - a condition
    return (CountedDay.mode == settings().mode) & (CountedDay.zone == zone.key)


def _find_waiting(zone: ZoneInfo) -> dict[date, int]:
    """Return days with the version that they have before their rows are read."""
    rows = db.session.execute(
        select(CountedDay.day, CountedDay.version)
        .where(_in_zone(zone), CountedDay.is_counted.is_(False), CountedDay.made_at <= clock.now() - SETTLED)
        .order_by(CountedDay.day.desc())
        .limit(AT_ONCE)
    )
    waiting = {row.day: row.version for row in rows}
    db.session.commit()  # so that what is read next is not older than the versions
    return waiting


def _store(session: Session, zone: ZoneInfo, day: date, version: int, found: list[tuple[Key, Sums]]) -> bool:
    """Return False where a late row came meanwhile: the day is counted again then."""
    counted = session.execute(
        update(CountedDay)
        .where(_in_zone(zone), CountedDay.day == day, CountedDay.version == version)
        .values(is_counted=True)
        .returning(CountedDay.day)
    ).one_or_none()
    if counted is None:
        return False
    mode = settings().mode
    session.execute(delete(DaySum).where(DaySum.mode == mode, DaySum.zone == zone.key, DaySum.day == day))
    rows = [
        {"mode": mode, "zone": zone.key, "day": day, "facet": key.facet.value}
        | {"name": key.name, "currency": key.currency}
        | {column: getattr(sums, column) for column in NAMES}
        for key, sums in found
    ]
    if rows:
        session.execute(insert(DaySum), rows)
    return True
