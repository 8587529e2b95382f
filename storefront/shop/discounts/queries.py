"""Finds discounts by what people type, with how often they were used in the running mode."""

from datetime import datetime

from sqlalchemy import Select, exists, func, select

from storefront.core.db import db
from storefront.core.errors import NotFound
from storefront.core.runtime import settings
from storefront.shop.discounts.models import OFF_AT_STRIPE, USED_UP, Discount, DiscountMirror, is_promotion
from storefront.shop.discounts.rules import Terms

LONGEST_CODE = 50


def clean_code(text: str) -> str:
    """Return a code as it is stored, or nothing for what cannot be one: that costs no question."""
    code = text.strip().upper()
    is_possible = code.isascii() and len(code) <= LONGEST_CODE and code.replace("-", "").isalnum()
    return code if is_possible else ""


def find_terms(code: str) -> Terms | None:
    """Find the discount of a code, whatever its case: the one that runs, or else the last that did."""
    wanted = clean_code(code)
    if not wanted:
        return None
    newest = Discount.stopped_at.is_not(None), Discount.id.desc()
    row = db.session.execute(_select().where(Discount.code == wanted).order_by(*newest).limit(1)).first()
    return None if row is None else _terms(*row)


def get_terms(discount_id: int) -> Terms:
    """Raises NotFound."""
    row = db.session.execute(_select().where(Discount.id == discount_id)).first()
    if row is None:
        raise NotFound("There is no such discount.")
    return _terms(*row)


def list_terms() -> list[Terms]:
    """Return every discount, newest first."""
    return [_terms(*row) for row in db.session.execute(_select().order_by(Discount.id.desc()))]


def has_discounts() -> bool:
    """Tell whether any runs or is to."""
    return db.session.scalar(select(Discount.id).where(Discount.stopped_at.is_(None)).limit(1)) is not None


def list_promotions(now: datetime) -> list[Terms]:
    """Return those that apply by themselves, running or to come, in the order in which they begin.

    Their uses are not counted, since none has a limit of them: each sale would be a change of every page.
    """
    found = select(Discount).where(*is_promotion(), Discount.ends_at > now)
    ordered = found.order_by(Discount.starts_at, Discount.id).execution_options(populate_existing=True)
    return [_terms(row, uses=0) for row in db.session.scalars(ordered)]


def _select() -> Select[Discount, int, bool, bool]:
    uses = (
        select(func.coalesce(func.sum(DiscountMirror.uses), 0))
        .where(DiscountMirror.discount_id == Discount.id, DiscountMirror.mode == settings().mode)
        .scalar_subquery()
    )
    is_off = exists().where(
        DiscountMirror.discount_id == Discount.id,
        DiscountMirror.mode == settings().mode,
        DiscountMirror.is_active,
        DiscountMirror.trouble == OFF_AT_STRIPE,
    )
    is_used_up = exists().where(
        DiscountMirror.discount_id == Discount.id,
        DiscountMirror.mode == settings().mode,
        DiscountMirror.trouble == USED_UP,
    )
    return select(Discount, uses, is_off, is_used_up).execution_options(populate_existing=True)


def _terms(row: Discount, uses: int, is_off_at_stripe: bool = False, is_used_up_at_stripe: bool = False) -> Terms:
    return Terms(
        id=row.id,
        code=row.code,
        percent_hundredths=row.percent_hundredths,
        amounts=row.amounts,
        product_ids=tuple(row.product_ids),
        minimums=row.minimums,
        is_first_purchase=row.is_first_purchase,
        is_automatic=row.is_automatic,
        most_uses=row.most_uses,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        stopped_at=row.stopped_at,
        uses=int(uses),
        is_off_at_stripe=is_off_at_stripe,
        is_used_up_at_stripe=is_used_up_at_stripe,
    )
