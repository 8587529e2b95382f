"""Whether the newest email to an order's buyer did not arrive: refused at once, or come back later."""

from sqlalchemy import select

from storefront.core.db import db
from storefront.mail.failures import is_of_address
from storefront.mail.models import MailState, OutboxMessage
from storefront.orders.models import Order


def find_undelivered(order: Order) -> str:
    """Return what the mail server said; empty where nothing is known to be wrong. One statement."""
    newest = (
        select(OutboxMessage.state, OutboxMessage.last_error)
        .where(OutboxMessage.order_id == order.id, OutboxMessage.recipient == order.email)
        .where(OutboxMessage.state.in_((MailState.SENT, MailState.FAILED)))
        .order_by(OutboxMessage.id.desc())
        .limit(1)
    )
    row = db.session.execute(newest).first()
    if row is None or row.state is not MailState.FAILED or not is_of_address(row.last_error):
        return ""
    return str(row.last_error)
