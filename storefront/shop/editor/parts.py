"""What an edition of a bundle includes: editions of other products, each named like `my-tool/personal`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core.db import transaction
from storefront.shop.catalog.models import BundlePart, Edition, Product
from storefront.shop.catalog.parts import MOST_PARTS, read_part_names
from storefront.shop.catalog.queries import find_edition, find_product_id, is_called, lock_product, select_editions
from storefront.shop.editor.editions import get_edition
from storefront.shop.editor.goods import NOTHING, sells_nothing
from storefront.shop.editor.refusals import ProductRefused
from storefront.shop.editor.stale import pick_changes

INCLUDES = "includes"


def set_parts(
    slug: str, edition: str, parts: Sequence[str], *, shown: Mapping[str, str] | None = None
) -> list[str] | None:
    """Say what an edition includes from now on, in this order; nothing for what is no bundle.

    Parts are named `slug/edition`, or by the slug alone where a product has one edition. What was sold keeps its
    parts. Returns their whole names, or None where nothing changed.

    Raises:
        NotFound: no such product or edition.
        ProductRefused: a part that is no product, the bundle itself, a bundle, or named twice; too many of them;
            none of something for sale that hands out nothing else.
        StaleSave: somebody else changed them meanwhile; nothing is changed.
    """
    with transaction() as session:
        _lock_all(session, [slug, *(part.partition("/")[0] for part in parts)])
        product = lock_product(session, slug)
        written = write_parts(session, product, get_edition(session, product, edition), parts, shown=shown)
        if written == [] and sells_nothing(session, product.id):
            raise _refused(NOTHING)
        return written


def _lock_all(session: Session, slugs: Iterable[str]) -> None:
    """Lock the bundle and its parts, in one order for everybody: nothing of them becomes a bundle meanwhile."""
    is_named = or_(*(is_called(slug) for slug in dict.fromkeys(slugs) if "\0" not in slug))
    products = select(Product.id).where(is_named).order_by(Product.id)
    session.execute(products.with_for_update(key_share=True)).all()


def _replace(session: Session, edition: Edition, parts: Sequence[tuple[Product, Edition]]) -> None:
    session.execute(delete(BundlePart).where(BundlePart.edition_id == edition.id))
    session.add_all(
        BundlePart(edition_id=edition.id, product_id=of_part.id, part_edition_id=of_edition.id, position=position)
        for position, (of_part, of_edition) in enumerate(parts, start=1)
    )
    session.flush()


def write_parts(
    session: Session,
    product: Product,
    edition: Edition,
    parts: Sequence[str],
    *,
    shown: Mapping[str, str] | None = None,
) -> list[str] | None:
    """Do as `set_parts` does, inside the caller's transaction. The product and the parts are locked."""
    current = read_part_names(session, [edition.id]).get(edition.id, [])
    named = [_find_part(session, part) for part in parts]
    wanted = [f"{of_part.slug}/{of_edition.key}" for of_part, of_edition in named]
    if not pick_changes({INCLUDES: current}, {INCLUDES: wanted}, shown):
        return None
    _check(session, product, [of_part for of_part, _edition in named])
    _replace(session, edition, named)
    subject = f"{product.slug}/{edition.key}"
    changed: dict[str, Any] = {"before": {INCLUDES: current}, "after": {INCLUDES: wanted}}
    record(session, "edition.changed", subject_kind="edition", subject=subject, **changed)
    return wanted


def _find_part(session: Session, part: str) -> tuple[Product, Edition]:
    """Raises ProductRefused."""
    slug, _, key = part.strip().partition("/")
    product_id = find_product_id(session, slug) if slug and "\0" not in part else None
    if product_id is None:
        raise _refused(f"There is no product {slug or repr(part)} to include.")
    product = session.get_one(Product, product_id)
    edition = find_edition(session, product_id, key) if key else _only_edition(session, product)
    if edition is None:
        raise _refused(f"{product.name} has no edition {key}: `storefront products show {slug}` lists them.")
    return product, edition


def _only_edition(session: Session, product: Product) -> Edition:
    """Raises ProductRefused."""
    sold = session.scalars(select_editions(product.id).where(Edition.is_active)).all()
    if len(sold) == 1:
        return sold[0]
    if not sold:
        raise _refused(f"{product.name} has no edition yet: add one.")
    names = " or ".join(f"{product.slug}/{edition.key}" for edition in sold)
    raise _refused(f"{product.name} has several editions: say {names}.")


def _check_part(session: Session, product: Product, part: Product, before: Collection[int]) -> None:
    """Raises ProductRefused. `before` are the products that the bundle has named before this one."""
    if part.id == product.id:
        raise _refused(f"{part.name} cannot include itself.")
    if part.id in before:
        raise _refused(f"{part.name} is named twice: a bundle includes one edition of each product.")
    if is_bundle_product(session, part.id):
        raise _refused(f"{part.name} is a bundle itself: name what it includes instead.")


def _check(session: Session, product: Product, parts: Sequence[Product]) -> None:
    """Raises ProductRefused."""
    if len(parts) > MOST_PARTS:
        raise _refused(f"A bundle includes at most {MOST_PARTS} products.")
    seen: set[int] = set()
    for part in parts:
        _check_part(session, product, part, seen)
        seen.add(part.id)
    bundle = _find_bundle_with(session, product.id) if parts else None
    if bundle is not None:
        raise _refused(f"{bundle} includes {product.name}, so {product.name} cannot be a bundle, too.")


def is_bundle_product(session: Session, product_id: int) -> bool:
    """Return whether one of its editions includes something."""
    includes = exists().where(BundlePart.edition_id == Edition.id, Edition.product_id == product_id)
    return bool(session.scalar(select(includes)))


def _find_bundle_with(session: Session, product_id: int) -> str | None:
    """Return the name of a bundle that includes this product."""
    return session.scalar(
        select(Product.name)
        .join(Edition, Edition.product_id == Product.id)
        .join(BundlePart, BundlePart.edition_id == Edition.id)
        .where(BundlePart.product_id == product_id)
        .limit(1)
    )


def _refused(sentence: str) -> ProductRefused:
    return ProductRefused({INCLUDES: sentence})
