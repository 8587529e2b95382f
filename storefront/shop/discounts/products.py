"""What Stripe calls the products that a discount is for: one for each of our prices."""

from sqlalchemy import select

from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.shop.catalog.mirrors import ensure_mirrors, is_taxed_as_now
from storefront.shop.catalog.models import Edition, Price, Product, StripeMirror
from storefront.shop.catalog.queries import is_for_sale
from storefront.shop.discounts.rules import Terms
from storefront.stripe_api.gateway import gateway


def ensure_products(terms: Terms) -> None:
    """Let Stripe know what the discount is for before anybody buys it: Stripe's own form takes codes as well."""
    ensure_mirrors(find_unmirrored(terms))


def find_unmirrored(terms: Terms) -> list[int]:
    if not terms.product_ids:
        return []
    is_known = (
        select(StripeMirror.id)
        .where(
            StripeMirror.price_id == Price.id,
            StripeMirror.mode == settings().mode,
            StripeMirror.account == gateway().account_id(),
            is_taxed_as_now(),
        )
        .exists()
    )
    prices = (
        select(Price.id)
        .join(Edition, Edition.id == Price.edition_id)
        .join(Product, Product.id == Edition.product_id)
        .where(
            Product.id.in_(terms.product_ids),
            is_for_sale(),
            Price.amount_minor > 0,
            Price.least_minor.is_(None),
            ~is_known,
        )
        .order_by(Price.id)
    )
    return list(db.session.scalars(prices))


def read_products(terms: Terms) -> list[str]:
    """Return what Stripe calls the products; none for a discount on all of them."""
    if not terms.product_ids:
        return []
    account = gateway().account_id()
    known = (
        select(StripeMirror.stripe_product_id)
        .join(Price, Price.id == StripeMirror.price_id)
        .join(Edition, Edition.id == Price.edition_id)
        .where(
            Edition.product_id.in_(terms.product_ids),
            StripeMirror.mode == settings().mode,
            StripeMirror.account == account,
        )
        .distinct()
    )
    return sorted(db.session.scalars(known))
