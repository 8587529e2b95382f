"""The order of products in the shop: one product goes to another place, the others stay as they are."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core.db import transaction
from storefront.shop.catalog.models import Product
from storefront.shop.catalog.queries import get_product_id
from storefront.shop.editor.places import check_order
from storefront.shop.editor.refusals import ProductRefused


class Place(NamedTuple):
    product_id: int
    position: int  # as stored: two may have the same one, and then the older product stands first
    slug: str
    name: str


# From the other products in their order, and the place where it stands, to the place where it goes, from 0.
Target = Callable[[Sequence[int], int], int]


def move_product(slug: str, position: int, *, shown: str | None = None) -> bool:
    """Show a product at another place: 1 is the first, and beyond the end is the end. Returns False where it is.

    `shown` is a digest of the order that a page showed, of slugs.

    Raises:
        NotFound: no such product.
        ProductRefused: there is no such place.
        StaleOrder: somebody else changed the order meanwhile.
    """
    if position < 1:
        raise ProductRefused({"position": "Places count from 1, which is the first product of the shop."})
    with transaction() as session:
        product_id = get_product_id(session, slug)
        return _move(session, product_id, lambda others, _place: min(position - 1, len(others)), shown)


def move_product_by(slug: str, steps: int, *, shown: str | None = None) -> bool:
    """Show it so many places later, or earlier for a negative number. Returns False at the end of the list.

    Raises:
        NotFound: no such product.
        StaleOrder: as for `move_product`.
    """
    with transaction() as session:
        product_id = get_product_id(session, slug)
        return _move(session, product_id, lambda others, place: min(len(others), max(0, place + steps)), shown)


def move_product_beside(slug: str, other: str, *, is_after: bool) -> bool:
    """Show it right before another product, or right after it. Returns False where it stands there.

    Raises:
        NotFound: one of them is no product.
        ProductRefused: it is the same one.
    """
    with transaction() as session:
        product_id, other_id = get_product_id(session, slug), get_product_id(session, other)
        if product_id == other_id:
            raise ProductRefused({"position": "A product cannot stand beside itself: name another one."})
        return _move(session, product_id, lambda others, _place: others.index(other_id) + is_after)


def _move(session: Session, product_id: int, target: Target, shown: str | None = None) -> bool:
    places = _lock_all(session)
    ordered = [place.product_id for place in places]
    before = ordered.index(product_id)
    ordered.remove(product_id)
    after = target(ordered, before)
    if after == before:
        return False
    slugs = [place.slug for place in places]
    check_order(slugs, shown, what=places[before].name, key=slugs[before], position=after + 1)
    ordered.insert(after, product_id)
    _number(session, places, ordered)
    record(
        session,
        "product.moved",
        subject_kind="product",
        subject=places[before].slug,
        before={"position": before + 1},
        after={"position": after + 1},
    )
    return True


def _lock_all(session: Session) -> list[Place]:
    """Return every product in the owner's order; whoever moves another one waits."""
    rows = session.execute(
        select(Product.id, Product.position, Product.slug, Product.name)
        .order_by(Product.id)  # so that two who lock all do not wait for each other
        .with_for_update(key_share=True)
    )
    places = [Place(*row) for row in rows]
    return sorted(places, key=lambda place: (place.position, place.product_id))


def _number(session: Session, places: list[Place], ordered: list[int]) -> None:
    stored = {place.product_id: place.position for place in places}
    for position, product_id in sorted(enumerate(ordered), key=lambda pair: pair[1]):
        if stored[product_id] != position:
            session.execute(update(Product).where(Product.id == product_id).values(position=position))


def order_products(session: Session, slugs: Sequence[str]) -> bool:
    """Show these products first, in this order, inside the caller's transaction. Returns False where they are.

    The others come after them as they were. Slugs that no product has are passed over.
    """
    places = _lock_all(session)
    wanted = {slug: number for number, slug in enumerate(slugs)}
    ordered = sorted(places, key=lambda place: wanted.get(place.slug, len(wanted)))
    _number(session, places, [place.product_id for place in ordered])
    if ordered == places:
        return False
    record(
        session,
        "products.ordered",
        subject_kind="shop",
        subject="products",
        before={"order": [place.slug for place in places]},
        after={"order": [place.slug for place in ordered]},
    )
    return True
