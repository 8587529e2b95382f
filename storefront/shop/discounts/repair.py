"""Brings to Stripe what is not there as it is here: what begins, what ends, and what Stripe was away for."""

import logging

from sqlalchemy import select

from storefront.core import clock
from storefront.core.db import db
from storefront.core.errors import StorefrontError
from storefront.core.runtime import settings
from storefront.shop.discounts.at_stripe import bring_up_to_date, look_again
from storefront.shop.discounts.mirror_rows import MirrorRow, fingerprint_of, read_rows
from storefront.shop.discounts.models import OFF_AT_STRIPE, USED_UP, Discount, DiscountMirror
from storefront.shop.discounts.products import find_unmirrored, read_products
from storefront.shop.discounts.queries import get_terms
from storefront.shop.discounts.rules import find_time_trouble
from storefront.stripe_api.gateway import gateway

log = logging.getLogger(__name__)


def repair() -> int:
    """Bring every discount to Stripe that is not there as it is here. Safe to repeat.

    Returns how many Stripe was asked about.
    """
    waiting = _find_waiting()
    for discount_id in waiting:
        try:
            bring_up_to_date(discount_id)
        except StorefrontError as error:
            log.warning("discount not brought to stripe", extra={"discount": discount_id, "why": error.code})
    return len(waiting)


def look_at_all() -> None:
    """Find what cannot be used at Stripe any more though nobody here has stopped it. Asks about each that runs."""
    is_there = DiscountMirror.is_active, DiscountMirror.mode == settings().mode
    for discount_id in db.session.scalars(select(DiscountMirror.discount_id).where(*is_there).distinct()).all():
        try:
            look_again(discount_id)
        except StorefrontError as error:
            log.warning("discount not looked at", extra={"discount": discount_id, "why": error.code})


def _find_waiting() -> list[int]:
    """Find what runs and is not there with its products of today, and what is there and runs no more."""
    if db.session.scalar(select(Discount.id).limit(1)) is None:
        return []
    account = gateway().account_id()
    is_endless, is_still = Discount.ends_at.is_(None), Discount.ends_at > clock.now()
    rows = db.session.execute(
        select(Discount.id, DiscountMirror.id)
        .outerjoin(
            DiscountMirror,
            (DiscountMirror.discount_id == Discount.id)
            & (DiscountMirror.mode == settings().mode)
            & (DiscountMirror.account == account)
            & DiscountMirror.is_active,
        )
        .where(DiscountMirror.id.is_not(None) | Discount.stopped_at.is_(None) & (is_endless | is_still))
    ).all()
    return [row[0] for row in rows if _is_waiting(row[0], is_there=row[1] is not None)]


def _is_over(row: MirrorRow) -> bool:
    """Say whether Stripe gives it to nobody: who looks once an hour finds what was switched on again."""
    return row.trouble == USED_UP or (row.is_active and row.trouble == OFF_AT_STRIPE)


def _is_waiting(discount_id: int, *, is_there: bool) -> bool:
    terms = get_terms(discount_id)
    if find_time_trouble(terms, clock.now()) is not None:
        return is_there
    rows = read_rows(discount_id)
    if any(map(_is_over, rows)):
        return False
    if not is_there:
        return True
    products = read_products(terms)
    known = {row.fingerprint for row in rows if row.is_active}
    return fingerprint_of(terms, products) not in known or bool(find_unmirrored(terms))
