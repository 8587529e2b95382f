"""A gift as the owner sees it: whom it is for, and whether it has left."""

from dataclasses import dataclass
from datetime import date, datetime

from storefront.orders.gifts import find_gift
from storefront.orders.models import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryGift:
    """`email` is empty where it was erased, or lost with a database. The message is between giver and receiver."""

    email: str
    from_name: str
    send_on: date
    sent_at: datetime | None


def read_history_gift(order: Order) -> HistoryGift | None:
    gift = find_gift(order)
    if gift is None:
        return None
    return HistoryGift(
        email=gift.email, from_name=gift.from_name, send_on=gift.send_on, sent_at=gift.handed_over_at
    )
