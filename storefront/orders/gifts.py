"""Gifts of whole orders: what a giver asks for, kept before the checkout begins, and bound to its order once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storefront.core import clock, tokens
from storefront.core.db import db, transaction
from storefront.core.email_addresses import is_address, is_one_line
from storefront.core.errors import StorefrontError
from storefront.core.texts import marked
from storefront.customers.models import email_key
from storefront.orders.changes import ChangeKind, add_change
from storefront.orders.gift_models import Gift
from storefront.orders.models import Order

MARK = "gift"  # in a Session's metadata
LONGEST_NAME, LONGEST_MESSAGE = 60, 500
MOST_DAYS = 365


class GiftRefused(StorefrontError):
    """The message names the field and the cure."""

    code = "gift_refused"
    title = marked("Something about the gift is missing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Who gets a gift, what its giver is called and says, and the day (UTC) on which it leaves."""

    email: str
    from_name: str
    message: str
    send_on: date


def read_wish(form: Mapping[str, str]) -> Wish:
    """Read the fields `gift_email`, `gift_from`, `gift_message` and `gift_on` (a day; empty for today).

    Raises:
        GiftRefused: one of them is missing, too long, or not possible.
    """
    email = form.get("gift_email", "").strip()
    if not is_address(email):
        raise GiftRefused(marked("Write the whole email address of who gets the gift, like ada@example.com."))
    return Wish(
        email=email,
        from_name=_read_name(form.get("gift_from", "")),
        message=_read_message(form.get("gift_message", "")),
        send_on=_read_day(form.get("gift_on", "").strip()),
    )


def _read_name(typed: str) -> str:
    name = " ".join(typed.split())
    if not name or len(name) > LONGEST_NAME or not is_one_line(name):
        raise GiftRefused(
            marked("Write your name as the gift should show it, up to %(most)d letters.", most=LONGEST_NAME)
        )
    if any(sign in name for sign in "/@<>") or "www." in name.lower():
        raise GiftRefused(marked("Write your name without an address or a link."))
    return name


def _read_message(typed: str) -> str:
    message = "\n".join(line.rstrip() for line in typed.splitlines()).strip()
    if len(message) > LONGEST_MESSAGE:
        raise GiftRefused(
            marked(
                "The message has %(count)d letters. It can have up to %(most)d.",
                count=len(message),
                most=LONGEST_MESSAGE,
            )
        )
    if not all(is_one_line(line.replace("\t", " ")) for line in message.split("\n")):
        raise GiftRefused(marked("The message has letters that can't be shown. Type it again."))
    return message


def _read_day(typed: str) -> date:
    today = clock.now().date()
    if not typed:
        return today
    try:
        day = date.fromisoformat(typed)
    except ValueError as error:
        raise GiftRefused(marked("Write the day of delivery as year, month and day, like 2027-12-24.")) from error
    if not today <= day <= last_day():
        raise GiftRefused(marked("Choose a day of delivery from today up to one year ahead."))
    return day


def last_day() -> date:
    return clock.now().date() + timedelta(days=MOST_DAYS)


def keep_wish(wish: Wish) -> int:
    """Store what a checkout will ask for, and return its id. It never changes before there is an order."""
    gift = Gift(mark=tokens.new_token(), order_id=None, **wish_values(wish))
    with transaction() as session:
        session.add(gift)
        session.flush()
        return gift.id


def wish_values(wish: Wish) -> dict[str, Any]:
    return {
        "email": wish.email,
        "email_key": email_key(wish.email),
        "from_name": wish.from_name,
        "message": wish.message,
        "send_on": wish.send_on,
    }


def find_kept(gift_id: int | None) -> tuple[str, Wish] | None:
    """Return the mark and the words of what a checkout asks for."""
    gift = db.session.get(Gift, gift_id) if gift_id is not None else None
    return (gift.mark, _wish(gift)) if gift is not None else None


def _wish(gift: Gift) -> Wish:
    return Wish(email=gift.email, from_name=gift.from_name, message=gift.message, send_on=gift.send_on)


def attach_gift(session: Session, order: Order, mark: str) -> None:
    """Bind what was asked for to its new order, in the transaction that makes it.

    A copy of a Session that was paid as well has a gift of its own. What a database lost has no words: its giver
    is asked for them, and meanwhile the keys are nobody's.
    """
    kept = session.scalars(
        select(Gift).where(Gift.mark == mark).order_by(Gift.order_id.is_not(None), Gift.id).with_for_update()
    ).first()
    if kept is not None and kept.order_id is None:
        kept.order_id = order.id
    else:
        lost = Wish(email="", from_name="", message="", send_on=clock.now().date())
        values = wish_values(_wish(kept) if kept is not None else lost)
        session.add(Gift(mark=mark, order_id=order.id, **values))
    add_change(session, order.id, ChangeKind.GIFT, "bought as a gift")
    session.flush()


def find_gift(order: Order) -> Gift | None:
    """Return the gift that an order is, as committed now. No statement for any other order."""
    if not order.is_gift:
        return None
    found = select(Gift).where(Gift.order_id == order.id).execution_options(populate_existing=True)
    return db.session.scalars(found).one()


def list_received(session: Session, customer_id: int) -> list[int]:
    """Return the ids of the orders that somebody received as gifts."""
    received = select(Order.id).where(Order.holder_id == customer_id, Order.is_gift).order_by(Order.id)
    return list(session.scalars(received))


def move_gifts(session: Session, holder_id: int, *, to: int, email: str) -> None:
    """Let gifts that somebody received follow them to another address. All links stay good."""
    _change(session, list_received(session, holder_id), email=email, email_key=email_key(email))
    moved = update(Order).where(Order.holder_id == holder_id).values(holder_id=to)
    session.execute(moved.execution_options(synchronize_session=False))


def erase_given(session: Session, bought: Iterable[Order]) -> None:
    """Take away what a giver said. The gift stays, and arrives, because it is somebody else's."""
    given = [order.id for order in bought if order.is_gift]
    _change(session, given, from_name="", message="")


def erase_received(session: Session, order_ids: Iterable[int]) -> None:
    """Take away the receiver's address and what was said to them; their links stop working."""
    ids = list(order_ids)
    _change(session, ids, email="", email_key="", from_name="", message="", token_version=Gift.token_version + 1)
    for order_id in ids:
        add_change(session, order_id, ChangeKind.ERASED, "personal data of who received it")


def _change(session: Session, order_ids: Iterable[int], **values: Any) -> None:  # noqa: ANN401 - columns of Gift
    changed = update(Gift).where(Gift.order_id.in_(list(order_ids))).values(**values)
    session.execute(changed.execution_options(synchronize_session=False))
