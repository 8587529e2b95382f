"""What an owner does with discounts: make one, and stop it. Terms never change: others are another discount."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core import clock
from storefront.core.db import insert_missing, transaction
from storefront.core.errors import NotFound, StorefrontError
from storefront.shop.catalog.queries import find_product_id
from storefront.shop.discounts.at_stripe import bring_up_to_date
from storefront.shop.discounts.models import Discount
from storefront.shop.discounts.queries import clean_code
from storefront.shop.discounts.typed import DiscountRefused, TypedDiscount, as_columns, read_typed
from storefront.shop.profile.row import lock_profile

NOT_AT_STRIPE_YET = "Stripe doesn't know it yet. The worker tells Stripe within a minute."


class MadeAnew(StorefrontError):
    code = "discount_made_anew"
    status = 409
    title = "This is another discount now"


def create_discount(values: Mapping[str, str], *, products: Collection[str] = (), zone: tzinfo = UTC) -> str:
    """Make a discount from what was typed (`typed.FIELDS`), times in this zone, for these products, by slug.

    No products are all of them. Returns what Stripe said where it could not be told at once; empty where all is
    well. The worker tries again.

    Raises:
        DiscountRefused: a field that cannot be, a product that is not there, or a code that is taken.
    """
    typed = read_typed(values, zone)
    with transaction() as session:
        product_ids = _read_products(session, products)
        now = clock.now()
        if typed.is_automatic:
            lock_profile(session)  # its row tells every page that there is one
        _free_ended(session, typed, now)
        row = as_columns(typed) | {"product_ids": product_ids, "created_at": now}
        if not insert_missing(session, Discount, [row]):
            raise _is_taken(typed)
        discount_id = session.scalars(
            select(Discount.id).where(Discount.code == typed.code, Discount.stopped_at.is_(None))
        ).one()
        after = {name: _as_json(value) for name, value in row.items() if name != "created_at"}
        record(session, "discount.created", subject_kind="discount", subject=typed.code, after=after)
    return _tell_stripe(discount_id)


def stop_discount(code: str, *, shown: int | None = None) -> str:
    """Let nobody use it any more, at once here and at Stripe. What was bought with it stays as it is.

    Returns what Stripe said where it could not be told at once. `shown` is the id of the one that somebody looked
    at: its code may belong to another one by now.

    Raises:
        NotFound: there is no such discount, or it was stopped before.
        MadeAnew: the one that was looked at was stopped, and another one has its code. Nothing was changed.
    """
    with transaction() as session:
        discount = session.scalars(
            select(Discount)
            .where(Discount.code == clean_code(code), Discount.stopped_at.is_(None))
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one_or_none()
        if discount is None:
            raise NotFound(f"No discount {code} runs. `storefront discounts list` shows all of them.")
        if shown is not None and discount.id != shown:
            raise MadeAnew(f"{discount.code} was stopped and made again meanwhile. Nothing was changed.")
        discount.stopped_at = clock.now()
        discount_id, stopped = discount.id, discount.code
        after = {"stopped_at": discount.stopped_at.isoformat()}
        record(session, "discount.stopped", subject_kind="discount", subject=stopped, after=after)
    return _tell_stripe(discount_id)


def _read_products(session: Session, slugs: Collection[str]) -> list[int]:
    found = {slug: find_product_id(session, slug) for slug in slugs}
    unknown = ", ".join(slug for slug, product_id in found.items() if product_id is None)
    if unknown:
        raise DiscountRefused({"products": f"There is no product {unknown}."})
    return sorted({product_id for product_id in found.values() if product_id is not None})


def _is_taken(typed: TypedDiscount) -> DiscountRefused:
    words = f"{typed.code} is a discount already. Stop that one first, or take another code."
    return DiscountRefused({"code": words})


def _free_ended(session: Session, typed: TypedDiscount, now: datetime) -> None:
    """Let a code be used again that has run out: its own discount is stopped with it."""
    ended = select(Discount).where(
        Discount.code == typed.code, Discount.stopped_at.is_(None), Discount.ends_at <= now
    )
    for discount in session.scalars(ended.with_for_update()):
        discount.stopped_at = now
    session.flush()


def _as_json(value: Any) -> Any:  # noqa: ANN401 - a column of Discount
    return value.isoformat() if isinstance(value, datetime) else value


def _tell_stripe(discount_id: int) -> str:
    """Return why Stripe could not be told; the worker does it then."""
    try:
        return bring_up_to_date(discount_id)
    except StorefrontError as error:
        return f"{NOT_AT_STRIPE_YET} ({error.message})"
