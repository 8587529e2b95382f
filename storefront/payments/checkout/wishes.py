"""Gifts that a checkout asked for and nobody paid: they name people who know nothing of it."""

from datetime import timedelta

from sqlalchemy import delete, select, update

from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.orders.gift_models import Gift
from storefront.payments.checkout.models import Checkout

KEPT = timedelta(days=32)  # an expired Session can be opened again for 30 days


def forget_wishes() -> int:
    """Delete them a month later, and return how many."""
    old = (Gift.order_id.is_(None), Gift.created_at < clock.now() - KEPT)
    if db.session.scalar(select(Gift.id).where(*old).limit(1)) is None:
        return 0
    with transaction() as session:
        ids = session.scalars(select(Gift.id).where(*old).with_for_update()).all()
        asked = update(Checkout).where(Checkout.gift_id.in_(ids)).values(gift_id=None)
        session.execute(asked.execution_options(synchronize_session=False))
        session.execute(delete(Gift).where(Gift.id.in_(ids)).execution_options(synchronize_session=False))
    return len(ids)
