"""Rows of an order: found, ticketed, made, locked. The rules that decide are in `fulfillment` and `access`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from storefront.core import clock, tokens
from storefront.core.db import db, in_transaction, insert_missing, transaction
from storefront.core.errors import NotFound
from storefront.core.runtime import settings
from storefront.customers.models import Customer, email_key, spelling
from storefront.customers.unproven import unproven_key
from storefront.orders.disputes import weightiest_dispute
from storefront.orders.models import Order, OrderLink
from storefront.stripe_api.seen import SeenCheckout

PAGE_LOOK_SECONDS = 60  # a waiting order asks Stripe at most once a minute, all its readers together
NUMBER_LENGTH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSummary:
    """What one statement tells of an order before anything else is asked."""

    id: int
    mode: str
    is_fulfilled: bool
    has_failed: bool


def find_summary(session_id: str) -> OrderSummary | None:
    row = db.session.execute(
        select(Order.id, Order.mode, Order.fulfilled_at, Order.has_failed).where(
            Order.checkout_session_id == session_id
        )
    ).one_or_none()
    if row is None:
        return None
    return OrderSummary(
        id=row.id, mode=row.mode, is_fulfilled=row.fulfilled_at is not None, has_failed=row.has_failed
    )


def find_session_id(payment_intent_id: str) -> str | None:
    """The Checkout Session that a payment belongs to, once its order is known."""
    return db.session.scalar(
        select(Order.checkout_session_id).where(Order.payment_intent_id == payment_intent_id).limit(1)
    )


def take_ticket(order_id: int, *, sparingly: bool) -> int | None:
    """The next look ticket, in a transaction of its own; None when `sparingly` and the last look is young."""
    now = clock.now()
    ask = update(Order).where(Order.id == order_id)
    if sparingly:
        young = now - timedelta(seconds=PAGE_LOOK_SECONDS)
        ask = ask.where(or_(Order.looked_at.is_(None), Order.looked_at <= young))
    with transaction() as session:
        return session.scalar(
            ask.values(look_ticket=Order.look_ticket + 1, looked_at=now).returning(Order.look_ticket)
        )


def ensure_customer(session: Session, *, mode: str, email: str, is_proven: bool = True) -> int:
    """The id, locked until the transaction ends: one who is erased at the same moment is made anew.

    Not `is_proven`: the row beside the customer's, which holds what only typing the address led to.

    FOR NO KEY UPDATE, because a new order holds its customer's key: FOR UPDATE would deadlock.
    """
    key = email_key(email) if is_proven else unproven_key(email)
    mine = select(Customer.id).where(Customer.mode == mode, Customer.email_key == key)
    while True:
        insert_missing(session, Customer, [{"mode": mode, "email": spelling(email), "email_key": key}])
        found = session.scalar(mine.with_for_update(key_share=True))
        if found is not None:
            return found


def lock_customer(session: Session, customer_id: int) -> tuple[Customer, list[Order]]:
    """With all orders, and these first: a convergence locks its order, then its customer.

    While the customer is locked no order is added. Raises NoResultFound for an unknown id.
    """
    mine = select(Order).where(Order.customer_id == customer_id).order_by(Order.id)
    mine = mine.with_for_update().execution_options(populate_existing=True)
    session.scalars(mine).all()
    customer = session.get_one(Customer, customer_id, with_for_update=True, populate_existing=True)
    return customer, list(session.scalars(mine).all())  # once more: one may have come in between


def insert_order(session: Session, seen: SeenCheckout, *, mode: str, customer_id: int) -> bool:
    """True when this call made the row. It carries look ticket 1, and no facts yet."""
    seed = tokens.new_seed()
    row: dict[str, Any] = {
        "number": tokens.new_readable(NUMBER_LENGTH),
        "mode": mode,
        "checkout_session_id": seen.id,
        "payment_link_id": seen.payment_link_id,
        "customer_id": customer_id,
        "email": (seen.email or "").strip(),
        "name": seen.name,
        "country": seen.country,
        "tax_ids": seen.tax_ids,
        "currency": seen.currency,
        "subtotal_minor": seen.subtotal_minor,
        "discount_minor": seen.discount_minor,
        "tax_minor": seen.tax_minor,
        "total_minor": seen.total_minor,
        "presentment_minor": seen.presentment_minor,
        "presentment_currency": seen.presentment_currency,
        "look_ticket": 1,
        "looked_at": clock.now(),
        "token_seed": seed,
        "token_hash": tokens.hash_token(_derive_token(seed, version=1)),
        "placed_at": seen.created_at,
    }
    return insert_missing(session, Order, [row]) == 1


def lock_order(session: Session, session_id: str) -> Order | None:
    return session.scalars(
        select(Order)
        .where(Order.checkout_session_id == session_id)
        .with_for_update()
        .execution_options(populate_existing=True)  # a lock alone does not refresh a loaded row
    ).one_or_none()


def order_token(order: Order) -> str:
    """The token of the order's permanent page."""
    return order_tokens([order])[order.id]


def order_tokens(orders: Sequence[Order]) -> dict[int, str]:
    """Order's id -> token of its permanent page: one statement at most, but for what was never shown before.

    After SECRET_KEY was changed it is another one than in older mails: both are good, so its hash is kept as well.
    """
    made = {order.id: _derive_token(order.token_seed, version=order.token_version) for order in orders}
    rows = [
        {"token_hash": hashed, "order_id": order.id, "version": order.token_version}
        for order in orders
        if (hashed := tokens.hash_token(made[order.id])) != order.token_hash
    ]
    _keep_links(rows)
    return made


def _keep_links(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    hashes = [row["token_hash"] for row in rows]
    known = set(db.session.scalars(select(OrderLink.token_hash).where(OrderLink.token_hash.in_(hashes))))
    missing = [row for row in rows if row["token_hash"] not in known]
    if not missing:
        return
    if in_transaction():
        insert_missing(db.session(), OrderLink, missing)
        return
    with transaction() as session:
        insert_missing(session, OrderLink, missing)


def renew_link(order: Order) -> None:
    """Every link that was made before opens nothing from now on."""
    order.token_version += 1
    order.token_hash = tokens.hash_token(_derive_token(order.token_seed, version=order.token_version))


def _derive_token(seed: bytes, *, version: int) -> str:
    return tokens.derive_token(seed, purpose="order", version=version, secret_key=settings().secret_key)


def apply_facts(order: Order, seen: SeenCheckout, *, ticket: int) -> bool:
    """Facts only from a look younger than the last applied one; paid only goes from no to yes.

    Facts are read outside the lock, so a slow reader could overwrite newer facts with older ones. True when
    these facts count.
    """
    if seen.is_paid and not order.is_paid:
        order.is_paid = True
        order.paid_at = clock.now()
    if ticket <= order.facts_ticket:
        return False
    order.facts_ticket = ticket
    order.has_failed = seen.has_failed
    payment = seen.payment
    if payment is None:
        return True
    order.payment_intent_id = payment.id
    order.payment_method_type = payment.method_type or order.payment_method_type
    order.refunded_minor = payment.refunded_minor
    order.is_disputed = payment.is_disputed
    if payment.after_sale is not None:
        disputes = payment.after_sale.disputes
        order.dispute_status = weightiest_dispute(dispute.status for dispute in disputes or ())
    return True


def get_order_by_token(token: str) -> Order:
    """The running mode's order behind a permanent link.

    Raises:
        NotFound: unknown, mistyped or outdated token.
    """
    hashed = tokens.hash_token(token)
    mine = select(Order).where(Order.mode == settings().mode)
    order = db.session.scalars(mine.where(Order.token_hash == hashed)).one_or_none()
    if order is None:
        others = mine.join(OrderLink, OrderLink.order_id == Order.id)
        order = db.session.scalars(
            others.where(OrderLink.token_hash == hashed, OrderLink.version == Order.token_version)
        ).one_or_none()
    if order is None:
        raise NotFound("This order link is not known. Take the newest one from your mail, as a whole.")
    return order


def find_order(session_id: str) -> Order | None:
    return db.session.scalars(
        select(Order)
        .where(Order.checkout_session_id == session_id, Order.mode == settings().mode)
        .execution_options(populate_existing=True)
    ).one_or_none()
