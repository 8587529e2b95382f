"""What an owner should know of the parts of bundles: that one hands out nothing, or is not sold by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session, aliased

from storefront.shop.catalog.models import FOR_SALE, BundlePart, Edition, Product, ProductState
from storefront.shop.editor.goods import has_published_files

STATES = {ProductState.DRAFT: "is a draft", ProductState.RETIRED: "is retired"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartTrouble:
    """`is_empty`: a buyer gets nothing of this part. Else it is only good to know."""

    bundle: str
    edition_key: str
    is_for_sale: bool
    is_empty: bool
    sentence: str


def find_part_troubles(session: Session, product_id: int | None = None) -> list[PartTrouble]:
    """Return what is to say of the parts of one bundle, or of all of them. One statement."""
    part, of_part = aliased(Product), aliased(Edition)
    rows = (
        select(
            Product.name.label("bundle"),
            Product.state.label("bundle_state"),
            Edition.key.label("edition_key"),
            Edition.is_active,
            part.name,
            part.state,
            part.grants_license,
            part.grants_download,
            has_published_files(part.id).label("has_files"),
        )
        .join(Edition, Edition.product_id == Product.id)
        .join(BundlePart, BundlePart.edition_id == Edition.id)
        .join(of_part, of_part.id == BundlePart.part_edition_id)
        .join(part, part.id == of_part.product_id)
        .order_by(Product.position, Product.id, Edition.position, Edition.id, BundlePart.position)
    )
    if product_id is not None:
        rows = rows.where(Product.id == product_id)
    return [trouble for row in session.execute(rows) for trouble in _of_part(row)]


def _of_part(row: Row[*tuple[Any, ...]]) -> Iterator[PartTrouble]:
    for is_empty, sentence in ((True, _find_lack(row)), (False, _find_state(row))):
        if sentence:
            yield PartTrouble(
                bundle=row.bundle,
                edition_key=row.edition_key,
                is_for_sale=row.bundle_state in FOR_SALE and row.is_active,
                is_empty=is_empty,
                sentence=sentence,
            )


def _find_state(row: Row[*tuple[Any, ...]]) -> str:
    words = STATES.get(row.state)
    return f"{row.name} {words}: buyers of the bundle get it all the same." if words else ""


def _find_lack(row: Row[*tuple[Any, ...]]) -> str:
    if not (row.grants_license or row.grants_download):
        return f"{row.name} hands out nothing: say that its buyers get a license key or files."
    if row.grants_download and not row.has_files:
        return f"{row.name} has no files yet: upload one and publish its release."
    return ""
