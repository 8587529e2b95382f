"""Discounts at Stripe: a Coupon and a Promotion Code while it runs, switched off when it does not.

A coupon's products are fixed, and Stripe knows a product for each of our prices. So where a product gets a new
price the discount gets another coupon, and the code moves on to it. Whoever comes second finds it done: coupons
have ids of ours, promotion codes an idempotency key.
"""

import logging
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import select

from storefront.core import clock
from storefront.core.db import db
from storefront.core.errors import StripeFault, StripeMissing, StripeRefused
from storefront.core.runtime import settings
from storefront.shop.catalog.mirrors import shop_id
from storefront.shop.discounts.mirror_rows import (
    MirrorRow,
    fingerprint_of,
    insert_row,
    read_row,
    read_rows,
    retire,
    settle,
    store,
)
from storefront.shop.discounts.models import CLOSING, OFF_AT_STRIPE, USED_UP, DiscountMirror
from storefront.shop.discounts.products import ensure_products, read_products
from storefront.shop.discounts.queries import get_terms
from storefront.shop.discounts.rules import Terms, find_time_trouble
from storefront.stripe_api import discounts

log = logging.getLogger(__name__)

MANY = 100  # products of one coupon: Stripe's documents name no limit, so more may be too many
MOST_DEAD = 5  # tries for one call; the next goes on from there
LOST = "Stripe has lost it, or it was deleted there. The shop makes it anew within a minute."
TAKEN = "Stripe has this code already, from somewhere else. Switch it off there, or stop this discount."


@dataclass(frozen=True, slots=True, kw_only=True)
class AtStripe:
    """What a Session is made with."""

    coupon_id: str
    promotion_code_id: str | None


def bring_up_to_date(discount_id: int) -> str:
    """Make a discount at Stripe what it is here: usable, or switched off. Returns why Stripe does not take it.

    Raises:
        StripeUnavailable, StripeRefused: the same call may be repeated.
    """
    terms = get_terms(discount_id)
    if find_time_trouble(terms, clock.now()) is not None:
        _close(read_rows(discount_id))
        return ""
    ensure_products(terms)
    return "" if ensure_at_stripe(terms) else _find_refusal(discount_id)


def _find_refusal(discount_id: int) -> str:
    refusals = (
        select(DiscountMirror.trouble)
        .where(
            DiscountMirror.discount_id == discount_id,
            DiscountMirror.mode == settings().mode,
            DiscountMirror.trouble != "",
        )
        .order_by(DiscountMirror.id.desc())
    )
    return db.session.scalars(refusals).first() or "Nothing that it is for has a price yet."


def ensure_at_stripe(terms: Terms) -> AtStripe | None:
    """Return the discount at Stripe, made where it is missing. None where Stripe does not take it.

    Raises:
        StripeUnavailable: the same call may be repeated.
    """
    rows = read_rows(terms.id)  # before the products: of rows of newer ones nothing may be closed for older ones
    products = read_products(terms)
    if terms.product_ids and not products:
        return None
    fingerprint = fingerprint_of(terms, products)
    row = next((row for row in rows if row.fingerprint == fingerprint), None)
    if row is not None and row.is_active:
        return _as_at_stripe(row)
    if _is_left_off(rows):
        return None
    left = _count_left(terms, rows)
    _close(rows)
    if row is not None:
        _leave_old(row)
    row = insert_row(terms, fingerprint, products)
    if row.is_active:  # another caller was here meanwhile
        return _as_at_stripe(row)
    if left is not None and left < 1:
        store(row, trouble=USED_UP)
        return None
    return _make(terms, row, products, left)


def _leave_old(row: MirrorRow) -> None:
    """Retire what an older version switched off and left: Stripe may answer with that code again."""
    if row.promotion_code_id is not None:
        retire(row)


def _is_left_off(rows: Collection[MirrorRow]) -> bool:
    """Ask Stripe, and say whether somebody switched the code off there: other products do not switch it on."""
    running = [row for row in rows if row.is_active]
    for row in running:
        _look_at(row)
    return any(read_row(row.id).trouble == OFF_AT_STRIPE for row in running)


def _as_at_stripe(row: MirrorRow) -> AtStripe:
    return AtStripe(coupon_id=row.coupon_id, promotion_code_id=row.promotion_code_id)


def _count_left(terms: Terms, rows: Collection[MirrorRow]) -> int | None:
    """Return the uses that are left, also by Stripe's count: what is paid may not be an order yet."""
    if terms.most_uses is None:
        return None
    return terms.most_uses - sum(max(row.uses, _count_at_stripe(row)) for row in rows)


def _count_at_stripe(row: MirrorRow) -> int:
    seen = discounts.find_at_stripe(row.promotion_code_id, row.coupon_id)
    return 0 if seen is None else seen.times_redeemed


def _make(terms: Terms, row: MirrorRow, products: list[str], left: int | None) -> AtStripe | None:
    """Make what this row is for, or what the next one is for where Stripe has a dead one under its names."""
    for _ in range(MOST_DEAD):
        try:
            made = _create(terms, row, products, left)
        except StripeFault:
            store(row, attempt=row.attempt + 1)  # Stripe replays a stored 500 for a day
            raise
        except StripeRefused as refused:
            kept, goes_on = _take_refusal(terms, row, len(products), refused)
            if not goes_on:
                return kept
            row = read_row(row.id)
            continue
        if made is not None:
            return _keep(row, made.promotion_code_id)
        retire(row, LOST)
        row = insert_row(terms, row.fingerprint, products)
    return None


def _take_refusal(
    terms: Terms, row: MirrorRow, count: int, refused: StripeRefused
) -> tuple[AtStripe | None, bool]:
    """Return what is there in spite of it, and whether to try again: a code that was left over is off now."""
    found = discounts.find_active_code(terms.code) if terms.has_code else None
    if found is None:
        store(row, attempt=row.attempt + 1, trouble=_explain(terms, count, refused))
        return None, False
    if found.coupon_id == row.coupon_id:
        return _keep(row, found.id), False  # made by another, or by an answer that was lost
    if _is_running(terms, found):
        store(row, attempt=row.attempt + 1)  # Stripe replays a stored no for a day
        return None, False  # another caller knows of other products; the next look says whose are newer
    store(row, attempt=row.attempt + 1, trouble=TAKEN)
    return None, _close_left_over(terms, found)


def _create(terms: Terms, row: MirrorRow, products: list[str], left: int | None) -> AtStripe | None:
    """Return None where what was made for this row is not to be used any more."""
    coupon_id = row.coupon_id
    metadata = {"storefront": shop_id(), "storefront_discount": str(terms.id)}
    coupon = _coupon_terms(terms, products, left)
    if not discounts.ensure_coupon(coupon_id, terms.code, coupon, metadata=metadata):
        return None
    if not terms.has_code:
        return AtStripe(coupon_id=coupon_id, promotion_code_id=None)
    code = discounts.create_code(
        terms.code,
        coupon_id,
        minimums=terms.minimums,
        most_uses=left,
        ends_at=terms.ends_at,
        metadata=metadata,
        idempotency_key=f"discount:{coupon_id}:{row.attempt}",
    )
    return AtStripe(coupon_id=coupon_id, promotion_code_id=code.id) if code.is_active else None


def _is_running(terms: Terms, found: discounts.SeenCode) -> bool:
    return found.coupon_id in {row.coupon_id for row in read_rows(terms.id) if row.is_active}


def _close_left_over(terms: Terms, found: discounts.SeenCode) -> bool:
    """Switch off a code of an earlier row of this discount, which another caller left or whose id was lost."""
    is_ours = found.coupon_id in {row.coupon_id for row in read_rows(terms.id)}
    if is_ours:
        discounts.close_code(found.id)
    return is_ours


def _explain(terms: Terms, count: int, refused: StripeRefused) -> str:
    """Return Stripe's sentence, and what to do where it may be the number of products: it names no limit."""
    if count <= MANY:
        return refused.message
    return (
        f"{refused.message} {terms.code} is for {count} prices, each a product at Stripe. Stop it and tick fewer "
        "products, make several discounts, or tick none: then it is for all of them."
    )


def _keep(row: MirrorRow, code_id: str | None) -> AtStripe:
    store(row, promotion_code_id=code_id, is_active=True)
    settle(row)
    return AtStripe(coupon_id=row.coupon_id, promotion_code_id=code_id)


def _coupon_terms(terms: Terms, products: list[str], left: int | None) -> discounts.CouponTerms:
    """The shop knows who has bought before, Stripe's form does not. So for first purchases there is no code that
    could be typed there, and for promotions there is none at all. The coupon has the limits that a code has
    otherwise.
    """
    percent = None if terms.percent_hundredths is None else terms.percent_hundredths / 100
    limits = (None, None) if terms.has_code else (left, terms.ends_at)
    return discounts.CouponTerms(
        percent=percent, amounts=terms.amounts, products=products, most_uses=limits[0], ends_at=limits[1]
    )


def _close(rows: Collection[MirrorRow]) -> None:
    """Switch off at Stripe what is not to be used, for good. A code that Stripe lost is as good as off."""
    for row in rows:
        if row.is_active:
            store(row, trouble=CLOSING)  # who is cut off now was the shop, and nobody at Stripe
            with suppress(StripeMissing):
                _switch_off(row)
            retire(row)


def _switch_off(row: MirrorRow) -> None:
    if row.promotion_code_id is None:
        discounts.close_coupon(row.coupon_id)
    else:
        discounts.close_code(row.promotion_code_id)


def look_again(discount_id: int) -> None:
    """Ask Stripe whether what runs can be used there. What was lost is made anew by the next look.

    Not what was used up there: whatever our count is, it may be used no more. Nor a code that was switched off
    there: somebody wanted that, and may switch it on again.

    Raises:
        StripeUnavailable, StripeRefused: the same call may be repeated.
    """
    for row in read_rows(discount_id):
        if row.is_active:
            _look_at(row)


def _look_at(row: MirrorRow) -> None:
    seen = discounts.find_at_stripe(row.promotion_code_id, row.coupon_id)
    if seen is None or not (seen.is_active or seen.is_used_up or _is_switched_off(row)):
        log.warning("discount lost at stripe", extra={"discount": row.discount_id})
        retire(row, LOST)
        return
    trouble = USED_UP if seen.is_used_up else "" if seen.is_active else OFF_AT_STRIPE
    if row.trouble != trouble:
        store(row, trouble=trouble)


def _is_switched_off(row: MirrorRow) -> bool:
    """Say whether somebody switched the code off. One without its Coupon is lost, and one may be our own doing."""
    if read_row(row.id).trouble == CLOSING:  # read after Stripe was asked: it is noted before it is done
        return False
    return row.promotion_code_id is not None and discounts.find_at_stripe(None, row.coupon_id) is not None
