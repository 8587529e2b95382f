"""License files: what a program checks by itself when it cannot ask. Signed, dated, and asked for access first."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from storefront.core import clock
from storefront.core.db import db
from storefront.core.errors import AccessDenied, NotFound
from storefront.core.runtime import settings
from storefront.delivery.licenses.codes import Code
from storefront.delivery.licenses.models import License
from storefront.delivery.licenses.signing.jws import sign
from storefront.delivery.licenses.validity import license_refusal
from storefront.orders.access import access
from storefront.orders.facts import item_facts
from storefront.orders.models import Grant, Order, OrderItem
from storefront.shop.catalog.models import Price, Product

KIND = "license+jwt"
# A refund reaches a device that is never online when its file ends: a month is what most programs can ask of it.
FILE_DAYS = 30


def _seconds(moment: datetime | None) -> int | None:
    return int(moment.timestamp()) if moment else None


def issue_license_file(
    license_id: int, *, fingerprint: str | None = None, order_id: int | None = None, key_hash: str | None = None
) -> str:
    """A JWS. Times are Unix seconds; `exp` is the file's own end, `license_expires_at` the license's.

    `key_hash` is of the key that was asked with: whoever has a replaced one must not read the new one in the file.

    Raises:
        NotFound: no such license in the running mode, not of this order, or its key was replaced meanwhile.
        AccessDenied: it was refunded, withdrawn, disputed, or has expired; with the sentence a buyer reads.
    """
    row = db.session.execute(
        select(License, Order, OrderItem, Product, Price.edition)
        .join(Grant, Grant.id == License.grant_id)
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .join(Product, Product.id == Grant.product_id)
        .outerjoin(Price, Price.id == OrderItem.price_id)
        .where(License.id == license_id, License.mode == settings().mode)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None or (order_id is not None and row.Order.id != order_id):
        raise NotFound("There is no such license in this order.")
    if key_hash is not None and row.License.key_hash != key_hash:
        raise NotFound("This license has another key by now.")
    found, order, product = row.License, row.Order, row.Product
    now = clock.now()
    _demand_access(found, order, row.OrderItem, now)
    bought_at = order.paid_at or order.placed_at
    updates = bought_at + timedelta(days=product.update_days) if product.update_days is not None else None
    ends = min(now + timedelta(days=FILE_DAYS), found.expires_at or datetime.max.replace(tzinfo=now.tzinfo))
    claims: dict[str, Any] = {
        "iss": settings().base_url,
        "sub": str(found.id),
        "jti": str(uuid.uuid4()),
        "iat": _seconds(now),
        "exp": _seconds(ends),
        "key": found.key,
        "generation": found.generation,
        "product": product.slug,
        "product_name": product.name,
        "edition": row.edition,
        "holder": {"name": order.name, "email": order.email or None},
        "seats": found.seats,
        "activation_limit": found.activation_limit,
        "license_expires_at": _seconds(found.expires_at),
        "updates_until": _seconds(updates),
        "fingerprint": fingerprint or None,
        "mode": found.mode,
    }
    return sign(claims, kind=KIND)


def _demand_access(found: License, order: Order, item: OrderItem, now: datetime) -> None:
    facts = item_facts(order, item)
    refusal = license_refusal(facts, withdrawn_at=found.withdrawn_at, expires_at=found.expires_at, now=now)
    if refusal is None:
        return
    if found.withdrawn_at is not None:
        raise AccessDenied("The shop has withdrawn this license key. Please write to the shop if that is wrong.")
    raise AccessDenied("This license has expired." if refusal is Code.EXPIRED else access(facts).sentence)
