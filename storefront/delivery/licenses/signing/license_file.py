"""License files: what a program checks by itself when it cannot ask. Signed, dated, and asked for access first."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func

from storefront.core import clock
from storefront.core.db import db
from storefront.core.errors import AccessDenied, NotFound
from storefront.core.runtime import settings
from storefront.core.texts import marked
from storefront.delivery.licenses.codes import Code
from storefront.delivery.licenses.models import License
from storefront.delivery.licenses.queries import select_sold_licenses
from storefront.delivery.licenses.signing.jws import sign
from storefront.delivery.licenses.validity import license_refusal
from storefront.orders.access import access, sentence_for_holder
from storefront.orders.facts import item_facts
from storefront.orders.gifts import find_gift
from storefront.orders.models import Grant, ItemPart, Order, OrderItem
from storefront.orders.queries import part_of_grant
from storefront.orders.upgrades import NOT_UPGRADED, UpgradedGrant, find_upgraded, is_upgraded, widest
from storefront.shop.catalog.models import Edition, Price, Product

KIND = "license+jwt"
# A refund reaches a device that is never online when its file ends: a month is what most programs can ask of it.
FILE_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldLicense:
    """A license with what its file tells of its sale."""

    license: License
    order: Order
    item: OrderItem
    part: ItemPart | None  # of a bundle
    product: Product
    edition: str | None
    upgraded: UpgradedGrant

    @property
    def updates_until(self) -> datetime | None:
        days = widest((self.part or self.item).update_days, self.upgraded.update_days)
        return self.order.bought_at + timedelta(days=days) if days is not None else None


def issue_license_file(
    license_id: int, *, fingerprint: str | None = None, order_id: int | None = None, key_hash: str | None = None
) -> str:
    """Return a JWS. Times are Unix seconds; `exp` is when the file expires, `license_expires_at` the license.

    `key_hash` is of the key that was asked with: whoever has a replaced one must not read the new one in the file.

    Raises:
        NotFound: no such license in the running mode, not of this order, or its key was replaced meanwhile.
        AccessDenied: it was refunded, withdrawn, disputed, or has expired; with the sentence a buyer reads.
    """
    sold = _find_sold(license_id)
    if sold is None or order_id not in (None, sold.order.id):
        raise NotFound(marked("There is no such license in this order."))
    if key_hash not in (None, sold.license.key_hash):
        raise NotFound(marked("This license has another key by now."))
    now = clock.now()
    _demand_access(sold, now)
    return sign(_claims(sold, fingerprint, now), kind=KIND)


def _find_sold(license_id: int) -> SoldLicense | None:
    row = db.session.execute(
        select_sold_licenses(
            License,
            Order,
            OrderItem,
            ItemPart,
            Product,
            Edition.name.label("edition"),
            is_upgraded(OrderItem.id).label("is_upgraded"),
        )
        .join(Product, Product.id == Grant.product_id)
        .outerjoin(Price, Price.id == OrderItem.price_id)
        .outerjoin(ItemPart, part_of_grant())
        .outerjoin(Edition, Edition.id == func.coalesce(ItemPart.edition_id, Price.edition_id))
        .where(License.id == license_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    upgraded = find_upgraded(db.session(), [row.OrderItem.id] if row.is_upgraded else [])
    of_grant = upgraded.get(row.License.grant_id, NOT_UPGRADED)
    return SoldLicense(
        license=row.License,
        order=row.Order,
        item=row.OrderItem,
        part=row.ItemPart,
        product=row.Product,
        edition=of_grant.last.own_edition if of_grant.last else row.edition,
        upgraded=of_grant,
    )


def _claims(sold: SoldLicense, fingerprint: str | None, now: datetime) -> dict[str, Any]:
    return {
        "iss": settings().base_url,
        "sub": str(sold.license.id),
        "jti": str(uuid.uuid4()),
        "iat": _seconds(now),
        "exp": _seconds(_file_expires_at(sold.license, now)),
        "key": sold.license.key,
        "generation": sold.license.generation,
        "product": sold.product.first_slug,
        "product_name": sold.product.name,
        "edition": sold.edition,
        "holder": _holder(sold.order),
        "seats": widest(sold.license.seats, sold.upgraded.seats),
        "activation_limit": widest(sold.license.activation_limit, sold.upgraded.activation_limit),
        "license_expires_at": _seconds(sold.license.expires_at),
        "updates_until": _seconds(sold.updates_until),
        "fingerprint": fingerprint or None,
        "mode": sold.license.mode,
    }


def _holder(order: Order) -> dict[str, Any]:
    """Name who bought it, or who received it as a gift: of them we know no name."""
    gift = find_gift(order)
    if gift is not None:
        return {"name": None, "email": gift.email or None}
    return {"name": order.name, "email": order.email or None}


def _file_expires_at(license: License, now: datetime) -> datetime:  # noqa: A002 - the field's word
    expires_at = now + timedelta(days=FILE_DAYS)
    return min(expires_at, license.expires_at) if license.expires_at is not None else expires_at


def _seconds(moment: datetime | None) -> int | None:
    return int(moment.timestamp()) if moment else None


def _demand_access(sold: SoldLicense, now: datetime) -> None:
    facts, withdrawn_at = item_facts(sold.order, sold.item), sold.license.withdrawn_at
    refusal = license_refusal(facts, withdrawn_at=withdrawn_at, expires_at=sold.license.expires_at, now=now)
    if refusal is None:
        return
    if withdrawn_at is not None:
        raise AccessDenied(
            marked("The shop has withdrawn this license key. Please contact the shop if this is a mistake.")
        )
    if refusal is Code.EXPIRED:
        raise AccessDenied(marked("This license has expired."))
    raise AccessDenied(sentence_for_holder(sold.order, access(facts)))
