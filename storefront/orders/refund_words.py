"""What who paid reads of an order of which money goes back, or waits until its buyer says where to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from storefront.core.db import db
from storefront.core.languages import _, show_day, show_money
from storefront.core.texts import marked
from storefront.orders.access import Access, Reason, sentence_for_buyer
from storefront.orders.after_sale import NOT_BACK, TO_ANSWER, Refund
from storefront.orders.models import Order, OrderItem
from storefront.shop.profile.zone import at_shop

Waiting = Mapping[int, frozenset[int]]  # ids of orders of which a refund waits for its buyer: positions it names

_BEING_REFUNDED = {  # by whether it is a gift
    Reason.REFUNDED: {
        False: marked("This order is being refunded, so its keys and downloads no longer work."),
        True: marked("This order is being refunded, so the gift no longer works."),
    },
    Reason.ITEM_REFUNDED: {
        False: marked("This part of the order is being refunded, so its keys and downloads no longer work."),
        True: marked("This part of the gift is being refunded, so it no longer works."),
    },
}
_UPGRADE_BEING_REFUNDED = marked(
    "This upgrade is being refunded, so it no longer counts. What you had before is as it was."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundTotals:
    """What went back, and what waits until its buyer has told Stripe where to, in the order's currency.

    The other two are words for it in the buyer's currency, empty where it is the same.
    """

    given_minor: int = 0
    given_shown: str = ""
    waiting_minor: int = 0
    waiting_shown: str = ""


NO_REFUNDS = RefundTotals()


def read_refunds(order: Order) -> Sequence[Refund]:
    """Return what goes back, or has, oldest first. One statement for an order with a refund."""
    if not order.refunded_minor:
        return ()
    return db.session.scalars(
        select(Refund)
        .where(Refund.order_id == order.id, Refund.status.not_in(NOT_BACK))
        .order_by(Refund.created_at, Refund.id)
        .execution_options(populate_existing=True)
    ).all()


def find_waiting(orders: Iterable[Order]) -> Waiting:
    """Return those of which a refund waits for its buyer. One statement where anything went back."""
    refunded = [order.id for order in orders if order.refunded_minor]
    if not refunded:
        return {}
    waits = select(Refund).where(Refund.order_id.in_(refunded), Refund.status == TO_ANSWER)
    return waiting_of(db.session.scalars(waits.execution_options(populate_existing=True)))


def waiting_of(refunds: Iterable[Refund]) -> Waiting:
    """Return the same of refunds that were read."""
    waiting: dict[int, frozenset[int]] = {}
    for refund in _that_wait(refunds):
        waiting[refund.order_id] = waiting.get(refund.order_id, frozenset()) | refund.items
    return waiting


def read_totals(order: Order, refunds: Sequence[Refund]) -> RefundTotals:
    """Add up what `read_refunds()` found. A restricted key may not ask Stripe: then not all of them are known."""
    waiting = _that_wait(refunds)
    given = [refund for refund in refunds if refund not in waiting]
    waiting_minor = sum(refund.amount_minor for refund in waiting)
    is_each_known = sum(refund.amount_minor for refund in refunds) == order.refunded_minor
    return RefundTotals(
        given_minor=order.refunded_minor - waiting_minor,
        given_shown=shown_at_bank(given) if is_each_known else "",
        waiting_minor=waiting_minor,
        waiting_shown=shown_at_bank(waiting),
    )


def shown_at_bank(refunds: Sequence[Refund]) -> str:
    """Return what the buyer's bank shows of them together, where Checkout converted the price; else nothing."""
    amounts = [refund.presentment_minor for refund in refunds if refund.presentment_minor is not None]
    currencies = {refund.presentment_currency for refund in refunds}
    currency = currencies.pop() if len(currencies) == 1 else None
    if currency is None or currency == refunds[0].currency or len(amounts) < len(refunds):
        return ""
    return show_money(sum(amounts), currency)


def refund_amounts(refund: Refund) -> dict[str, str]:
    """Return what an email says of it: the `amount` in the buyer's currency and the shop's, and a `short` one."""
    amount, shown = show_money(refund.amount_minor, refund.currency), shown_at_bank([refund])
    if not shown:
        return {"amount": amount, "short_amount": amount}
    both = _("%(presentment)s (refunded as %(amount)s)", presentment=shown, amount=amount)
    return {"amount": both, "short_amount": shown}


def _that_wait(refunds: Iterable[Refund]) -> list[Refund]:
    return [refund for refund in refunds if refund.status == TO_ANSWER]


def closed_sentence(order: Order, access: Access, waiting: Waiting, *, is_upgrade: bool) -> str:
    """Return what who paid reads of an order's access, without the day of a refund."""
    return _sentence(order, access, is_upgrade=is_upgrade, waits=order.id in waiting)


def closed_item_sentence(
    order: Order, item: OrderItem, access: Access, waiting: Waiting, *, is_upgrade: bool
) -> str:
    """Return the same of one item and its access."""
    is_item_alone = access.reason is Reason.ITEM_REFUNDED
    waits = item.position in waiting.get(order.id, ()) if is_item_alone else order.id in waiting
    return _sentence(order, access, is_upgrade=is_upgrade, waits=waits)


def access_sentence(order: Order, access: Access, refunds: Sequence[Refund], *, is_upgrade: bool) -> str:
    """Return what who paid reads of an order's access, with the day of its last refund."""
    waiting = waiting_of(refunds)
    if access.reason is not Reason.REFUNDED or not refunds or waiting:
        return closed_sentence(order, access, waiting, is_upgrade=is_upgrade)
    return _refunded_on(show_day(at_shop(refunds[-1].created_at)), is_gift=order.is_gift, is_upgrade=is_upgrade)


def _refunded_on(day: str, *, is_gift: bool, is_upgrade: bool) -> str:
    if is_upgrade:
        return marked(
            "This upgrade was refunded on %(day)s, so it no longer counts. What you had before is as it was.",
            day=day,
        )
    if is_gift:
        return marked("This order was refunded on %(day)s, so the gift no longer works.", day=day)
    return marked("This order was refunded on %(day)s, so its keys and downloads no longer work.", day=day)


def _sentence(order: Order, access: Access, *, is_upgrade: bool, waits: bool) -> str:
    if waits and access.reason in _BEING_REFUNDED:
        return _UPGRADE_BEING_REFUNDED if is_upgrade else _BEING_REFUNDED[access.reason][order.is_gift]
    return sentence_for_buyer(access, is_gift=order.is_gift, is_upgrade=is_upgrade)


def words_to_answer(refund: Refund) -> str:
    """Return what its buyer must do; nothing where Stripe knows where the money goes."""
    return _words_while_waiting(refund) if refund.status == TO_ANSWER else ""


def _words_while_waiting(refund: Refund) -> str:
    amount = refund_amounts(refund)["amount"]
    if refund.answer_by is None:
        return marked(
            "Stripe has emailed you to ask where the refund of %(amount)s should go. Answer that email, or the "
            "refund ends.",
            amount=amount,
        )
    return marked(
        "Stripe has emailed you to ask where the refund of %(amount)s should go. Answer that email by %(day)s, or "
        "the refund ends.",
        amount=amount,
        day=show_day(at_shop(refund.answer_by)),
    )
