"""Rows of discounts at Stripe, of the running mode and account: read, made once, and stored."""

import hashlib
import json
from dataclasses import dataclass

from sqlalchemy import select, update

from storefront.core.db import db, insert_missing, transaction
from storefront.core.runtime import settings
from storefront.shop.catalog.mirrors import shop_id
from storefront.shop.discounts.models import DiscountMirror
from storefront.shop.discounts.rules import Terms
from storefront.stripe_api.gateway import gateway


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorRow:
    """A mirror as it was read, for when nothing is open."""

    id: int
    fingerprint: str
    coupon_id: str
    promotion_code_id: str | None
    is_active: bool
    attempt: int
    uses: int


def fingerprint_of(terms: Terms, products: list[str]) -> str:
    """Tell terms and products apart, also from those of a database that was put back to an earlier day."""
    said = [terms.code, terms.percent_hundredths, dict(terms.amounts), dict(terms.minimums), terms.most_uses]
    if terms.is_first_purchase:
        said.append("first purchase")
    if terms.is_automatic:
        said.append("automatic")
    times = [terms.starts_at.isoformat(), terms.ends_at and terms.ends_at.isoformat()]
    return hashlib.sha256(json.dumps([said, times, products], sort_keys=True).encode()).hexdigest()[:16]


def read_rows(discount_id: int) -> list[MirrorRow]:
    account = gateway().account_id()
    rows = db.session.scalars(
        select(DiscountMirror)
        .where(
            DiscountMirror.discount_id == discount_id,
            DiscountMirror.mode == settings().mode,
            DiscountMirror.account == account,
        )
        .order_by(DiscountMirror.id)
        .execution_options(populate_existing=True)
    )
    return [_row(row) for row in rows]


def read_row(row_id: int) -> MirrorRow:
    row = select(DiscountMirror).where(DiscountMirror.id == row_id).execution_options(populate_existing=True)
    return _row(db.session.scalars(row).one())


def _row(row: DiscountMirror) -> MirrorRow:
    return MirrorRow(
        id=row.id,
        fingerprint=row.fingerprint,
        coupon_id=row.coupon_id,
        promotion_code_id=row.promotion_code_id,
        is_active=row.is_active,
        attempt=row.attempt,
        uses=row.uses,
    )


def insert_row(terms: Terms, fingerprint: str, products: list[str]) -> MirrorRow:
    shop, mode, account = shop_id(), settings().mode, gateway().account_id()
    own = {"discount_id": terms.id, "mode": mode, "account": account, "fingerprint": fingerprint}
    coupon_id = f"{shop}-{mode}-{terms.id}-{fingerprint}-{hashlib.sha256(account.encode()).hexdigest()[:6]}"
    with transaction() as session:
        insert_missing(session, DiscountMirror, [own | {"products": products, "coupon_id": coupon_id}])
        row_id = session.scalars(select(DiscountMirror.id).filter_by(**own)).one()
    return read_row(row_id)


def store(row_id: int, **values: object) -> None:
    with transaction() as session:
        session.execute(update(DiscountMirror).where(DiscountMirror.id == row_id).values(**values))
