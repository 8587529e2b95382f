"""Who sees a product and may buy it: published, only by its link, back to a draft, retired."""

from collections.abc import Iterator
from enum import StrEnum

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core import clock
from storefront.core.db import transaction
from storefront.shop.catalog.models import FOR_SALE, Product, ProductState, Release, ReleaseFile
from storefront.shop.catalog.queries import lock_product, select_active_prices
from storefront.shop.editor.refusals import NotReady


class Missing(StrEnum):
    """What a product cannot be sold without."""

    TAGLINE = "tagline"
    DESCRIPTION = "description"
    GOODS = "goods"
    PRICE = "price"
    FILE = "file"


SENTENCES = {
    Missing.TAGLINE: "Write a tagline: it is what a card in the shop says.",
    Missing.DESCRIPTION: "Write a description.",
    Missing.GOODS: "Say what buyers get: a license key, files, or both.",
    Missing.PRICE: "Add an edition with a price.",
    Missing.FILE: "Upload a file and publish its release, or say that buyers get no files.",
}


def set_state(slug: str, state: ProductState) -> bool:
    """Put a product into a state. Whoever bought it keeps it in each of them. Returns False where it is in it.

    Raises:
        NotFound: no such product.
        NotReady: it is to be sold, and something is missing; its sentences say what.
    """
    with transaction() as session:
        return write_state(session, lock_product(session, slug), state)


def write_state(session: Session, product: Product, state: ProductState) -> bool:
    """Do as `set_state` does, inside the caller's transaction. The product is locked."""
    if product.state is state:
        return False
    if state in FOR_SALE:
        blockers = tuple(find_blockers(session, product))
        if blockers:
            raise NotReady(blockers)
    before = product.state
    product.state = state
    record(
        session,
        f"product.{state.value}",
        subject_kind="product",
        subject=product.slug,
        before={"state": before.value},
        after={"state": state.value},
    )
    return True


def find_blockers(session: Session, product: Product) -> Iterator[str]:
    """Return a sentence for each thing without which this product cannot be sold."""
    missing = find_missing(
        tagline=product.summary,
        description=product.description_markdown,
        grants_license=product.grants_license,
        grants_download=product.grants_download,
        has_price=session.execute(select_active_prices(product.id)).first() is not None,
        has_file=_has_published_files(session, product.id),
    )
    return (SENTENCES[thing] for thing in missing)


def find_missing(
    *, tagline: str, description: str, grants_license: bool, grants_download: bool, has_price: bool, has_file: bool
) -> Iterator[Missing]:
    """Yield what stands between a product and its sale. `has_file`: of a release that buyers get now."""
    if not tagline:
        yield Missing.TAGLINE
    if not description:
        yield Missing.DESCRIPTION
    if not (grants_license or grants_download):
        yield Missing.GOODS
    if not has_price:
        yield Missing.PRICE
    if grants_download and not has_file:
        yield Missing.FILE


def _has_published_files(session: Session, product_id: int) -> bool:
    published = exists().where(
        Release.product_id == product_id,
        Release.published_at <= clock.now(),
        Release.withdrawn_at.is_(None),
        ReleaseFile.release_id == Release.id,
    )
    return bool(session.scalar(select(published)))
