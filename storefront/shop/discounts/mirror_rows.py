"""Rows of discounts at Stripe, of the running mode and account: read, made once, stored, and retired.

A row that was switched off or lost is never used again: another one follows, with a coupon and a code of its own.
So what is still being paid with the old ones counts where it belongs, and no old answer of Stripe's counts again.
"""

import hashlib
import json
from dataclasses import dataclass

from sqlalchemy import ColumnElement, String, case, cast, func, select, update
from sqlalchemy.orm import Session, aliased

from storefront.core.db import db, insert_missing, transaction
from storefront.core.runtime import settings
from storefront.shop.catalog.mirrors import shop_id
from storefront.shop.discounts.models import USED_UP, Discount, DiscountMirror
from storefront.shop.discounts.rules import Terms
from storefront.stripe_api.gateway import gateway


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorRow:
    """A mirror as it was read, for when nothing is open."""

    id: int
    discount_id: int
    fingerprint: str
    coupon_id: str
    promotion_code_id: str | None
    is_active: bool
    attempt: int
    trouble: str
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
        discount_id=row.discount_id,
        fingerprint=row.fingerprint,
        coupon_id=row.coupon_id,
        promotion_code_id=row.promotion_code_id,
        is_active=row.is_active,
        attempt=row.attempt,
        trouble=row.trouble,
        uses=row.uses,
    )


def insert_row(terms: Terms, fingerprint: str, products: list[str]) -> MirrorRow:
    """Return the row of this fingerprint that is in use, made where there is none."""
    shop, mode, account = shop_id(), settings().mode, gateway().account_id()
    own = {"discount_id": terms.id, "mode": mode, "account": account, "fingerprint": fingerprint}
    coupon_id = f"{shop}-{mode}-{terms.id}-{fingerprint}-{hashlib.sha256(account.encode()).hexdigest()[:6]}"
    with transaction() as session:
        session.execute(select(Discount.id).where(Discount.id == terms.id).with_for_update())
        earlier = _count_of_name(session, terms.id, coupon_id)
        if earlier:  # a row that was retired, or taken over by another account, keeps its name
            coupon_id = f"{coupon_id}-{earlier + 1}"
        insert_missing(session, DiscountMirror, [own | {"products": products, "coupon_id": coupon_id}])
        row_id = session.scalars(select(DiscountMirror.id).filter_by(**own)).one()
    return read_row(row_id)


def _count_of_name(session: Session, discount_id: int, coupon_id: str) -> int:
    named = DiscountMirror.coupon_id.startswith(coupon_id, autoescape=True)
    of_discount = DiscountMirror.discount_id == discount_id
    return session.scalars(select(func.count(DiscountMirror.id)).where(of_discount, named)).one()


def store(row: MirrorRow, **values: object) -> None:
    """A row that was retired meanwhile stays as it is."""
    is_in_use = DiscountMirror.id == row.id, DiscountMirror.fingerprint == row.fingerprint
    with transaction() as session:
        session.execute(update(DiscountMirror).where(*is_in_use).values(**values))


def retire(row: MirrorRow, trouble: str = "") -> None:
    """Use a row no more. `trouble` is for the owner, until the next row is there."""
    store(row, fingerprint=f"{row.fingerprint}-{row.id}", is_active=False, trouble=trouble)


def settle(row: MirrorRow) -> None:
    """Forget the troubles of a discount that Stripe has now."""
    troubled = DiscountMirror.discount_id == row.discount_id, DiscountMirror.mode == settings().mode
    with transaction() as session:
        session.execute(update(DiscountMirror).where(*troubled, DiscountMirror.trouble != "").values(trouble=""))


def find_coupons_by_account() -> dict[str, str]:
    """Return the address at Stripe of each account's newest Coupon, the newest first."""
    in_mode = DiscountMirror.mode == settings().mode
    newest = select(func.max(DiscountMirror.id)).where(in_mode).group_by(DiscountMirror.account)
    rows = db.session.execute(
        select(DiscountMirror.account, DiscountMirror.coupon_id)
        .where(DiscountMirror.id.in_(newest))
        .order_by(DiscountMirror.id.desc())
    )
    return {row.account: f"/v1/coupons/{row.coupon_id}" for row in rows}


def take_over_rows(session: Session, old: str, new: str) -> None:
    """Give rows to another account. Of one discount those of the account whose row runs and is the newest count.

    A code is active once, so what was made last was made when the others ran no more. What Stripe said against
    those that do not run, it said of a stranger's.
    """
    twin, running = aliased(DiscountMirror), aliased(DiscountMirror)
    runs_at = (
        select(running.account)
        .where(
            running.discount_id == DiscountMirror.discount_id,
            running.mode == DiscountMirror.mode,
            running.account.in_([old, new]),
            running.is_active,
        )
        .order_by(running.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    has_twin = (
        twin.discount_id == DiscountMirror.discount_id,
        twin.mode == DiscountMirror.mode,
        twin.account == new,
        twin.fingerprint == DiscountMirror.fingerprint,
    )
    _retire_all(session, new, runs_at == old)
    _retire_all(session, old, DiscountMirror.is_active.is_(True), runs_at == new)
    _retire_all(session, old, select(twin.id).where(*has_twin).exists())
    of_old = DiscountMirror.mode == settings().mode, DiscountMirror.account == old
    is_refused = ~DiscountMirror.is_active & (DiscountMirror.trouble != USED_UP)
    session.execute(
        update(DiscountMirror)
        .where(*of_old)
        .values(account=new, trouble=case((is_refused, ""), else_=DiscountMirror.trouble))
        .execution_options(synchronize_session=False)
    )


def _retire_all(session: Session, account: str, *which: ColumnElement[bool]) -> None:
    retired = DiscountMirror.fingerprint + "-" + cast(DiscountMirror.id, String)
    session.execute(
        update(DiscountMirror)
        .where(DiscountMirror.mode == settings().mode, DiscountMirror.account == account, *which)
        .values(fingerprint=retired, is_active=False, trouble="")
        .execution_options(synchronize_session=False)
    )
