"""What the editor offers to include in a bundle: editions of the other products that are no bundles."""

from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import aliased

from storefront.core.db import db
from storefront.shop.catalog.models import BundlePart, Edition, Product


@dataclass(frozen=True, slots=True, kw_only=True)
class PossibleProduct:
    """`editions` are names by how a form sends them: `my-tool/personal`."""

    name: str
    editions: dict[str, str]


def list_possible_parts(product_id: int) -> tuple[PossibleProduct, ...]:
    """Return what an edition of this product may include, in the owner's order. One statement."""
    of_bundle = aliased(Edition)
    is_bundle = exists().where(BundlePart.edition_id == of_bundle.id, of_bundle.product_id == Product.id)
    rows = db.session.execute(
        select(Product.slug, Product.name, Edition.key, Edition.name.label("edition"))
        .join(Edition, Edition.product_id == Product.id)
        .where(Product.id != product_id, ~is_bundle)
        .order_by(Product.position, Product.id, Edition.position, Edition.id)
    )
    products: dict[str, PossibleProduct] = {}
    for row in rows:
        product = products.setdefault(row.slug, PossibleProduct(name=row.name, editions={}))
        product.editions[f"{row.slug}/{row.key}"] = row.edition
    return tuple(products.values())
