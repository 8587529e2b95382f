"""The permanent link of an order. Its token derives from a stored seed; a higher version ends older ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from storefront.core import tokens
from storefront.core.db import db, in_transaction, insert_missing, transaction
from storefront.core.errors import NotFound
from storefront.core.runtime import settings
from storefront.core.texts import marked
from storefront.orders.models import Order, OrderLink
from storefront.orders.queries import order_in_running_mode


def order_token(order: Order) -> str:
    """Return the token of the order's permanent page."""
    return order_tokens([order])[order.id]


def order_tokens(orders: Sequence[Order]) -> dict[int, str]:
    """Return tokens of permanent pages by order id. One statement at most, but for what was never shown before.

    After SECRET_KEY was changed a token is another one than in older emails. Both are good, so its hash is kept.
    """
    by_id = {order.id: derive_order_token(order.token_seed, version=order.token_version) for order in orders}
    rows = [
        {"token_hash": hashed, "order_id": order.id, "version": order.token_version}
        for order in orders
        if (hashed := tokens.hash_token(by_id[order.id])) != order.token_hash
    ]
    missing = _without_known(rows) if rows else []
    if missing:
        _insert_links(missing)
    return by_id


def _without_known(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    hashes = [row["token_hash"] for row in rows]
    known = set(db.session.scalars(select(OrderLink.token_hash).where(OrderLink.token_hash.in_(hashes))))
    return [row for row in rows if row["token_hash"] not in known]


def _insert_links(rows: list[dict[str, Any]]) -> None:
    if in_transaction():
        insert_missing(db.session(), OrderLink, rows)
        return
    with transaction() as session:
        insert_missing(session, OrderLink, rows)


def renew_link(order: Order) -> None:
    """Make a new link, inside the caller's transaction: every one before opens nothing from now on.

    The hash of the old one is kept, so that the owner can be told that its reader used it.
    """
    old = {"token_hash": order.token_hash, "order_id": order.id, "version": order.token_version}
    insert_missing(db.session(), OrderLink, [old])
    order.token_version += 1
    order.token_hash = tokens.hash_token(derive_order_token(order.token_seed, version=order.token_version))


@dataclass(frozen=True, slots=True)
class KnownLink:
    """`is_old`: it opened the order once, and does not any more."""

    order_id: int
    is_old: bool


def find_known_link(token: str) -> KnownLink | None:
    """Return whose link this is in the running mode, also of one that was replaced. Two statements at most."""
    hashed = tokens.hash_token(token)
    orders = select(Order.id, Order.token_version).where(order_in_running_mode())
    row = db.session.execute(orders.where(Order.token_hash == hashed)).first()
    if row is not None:
        return KnownLink(row.id, is_old=False)
    older = orders.add_columns(OrderLink.version).join(OrderLink, OrderLink.order_id == Order.id)
    row = db.session.execute(older.where(OrderLink.token_hash == hashed)).first()
    return KnownLink(row.id, is_old=row.version != row.token_version) if row is not None else None


def derive_order_token(seed: bytes, *, version: int) -> str:
    return tokens.derive_token(seed, purpose="order", version=version, secret_key=settings().secret_key)


def get_order_by_token(token: str) -> Order:
    """Return the running mode's order behind a permanent link.

    Raises:
        NotFound: unknown, mistyped or outdated token.
    """
    hashed = tokens.hash_token(token)
    orders = select(Order).where(order_in_running_mode())
    order = db.session.scalars(orders.where(Order.token_hash == hashed)).one_or_none()
    if order is None:
        linked = orders.join(OrderLink, OrderLink.order_id == Order.id)
        order = db.session.scalars(
            linked.where(OrderLink.token_hash == hashed, OrderLink.version == Order.token_version)
        ).one_or_none()
    if order is None:
        raise NotFound(marked("We can't find this order. Copy the complete link from your latest email."))
    return order
