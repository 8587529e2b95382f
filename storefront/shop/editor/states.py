"""Who sees a product and may buy it: published, only by its link, back to a draft, retired."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core import clock
from storefront.core.db import transaction
from storefront.shop.catalog.models import LISTED, WITH_PAGE, Product, ProductState
from storefront.shop.catalog.queries import lock_product, select_active_prices
from storefront.shop.editor.goods import has_published_files
from storefront.shop.editor.parts import is_bundle_product
from storefront.shop.editor.refusals import NotReady


class Missing(StrEnum):
    """What a product cannot be sold without."""

    TAGLINE = "tagline"
    DESCRIPTION = "description"
    GOODS = "goods"
    PRICE = "price"
    FILE = "file"


TO_ANNOUNCE = (Missing.TAGLINE, Missing.DESCRIPTION)  # what nobody can be told of it without
SENTENCES = {
    Missing.TAGLINE: "Write a tagline: it is what a card in the shop says.",
    Missing.DESCRIPTION: "Write a description.",
    Missing.GOODS: "Say what buyers get: a license key, files, or the products of a bundle.",
    Missing.PRICE: "Add an edition with a price.",
    Missing.FILE: "Upload a file and publish its release, or say that buyers get no files.",
}


def set_state(slug: str, state: ProductState) -> bool:
    """Put a product into a state. Whoever bought it keeps it in each of them. Returns False where it is in it.

    Raises:
        NotFound: no such product.
        NotReady: it is to be sold or announced, and something is missing; its sentences say what.
    """
    with transaction() as session:
        return write_state(session, lock_product(session, slug), state)


def write_state(session: Session, product: Product, state: ProductState) -> bool:
    """Do as `set_state` does, inside the caller's transaction. The product is locked."""
    if product.state is state:
        return False
    if state in WITH_PAGE:
        missing = missing_for(state, _find_missing_of(session, product))
        if missing:
            raise NotReady(tuple(SENTENCES[thing] for thing in missing))
    before = product.state
    product.first_listed_at = product.first_listed_at or _find_first_listing(product, state)
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


def _find_first_listing(product: Product, state: ProductState) -> datetime | None:
    """Return when a product without that date was, or is, listed first: older code lists without it."""
    if product.state in LISTED:
        return product.created_at
    return clock.now() if state in LISTED else None


def find_blockers(session: Session, product: Product) -> Iterator[str]:
    """Return a sentence for each thing without which this product cannot be sold."""
    return (SENTENCES[thing] for thing in _find_missing_of(session, product))


def missing_for(state: ProductState, missing: Iterable[Missing]) -> list[Missing]:
    """Return what of it stands in the way of this state: what is announced needs words and no price yet."""
    return [thing for thing in missing if state is not ProductState.ANNOUNCED or thing in TO_ANNOUNCE]


def _find_missing_of(session: Session, product: Product) -> Iterator[Missing]:
    return find_missing(
        tagline=product.summary,
        description=product.description_markdown,
        grants_license=product.grants_license,
        grants_download=product.grants_download,
        has_price=session.execute(select_active_prices(product.id)).first() is not None,
        has_file=bool(session.scalar(select(has_published_files(product.id)))),
        is_bundle=is_bundle_product(session, product.id),
    )


def find_missing(
    *,
    tagline: str,
    description: str,
    grants_license: bool,
    grants_download: bool,
    has_price: bool,
    has_file: bool,
    is_bundle: bool = False,
) -> Iterator[Missing]:
    """Yield what stands between a product and its sale. `has_file`: of a release that buyers get now.

    A bundle needs no goods of its own.
    """
    if not tagline:
        yield Missing.TAGLINE
    if not description:
        yield Missing.DESCRIPTION
    if not (grants_license or grants_download or is_bundle):
        yield Missing.GOODS
    if not has_price:
        yield Missing.PRICE
    if grants_download and not has_file:
        yield Missing.FILE
