"""The license that an owner names: by its key, or by the number of an order that has one key."""

import re

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from storefront.core.errors import NotFound, StorefrontError
from storefront.core.runtime import settings
from storefront.delivery.licenses.keys import is_well_formed
from storefront.delivery.licenses.models import License
from storefront.delivery.licenses.queries import (
    find_license_row,
    find_retired_key,
    get_sale,
    select_sold_licenses,
)
from storefront.delivery.licenses.sealed import hashes_of
from storefront.orders.models import Grant, Order, OrderItem
from storefront.orders.queries import order_in_running_mode

ORDER_NUMBER = re.compile(r"[A-Za-z0-9]{8}")


class SeveralKeys(StorefrontError):
    code = "several_keys"
    status = 409
    title = "This order has several keys"


class KeyReplaced(StorefrontError):
    code = "key_replaced"
    status = 409
    title = "This key was replaced"


def lock_named_license(session: Session, reference: str) -> License:
    """Return the license of a key, or of the one key of an order with this number; locked, after its order.

    Raises:
        NotFound: there is no such key, and no order with a key of this number.
        KeyReplaced: the key was replaced by another one.
        SeveralKeys: the order has several keys.
    """
    _hold_orders(session, License.key_hash.in_(hashes_of(reference).all))
    named = find_license_row(session, reference, is_locked=True)
    if named is not None:
        return named
    if not ORDER_NUMBER.fullmatch(reference.strip()):
        raise _key_not_found(session, reference)
    _hold_orders(session, Order.number == reference.strip().upper())
    licenses = _lock_licenses_of_order(session, reference.strip().upper())
    if find_retired_key(session, reference) is not None:
        raise _key_not_found(session, reference)
    return _only_license(licenses, reference.strip())


def _hold_orders(session: Session, which: ColumnElement[bool]) -> None:
    """Take the lock that a line in the order's history takes later.

    Who names a license or erases its buyer has the order first, and would wait here while this waits there.
    """
    orders = select_sold_licenses(Order.id).where(which)
    session.execute(orders.with_for_update(read=True, key_share=True, of=Order))


def _only_license(licenses: list[License], number: str) -> License:
    if not licenses:
        raise NotFound(f"There is no key and no order with a key called {number}.")
    if len(licenses) > 1:
        raise SeveralKeys(
            f"Order {number.upper()} has {len(licenses)} keys: name the key itself. "
            "`storefront orders show --keys` lists them."
        )
    return licenses[0]


def unknown_key(key: str) -> NotFound:
    """Return the error of a key that was never here, or is mistyped."""
    if is_well_formed(key):
        return NotFound(f"There is no such key in {settings().mode} mode.")
    return NotFound(
        "There is no such key. One that the shop made has a wrong letter: compare it letter by letter. "
        "An imported one counts exactly as it is written."
    )


def _lock_licenses_of_order(session: Session, number: str) -> list[License]:
    licenses = session.scalars(
        select(License)
        .join(Grant, Grant.id == License.grant_id)
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .where(Order.number == number, order_in_running_mode())
        .with_for_update(of=License)
        .execution_options(populate_existing=True)
    )
    return list(licenses)


def _key_not_found(session: Session, key: str) -> StorefrontError:
    """Return when a key was replaced, and in which order: that is known for ever. Or else that it is unknown."""
    retired = find_retired_key(session, key)
    reissued = session.get(License, retired.license_id) if retired else None
    if retired is None or reissued is None or reissued.mode != settings().mode:
        return unknown_key(key)
    order, _item, _product = get_sale(session, reissued)
    return KeyReplaced(
        f"This key was replaced on {retired.retired_at:%Y-%m-%d} by another one of order {order.number}. "
        f"`storefront orders show {order.number} --keys` shows that one."
    )
