"""Names at Stripe follow ours: its form, receipts and Payment Links show them."""

import logging
from typing import Any

from sqlalchemy import Row, Select, select, update

from storefront.core.db import transaction
from storefront.core.errors import StripeMissing, StripeRefused
from storefront.shop.catalog.models import Edition, Price, Product, StripeMirror
from storefront.stripe_api.gateway import gateway
from storefront.stripe_api.refusals import NOT_PERMITTED
from storefront.stripe_api.refused_lately import RefusedLately

log = logging.getLogger(__name__)

NOT_ALLOWED = RefusedLately("new names")


def name_at_stripe(product: str, edition: str, *, is_upgrade: bool = False) -> str:
    """Return what Stripe shows: it has a product for each of our prices, and never shows a price's name."""
    if is_upgrade:
        return f"{product} (upgrade to {edition})"
    return f"{product} ({edition})" if edition else product


def select_names() -> Select[*tuple[Any, ...]]:
    """Select mirrors with the names that Stripe was told and ours of now, to be narrowed by the caller."""
    return (
        select(
            StripeMirror.id,
            StripeMirror.account,
            StripeMirror.price_id,
            StripeMirror.stripe_price_id,
            StripeMirror.stripe_product_id,
            StripeMirror.name,
            Product.name.label("product"),
            Edition.name.label("edition"),
            Price.upgrades_from_id,
        )
        .join(Price, Price.id == StripeMirror.price_id)
        .join(Edition, Edition.id == Price.edition_id)
        .join(Product, Product.id == Edition.product_id)
        .order_by(StripeMirror.id)
    )


def is_told(row: Row[*tuple[Any, ...]]) -> bool:
    return bool(row.name == _name_of(row))


def _name_of(row: Row[*tuple[Any, ...]]) -> str:
    return name_at_stripe(row.product, row.edition, is_upgrade=row.upgrades_from_id is not None)


def follow_name(row: Row[*tuple[Any, ...]], *, is_needed: bool = True) -> bool:
    """Tell Stripe the name of one mirror if it changed. No transaction is open. Returns whether it was told.

    A key that may not do it stops no sale: the old name is shown, and for a while it is not tried again.

    Raises:
        StripeMissing: Stripe has lost the product, and it `is_needed` now.
        StripeUnavailable: no answer; it may be asked again.
    """
    if is_told(row) or NOT_ALLOWED.is_remembered():
        return False
    name = _name_of(row)
    try:
        gateway().rename_product(row.stripe_product_id, name)
    except StripeMissing:
        if is_needed:
            raise
    except StripeRefused as error:
        log.warning("stripe refused a new name", extra={"mirror": row.id})
        if error.stripe_code == NOT_PERMITTED:
            NOT_ALLOWED.note()
        return False
    with transaction() as session:
        told = update(StripeMirror).where(
            StripeMirror.id == row.id, StripeMirror.name.is_not_distinct_from(row.name)
        )
        if session.scalar(told.values(name=name).returning(StripeMirror.id)) is None:
            # Somebody told another name meanwhile, and nobody knows which came last: the next look tells it again.
            session.execute(update(StripeMirror).where(StripeMirror.id == row.id).values(name=None))
    return True
