"""What of the catalog may be given for free, by the names that commands know it by."""

from dataclasses import dataclass

from sqlalchemy import select

from storefront.core.db import db
from storefront.shop.catalog.mirror_names import name_at_stripe
from storefront.shop.catalog.models import Edition, Product


@dataclass(frozen=True, slots=True)
class Giveable:
    """`name` is `slug/edition`."""

    name: str
    words: str


def list_giveable() -> list[Giveable]:
    """Return every edition that is switched on, of products in whatever state. One statement."""
    rows = db.session.execute(
        select(Product.slug, Product.name, Edition.key, Edition.name.label("edition"))
        .join(Edition, Edition.product_id == Product.id)
        .where(Edition.is_active)
        .order_by(Product.position, Product.id, Edition.position, Edition.id)
    )
    return [Giveable(f"{row.slug}/{row.key}", name_at_stripe(row.name, row.edition)) for row in rows]
