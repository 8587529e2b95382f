"""What our rows say of refunds, as Stripe says it."""

from sqlalchemy import ColumnElement, select

from storefront.core.db import db
from storefront.orders.after_sale import Refund


def read_known_refunds(which: ColumnElement[bool]) -> dict[str, tuple[str, frozenset[int]]]:
    """Return their status, and the positions of the items that they name, by id."""
    rows = db.session.execute(select(Refund.id, Refund.status, Refund.positions).where(which))
    return {row.id: (row.status, frozenset(row.positions or ())) for row in rows}
