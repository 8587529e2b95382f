"""What whoever has a license calls it, to tell several apart. Programs never see it; erasing takes it away."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from storefront.core.db import transaction
from storefront.core.email_addresses import is_one_line
from storefront.core.errors import NotFound, StorefrontError
from storefront.core.texts import marked
from storefront.customers.models import Customer
from storefront.delivery.licenses.models import License
from storefront.orders.models import Grant, Order, OrderItem

LONGEST_LABEL = 40


class LabelRefused(StorefrontError):
    code = "bad_label"
    title = marked("That name can't be saved")


def set_label(license_id: int, text: str) -> str:
    """Store what a license is called and return that; nothing takes the name away.

    Raises:
        LabelRefused: it is too long, or holds what no line can show.
        NotFound: whoever had it was erased a moment ago.
    """
    label = _clean(text)
    with transaction() as session:
        order_id = session.scalars(
            select(OrderItem.order_id)
            .join(Grant, Grant.order_item_id == OrderItem.id)
            .join(License, License.grant_id == Grant.id)
            .where(License.id == license_id)
        ).one()
        _demand_holder(session, order_id)
        _write(session, License.id == license_id, label or None)
    return label


def erase_labels(session: Session, order_ids: Sequence[int]) -> None:
    """Forget what the licenses of these orders were called; in the caller's transaction."""
    grants = select(Grant.id).join(OrderItem).where(OrderItem.order_id.in_(order_ids))
    _write(session, License.grant_id.in_(grants), None)


def _clean(text: str) -> str:
    label = " ".join(text.split())
    if len(label) > LONGEST_LABEL or not is_one_line(label):
        raise LabelRefused(marked("A name is one line of at most %(most)d letters.", most=LONGEST_LABEL))
    return label


def _demand_holder(session: Session, order_id: int) -> None:
    """Lock the order, as erasing does, so that no name is written behind it."""
    order = session.get_one(Order, order_id, with_for_update=True, populate_existing=True)
    erased = select(Customer.erased_at).where(Customer.id == order.holder_id)
    if order.holder_id is None or session.scalar(erased) is not None:
        raise NotFound(marked("We can't find this order. Copy the complete link from your latest email."))


def _write(session: Session, which: ColumnElement[bool], label: str | None) -> None:
    named = update(License).where(which).values(label=label)
    session.execute(named.execution_options(synchronize_session=False))
