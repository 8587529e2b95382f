"""What giver and receiver read of a gift. The giver's words hold no key and no link to one."""

from dataclasses import dataclass
from datetime import date, datetime

from storefront.core import clock
from storefront.core.languages import show_day
from storefront.core.texts import marked
from storefront.orders.access import Access
from storefront.orders.gift_models import Gift
from storefront.orders.gifts import Wish
from storefront.orders.models import Order
from storefront.shop.profile.zone import at_shop


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftWords:
    """A gift as its giver sees it. `line` is one sentence; `email` is whole, for the form that corrects it."""

    line: str
    email: str
    from_name: str
    message: str
    send_on: date
    may_change: bool
    may_send_now: bool
    may_resend: bool


def read_gift_words(order: Order, gift: Gift, access: Access) -> GiftWords:
    is_waiting = gift.handed_over_at is None
    return GiftWords(
        line=_line(gift, access),
        email=gift.email,
        from_name=gift.from_name,
        message=gift.message,
        send_on=max(gift.send_on, clock.now().date()),
        may_change=is_waiting and order.erased_at is None and not access.is_over,
        may_send_now=is_waiting and gift.email != "" and access.allowed,
        may_resend=not is_waiting and gift.email != "" and access.allowed,
    )


def _sent_line(gift: Gift, whom: str, handed_over_at: datetime) -> str:
    if not gift.email:
        return marked("A gift. It was sent.")
    return marked("A gift for %(whom)s, sent on %(day)s.", whom=whom, day=show_day(at_shop(handed_over_at)))


def _line(gift: Gift, access: Access) -> str:
    whom = mask(gift.email)
    if gift.handed_over_at is not None:
        return _sent_line(gift, whom, gift.handed_over_at)
    if not gift.email:
        return marked("A gift. We don't know who it's for.")
    if not access.allowed:
        return marked("A gift for %(whom)s. It hasn't been sent.", whom=whom)
    if gift.send_on <= clock.now().date():
        return marked("A gift for %(whom)s. We're sending it now.", whom=whom)
    return marked("A gift for %(whom)s, arrives on %(day)s.", whom=whom, day=show_day(gift.send_on))


def line_to_pay(wish: Wish) -> str:
    """Return one sentence about a gift that is not paid yet, for the page where its giver pays."""
    if wish.send_on <= clock.now().date():
        return marked("A gift for %(whom)s, sent as soon as you've paid.", whom=mask(wish.email))
    return marked("A gift for %(whom)s, arrives on %(day)s.", whom=mask(wish.email), day=show_day(wish.send_on))


def mask(email: str) -> str:
    """Return an address of which nobody learns more than who knows it: `r…@example.com`."""
    name, _at, domain = email.rpartition("@")
    return f"{name[:1]}…@{domain}"
