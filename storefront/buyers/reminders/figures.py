"""What became of reminders: how many left, and what was bought through their links."""

from dataclasses import dataclass

from sqlalchemy import func, select

from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.mail.models import MAY_LEAVE, MailKind, MailState, OutboxMessage
from storefront.orders.models import Order
from storefront.orders.queries import order_in_running_mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """Paid orders of one currency that began at such a link; `total_minor` is what they came to, refunds aside."""

    currency: str
    orders: int
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderFigures:
    """Emails of the running mode; `not_sent` were not true any more when they should have left."""

    waiting: int
    sent: int
    not_sent: int
    recovered: tuple[Recovered, ...]

    @property
    def orders(self) -> int:
        return sum(part.orders for part in self.recovered)


def read_figures() -> ReminderFigures:
    """Two statements."""
    rows = db.session.execute(
        select(OutboxMessage.state, func.count())
        .where(OutboxMessage.kind == MailKind.CHECKOUT_REMINDER, OutboxMessage.mode == settings().mode)
        .group_by(OutboxMessage.state)
    )
    counts = {row[0]: row[1] for row in rows}
    recovered = db.session.execute(
        select(Order.currency, func.count(), func.sum(Order.total_minor))
        .where(order_in_running_mode(), Order.recovered_from.is_not(None), Order.is_paid)
        .group_by(Order.currency)
        .order_by(Order.currency)
    )
    return ReminderFigures(
        waiting=sum(counts.get(state, 0) for state in MAY_LEAVE if state is not MailState.FAILED),
        sent=counts.get(MailState.SENT, 0),
        not_sent=counts.get(MailState.CANCELED, 0) + counts.get(MailState.FAILED, 0),
        recovered=tuple(
            Recovered(currency=currency, orders=count, total_minor=int(total))
            for currency, count, total in recovered
        ),
    )
