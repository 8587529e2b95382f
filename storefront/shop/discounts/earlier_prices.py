"""The price before a promotion: the lowest of the 30 days before it began, promotions of then included.

So says Article 6a of Directive 98/6/EC, as Directive (EU) 2019/2161 put it in. What was not sold before has none.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import aliased

from storefront.core.db import db
from storefront.shop.catalog.models import Edition, Price
from storefront.shop.discounts.models import Discount
from storefront.shop.discounts.rules import Terms, take_percent

LOOK_BACK = timedelta(days=30)


def find_earlier(promoted: Mapping[int, Terms]) -> dict[int, int]:
    """Return by price id the lowest that was asked for the same edition before the promotion of that price began.

    In minor units. Two statements, however many promotions run.

    A price counts from when it was made to when the next one was. When it was taken away is not known, so the
    answer may be lower than it has to be, and never higher.
    """
    if not promoted:
        return {}
    begins = [promotion.starts_at for promotion in promoted.values()]
    rows = _read_prices(list(promoted), max(begins))
    others = _read_promotions(min(begins) - LOOK_BACK, max(begins)) if rows else []
    groups = groupby(rows, key=lambda row: row.shown_id)
    found = {shown_id: list(_asked(list(group), promoted[shown_id], others)) for shown_id, group in groups}
    return {shown_id: min(asked) for shown_id, asked in found.items() if asked}


def _read_prices(price_ids: list[int], end: datetime) -> list[Row[Any]]:
    shown = aliased(Price)
    least = func.coalesce(Price.least_minor, Price.amount_minor).label("minor")
    return list(
        db.session.execute(
            select(shown.id.label("shown_id"), Edition.product_id, Price.currency, Price.created_at, least)
            .join(Price, (Price.edition_id == shown.edition_id) & (Price.currency == shown.currency))
            .join(Edition, Edition.id == shown.edition_id)
            .where(shown.id.in_(price_ids), Price.created_at < end, Price.upgrades_from_id.is_(None))
            .order_by(shown.id, Price.created_at, Price.id)
        )
    )


def _read_promotions(begin: datetime, end: datetime) -> list[Discount]:
    earlier = Discount.is_automatic, Discount.starts_at < end
    ended = Discount.ends_at > begin, Discount.stopped_at.is_(None) | (Discount.stopped_at > begin)
    return list(db.session.scalars(select(Discount).where(*earlier, *ended).order_by(Discount.id)))


def _asked(shown: list[Row[Any]], promotion: Terms, others: list[Discount]) -> Iterator[int]:
    """Return what was asked in the days before a promotion for one edition in one currency."""
    begin, end = promotion.starts_at - LOOK_BACK, promotion.starts_at
    rows = [row for row in shown if row.created_at < end]
    earlier = [other for other in others if other.id != promotion.id and other.starts_at < end]
    ends = [*(row.created_at for row in rows[1:]), end]
    for row, until in zip(rows, ends, strict=True):
        if until > begin:
            yield row.minor
            yield from _promoted(row, until, earlier, begin)


def _stopped(promotion: Discount, until: datetime) -> datetime:
    """Return when it ended for a price that was asked `until` then."""
    return min(moment for moment in (promotion.ends_at, promotion.stopped_at, until) if moment is not None)


def _promoted(row: Row[Any], until: datetime, others: list[Discount], begin: datetime) -> Iterator[int]:
    since = max(row.created_at, begin)
    for other in others:
        is_for_it = not other.product_ids or row.product_id in other.product_ids
        if is_for_it and max(other.starts_at, since) < _stopped(other, until):
            yield row.minor - take_percent(other.percent_hundredths or 0, row.minor, row.currency)
