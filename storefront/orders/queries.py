"""Orders by what Stripe calls them, as other folders ask for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, false, func, select
from sqlalchemy.orm import Session

from storefront.core.db import db, read_all
from storefront.core.runtime import settings
from storefront.customers.models import Customer, email_key
from storefront.orders.models import Grant, ItemPart, Order

# Statements of every order are built once: building one takes longer than running it.
_orders = Order.__table__.c
SUMMARY_COLUMNS = (_orders.id.label("order_id"), _orders.mode, _orders.fulfilled_at, _orders.has_failed)
_SUMMARY = select(*SUMMARY_COLUMNS).where(_orders.checkout_session_id == bindparam("session_id"))
_LOCKED = (
    select(Order)
    .where(Order.checkout_session_id == bindparam("session_id"))
    .with_for_update()
    .execution_options(populate_existing=True)  # a lock alone does not refresh a loaded row
)
# The order that a transfer was for: of those that have ended the one that was placed last. A transfer may be paid
# long after it was placed, and when one was given up is not kept. Of one that was first seen when it had failed
# nothing tells the way to pay.
_IS_TRANSFER = Order.payment_method_type == "customer_balance"
_MAY_BE_TRANSFER = _IS_TRANSFER | Order.has_failed
_BY_TRANSFER = (
    (Order.is_paid | Order.has_failed).desc(),
    func.coalesce(_IS_TRANSFER, false()).desc(),
    Order.placed_at.desc(),
    Order.id.desc(),
)
MOST_OF_A_CUSTOMER = 10  # looked at for one event: each costs a question to Stripe


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSummary:
    """What one statement tells of an order before anything else is asked."""

    id: int
    mode: str
    is_fulfilled: bool
    has_failed: bool


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """What was read of an order a moment ago; a `summary` of None says that there is none."""

    summary: OrderSummary | None


def order_in_running_mode() -> ColumnElement[bool]:
    return Order.mode == settings().mode


def part_of_grant() -> ColumnElement[bool]:
    """Join to a grant the part of a bundle that it is of; none for what an item hands out itself."""
    return (ItemPart.order_item_id == Grant.order_item_id) & (ItemPart.product_id == Grant.product_id)


def find_summary(session_id: str) -> OrderSummary | None:
    """Return the summary of the order of a Checkout Session, of any mode."""
    rows = read_all(_SUMMARY, {"session_id": session_id})
    return summary_of_row(rows[0]) if rows else None


def summary_of_row(row: Row[*tuple[Any, ...]]) -> OrderSummary:
    return OrderSummary(
        id=row.order_id, mode=row.mode, is_fulfilled=row.fulfilled_at is not None, has_failed=row.has_failed
    )


def find_session_id(payment_intent_id: str) -> str | None:
    """Return the Checkout Session that a payment belongs to, once its order is known."""
    return db.session.scalar(
        select(Order.checkout_session_id).where(Order.payment_intent_id == payment_intent_id).limit(1)
    )


def find_sessions_of_invoice(stripe_customer_id: str) -> tuple[str, ...]:
    """Return the Sessions of a Customer at Stripe whose orders know of no invoice yet, or else its newest one."""
    rows = _newest_orders_of(stripe_customer_id)
    unknown = tuple(row.checkout_session_id for row in rows if row.invoice_number is None)
    return unknown or tuple(row.checkout_session_id for row in rows[:1])


def find_sessions_with_tax_id(stripe_customer_id: str) -> tuple[str, ...]:
    """Return the Sessions of a Customer at Stripe whose orders keep a tax id, or else its newest one."""
    rows = _newest_orders_of(stripe_customer_id)
    kept = tuple(row.checkout_session_id for row in rows if row.tax_ids)
    return kept or tuple(row.checkout_session_id for row in rows[:1])


def _newest_orders_of(stripe_customer_id: str) -> Sequence[Row[tuple[str, str | None, list[dict[str, Any]]]]]:
    """Return them newest first: who saves cards has one Customer for all of their orders."""
    return db.session.execute(
        select(Order.checkout_session_id, Order.invoice_number, Order.tax_ids)
        .where(Order.stripe_customer_id == stripe_customer_id, order_in_running_mode())
        .order_by(Order.id.desc())
        .limit(MOST_OF_A_CUSTOMER)
    ).all()


def find_transfers_of(stripe_customer_id: str) -> tuple[str, ...]:
    """Return the Checkout Sessions that speak of a Customer's cash balance at Stripe, one for each currency."""
    place = func.row_number().over(partition_by=Order.currency, order_by=_BY_TRANSFER).label("place")
    ranked = (
        select(Order.id, Order.checkout_session_id, place)
        .where(Order.stripe_customer_id == stripe_customer_id, _MAY_BE_TRANSFER, order_in_running_mode())
        .subquery()
    )
    newest = select(ranked.c.checkout_session_id).where(ranked.c.place == 1).order_by(ranked.c.id.desc())
    return tuple(db.session.scalars(newest))


def speaks_of_balance(session: Session, order: Order) -> bool:
    """Tell whether what lies in the cash balance is said of this order: the one that `find_transfers_of` names.

    Of any other only where nobody says it: money that lies there is never left out.
    """
    own = (
        Order.stripe_customer_id == order.stripe_customer_id,
        Order.mode == order.mode,
        Order.currency == order.currency,
    )
    newest = session.scalar(select(Order.id).where(*own, _MAY_BE_TRANSFER).order_by(*_BY_TRANSFER).limit(1))
    says_it = select(Order.id).where(*own, Order.id != order.id, Order.excess_minor > 0)
    return newest == order.id or session.scalar(says_it.limit(1)) is None


def find_order_number(stripe_id: str) -> str | None:
    """Return the number of the order with this Checkout Session or this payment."""
    is_named = (Order.checkout_session_id == stripe_id) | (Order.payment_intent_id == stripe_id)
    return db.session.scalar(select(Order.number).where(order_in_running_mode(), is_named).limit(1))


def find_order(session_id: str) -> Order | None:
    """Return the order of a Checkout Session in the running mode, as committed now."""
    return db.session.scalars(
        select(Order)
        .where(Order.checkout_session_id == session_id, order_in_running_mode())
        .execution_options(populate_existing=True)
    ).one_or_none()


def read_order(order_id: int) -> Order:
    """Return an order by its id, as committed now. Raises NoResultFound."""
    return db.session.get_one(Order, order_id, populate_existing=True)


def lock_order(session: Session, session_id: str) -> Order | None:
    """Return the order of a Checkout Session, of any mode, locked and as committed now."""
    return session.scalars(_LOCKED, {"session_id": session_id}).one_or_none()


def has_bought(email: str) -> bool:
    """Tell whether this address has paid in the running mode, or is about to. What was free does not count."""
    return (
        db.session.scalar(
            select(Order.id)
            .join(Customer, Customer.id == Order.customer_id)
            .where(
                order_in_running_mode(),
                Customer.email_key == email_key(email),
                Order.total_minor > 0,
                Order.has_failed.is_(False),
            )
            .limit(1)
        )
        is not None
    )
