"""What was paid for and is nothing of ours: lines that nobody knows, and parts of bundles that are gone."""

from collections.abc import Iterator, Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storefront.orders.models import ItemPart, OrderItem
from storefront.shop.catalog.recognized_lines import RecognizedLine
from storefront.stripe_api.seen import SeenCheckout


def find_unknown(
    session: Session, order_id: int, seen: SeenCheckout, lines: Mapping[str, RecognizedLine], *, is_new: bool
) -> list[str]:
    """Return it in words. What an order of before was handed out is in its rows, whatever a line is by now."""
    unknown = list(_find_unknown(seen, lines, {}))
    return unknown if is_new or not unknown else list(_find_unknown(seen, lines, _read_sold(session, order_id)))


def _find_unknown(
    seen: SeenCheckout, lines: Mapping[str, RecognizedLine], sold: Mapping[str, int]
) -> Iterator[str]:
    """`sold` is what was handed out of known lines: how many parts, by the line's id."""
    for line in seen.lines:
        its = lines[line.id]
        if its.product_id is None and line.id not in sold:
            yield line.description
        if its.lost_parts and sold.get(line.id, 0) < len(its.parts) + its.lost_parts:
            yield f"a part of {line.description}"


def _read_sold(session: Session, order_id: int) -> dict[str, int]:
    rows = session.execute(
        select(OrderItem.stripe_line_item_id, func.count(ItemPart.id))
        .outerjoin(ItemPart, ItemPart.order_item_id == OrderItem.id)
        .where(OrderItem.order_id == order_id, OrderItem.product_id.is_not(None))
        .group_by(OrderItem.stripe_line_item_id)
    )
    return dict(rows.all())
