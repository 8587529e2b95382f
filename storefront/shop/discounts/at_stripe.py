"""Discounts at Stripe: a Coupon and a Promotion Code while it runs, switched off when it does not.

A coupon's products are fixed, and Stripe knows a product for each of our prices. So where a product gets a new
price the discount gets another coupon, and the code moves on to it. Whoever comes second finds it done: coupons
have ids of ours, promotion codes an idempotency key.
"""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import select, update

from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.core.errors import StripeFault, StripeMissing, StripeRefused
from storefront.core.runtime import settings
from storefront.shop.catalog.mirrors import shop_id
from storefront.shop.discounts.mirror_rows import MirrorRow, fingerprint_of, insert_row, read_row, read_rows, store
from storefront.shop.discounts.models import DiscountMirror
from storefront.shop.discounts.products import ensure_products, read_products
from storefront.shop.discounts.queries import get_terms
from storefront.shop.discounts.rules import Terms, find_time_trouble
from storefront.stripe_api import discounts

MANY = 100  # products of one coupon: Stripe's documents name no limit, so more may be too many
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
        .where(DiscountMirror.discount_id == discount_id, DiscountMirror.mode == settings().mode)
        .order_by(DiscountMirror.id.desc())
    )
    return db.session.scalars(refusals).first() or "Nothing that it is for has a price yet."


def ensure_at_stripe(terms: Terms) -> AtStripe | None:
    """Return the discount at Stripe, made where it is missing. None where Stripe does not take it.

    Raises:
        StripeUnavailable: the same call may be repeated.
    """
    products = read_products(terms)
    if terms.product_ids and not products:
        return None
    fingerprint = fingerprint_of(terms, products)
    rows = read_rows(terms.id)
    row = next((row for row in rows if row.fingerprint == fingerprint), None)
    if row is not None and row.is_active:
        return AtStripe(coupon_id=row.coupon_id, promotion_code_id=row.promotion_code_id)
    _close([other for other in rows if other.is_active])
    left = None if terms.most_uses is None else terms.most_uses - sum(other.uses for other in rows)
    row = row or insert_row(terms, fingerprint, products)
    return _make(terms, row, products, left)


def _make(terms: Terms, row: MirrorRow, products: list[str], left: int | None) -> AtStripe | None:
    shop = shop_id()
    metadata = {"storefront": shop, "storefront_discount": str(terms.id)}
    coupon_id = row.coupon_id
    try:
        discounts.ensure_coupon(coupon_id, terms.code, _coupon_terms(terms, products, left), metadata=metadata)
        if not terms.has_code:
            return _keep(row, None)
        code = discounts.create_code(
            terms.code,
            coupon_id,
            minimums=terms.minimums,
            most_uses=left,
            ends_at=terms.ends_at,
            metadata=metadata,
            idempotency_key=f"discount:{coupon_id}:{row.attempt}",
        )
    except StripeFault:
        store(row.id, attempt=row.attempt + 1)  # Stripe replays a stored 500 for a day
        raise
    except StripeRefused as refused:
        return _adopt(terms, row, products, refused)
    if not code.is_active:  # an old answer for this key: the code was switched off since
        store(row.id, attempt=row.attempt + 1)
        return _make(terms, read_row(row.id), products, left)
    return _keep(row, code)


def _adopt(terms: Terms, row: MirrorRow, products: list[str], refused: StripeRefused) -> AtStripe | None:
    """Take up the code where it is ours after all, made by another or by an answer that was lost."""
    found = discounts.find_active_code(terms.code)
    if found is not None and found.coupon_id == row.coupon_id:
        return _keep(row, found)
    store(row.id, attempt=row.attempt + 1, trouble=TAKEN if found else _explain(terms, len(products), refused))
    return None


def _explain(terms: Terms, count: int, refused: StripeRefused) -> str:
    """Return Stripe's sentence, and what to do where it may be the number of products: it names no limit."""
    if count <= MANY:
        return refused.message
    return (
        f"{refused.message} {terms.code} is for {count} prices, each a product at Stripe. Stop it and tick fewer "
        "products, make several discounts, or tick none: then it is for all of them."
    )


def _keep(row: MirrorRow, code: discounts.SeenCode | None) -> AtStripe:
    code_id = code.id if code else None
    store(row.id, promotion_code_id=code_id, is_active=True, trouble="")
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
    """Switch off at Stripe what is not to be used. A code that Stripe lost is as good as off."""
    for row in rows:
        if row.is_active:
            with suppress(StripeMissing):
                _switch_off(row)
            store(row.id, is_active=False)


def _switch_off(row: MirrorRow) -> None:
    if row.promotion_code_id is None:
        discounts.close_coupon(row.coupon_id)
    else:
        discounts.close_code(row.promotion_code_id)


def forget_mirrors(discount_id: int) -> None:
    """Let the next look make it anew: Stripe knows its objects no more, or does not take them."""
    ours = DiscountMirror.discount_id == discount_id, DiscountMirror.mode == settings().mode
    with transaction() as session:
        session.execute(
            update(DiscountMirror).where(*ours).values(is_active=False, attempt=DiscountMirror.attempt + 1)
        )
