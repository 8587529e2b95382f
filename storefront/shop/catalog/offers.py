"""One price as a cart needs it: what it sells, for how much, and whether it is for sale."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from storefront.core.db import db
from storefront.shop.catalog.models import FOR_SALE, Edition, Price, Product


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """`is_for_sale` is False when the price or its product was withdrawn."""

    price_id: int
    product_name: str
    slug: str
    cover: str | None
    edition_id: int
    edition: str
    amount_minor: int
    currency: str
    is_for_sale: bool


def find_offers(price_ids: Iterable[int]) -> dict[int, Offer]:
    """Return offers by price id, also withdrawn ones; ids that do not exist are left out."""
    wanted = list(price_ids)
    if not wanted:
        return {}
    rows = db.session.execute(
        select(Price, Edition, Product)
        .join(Edition, Edition.id == Price.edition_id)
        .join(Product, Product.id == Edition.product_id)
        .where(Price.id.in_(wanted))
    )
    return {price.id: _offer(price, edition, product) for price, edition, product in rows}


def _offer(price: Price, edition: Edition, product: Product) -> Offer:
    return Offer(
        price_id=price.id,
        product_name=product.name,
        slug=product.slug,
        cover=product.cover,
        edition_id=edition.id,
        edition=edition.name,
        amount_minor=price.amount_minor,
        currency=price.currency,
        is_for_sale=price.is_active and edition.is_active and product.state in FOR_SALE,
    )
