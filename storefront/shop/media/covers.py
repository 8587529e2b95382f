"""What stands small beside the names of products that somebody bought."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from storefront.core.db import db
from storefront.shop.catalog.models import Product
from storefront.shop.media.drawn_cover import SHOWN
from storefront.shop.media.models import Picture, ProductPicture
from storefront.shop.media.queries import PictureView, picture_columns, view_of_row


@dataclass(frozen=True, slots=True)
class Cover:
    """`pictures` holds the first picture of a product, or nothing: then its cover is drawn, at its `slug`."""

    slug: str
    pictures: tuple[PictureView, ...]


def find_covers(product_ids: Iterable[int | None]) -> dict[int, Cover]:
    """Return the cover of each of these products that buyers may see, by one statement; None is no product."""
    wanted = {product_id for product_id in product_ids if product_id is not None}
    if not wanted:
        return {}
    rows = db.session.execute(
        select(Product.id.label("product_id"), Product.slug, *picture_columns())
        .outerjoin(ProductPicture, ProductPicture.product_id == Product.id)
        .outerjoin(Picture, Picture.id == ProductPicture.picture_id)
        .where(Product.id.in_(wanted), Product.state.in_(SHOWN))
        .order_by(Product.id, ProductPicture.position, ProductPicture.id)
    )
    covers: dict[int, Cover] = {}
    for row in rows:
        pictures = (view_of_row(row, position=1),) if row.id is not None else ()
        covers.setdefault(row.product_id, Cover(row.slug, pictures))
    return covers
