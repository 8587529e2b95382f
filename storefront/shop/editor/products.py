"""Makes products, changes their texts and their address."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core.db import insert_missing, transaction
from storefront.shop.catalog.models import Product, ProductAlias
from storefront.shop.catalog.queries import is_called, lock_product
from storefront.shop.editor.refusals import ProductRefused
from storefront.shop.editor.stale import pick_changes
from storefront.shop.editor.texts import LONGEST_SLUG, TEXT_FIELDS, check_new_slug, clean_texts, slug_from

MOST_TRIES = 100


def create_product(name: str, *, slug: str = "", texts: Mapping[str, Any] | None = None) -> str:
    """Make a draft, which grants a download until its owner says otherwise. Returns its slug.

    Without a slug it gets one from its name, with a number where that is taken.

    Raises:
        ProductRefused: a text or the slug cannot be, or another product has the slug.
    """
    cleaned = clean_texts({"name": name} | dict(texts or {}))
    if slug:
        check_new_slug(slug)
    with transaction() as session:
        address = slug or _free_slug(session, slug_from(cleaned["name"]))
        make_product(session, address, cleaned)
    return address


def make_product(session: Session, slug: str, texts: Mapping[str, Any], *, first_slug: str = "") -> None:
    """Make a draft of texts that are clean, inside the caller's transaction.

    `first_slug` is what sold programs know it by, where that is not its slug: of a product from another shop.

    Raises:
        ProductRefused: another product has the slug.
    """
    known_as = first_slug or slug
    if _is_taken(session, slug) or _is_taken(session, known_as):
        raise _taken(slug)
    values = {
        "summary": "",
        "description_markdown": "",
        **texts,
        "slug": slug,
        "first_slug": known_as,
        "grants_download": True,
        "position": session.scalar(select(func.coalesce(func.max(Product.position) + 1, 0))),
    }
    if not insert_missing(session, Product, [values]):
        raise _taken(slug)  # by another one that was made at the same moment
    record(session, "product.created", subject_kind="product", subject=slug, after=texts)


def change_texts(slug: str, submitted: Mapping[str, Any], *, shown: Mapping[str, str] | None = None) -> list[str]:
    """Write the texts that changed; see `pick_changes` for `shown`. Returns the names of the fields.

    Raises:
        NotFound: no such product.
        ProductRefused: a text cannot be stored; nothing is changed.
        StaleSave: somebody else changed the same field meanwhile; nothing is changed.
    """
    cleaned = clean_texts(submitted)
    with transaction() as session:
        return write_texts(session, lock_product(session, slug), cleaned, shown=shown)


def write_texts(
    session: Session, product: Product, cleaned: Mapping[str, Any], *, shown: Mapping[str, str] | None = None
) -> list[str]:
    """Do as `change_texts` does, with clean texts, inside the caller's transaction. The product is locked."""
    current = read_texts(product)
    changes = pick_changes(current, cleaned, shown)
    for name, value in changes.items():
        setattr(product, name, value)
    if changes:
        before = {name: current[name] for name in changes}
        subject = product.slug
        record(session, "product.changed", subject_kind="product", subject=subject, before=before, after=changes)
    return list(changes)


def read_texts(product: Product) -> dict[str, Any]:
    return {name: getattr(product, name) for name in TEXT_FIELDS}


def change_slug(slug: str, new_slug: str) -> bool:
    """Give a product another address. The old one leads to the new one, and no other product can take it.

    Returns False where it has this address already.

    Raises:
        NotFound: no such product.
        ProductRefused: no address can be like this, or another product has it or had it.
    """
    check_new_slug(new_slug)
    try:
        with transaction() as session:
            return write_slug(session, lock_product(session, slug), new_slug)
    except IntegrityError as error:
        raise _taken(new_slug) from error  # by another product, at the same moment


def write_slug(session: Session, product: Product, new_slug: str) -> bool:
    """Do as `change_slug` does with a good slug, inside the caller's transaction."""
    old = product.slug
    if old == new_slug:
        return False
    owner = session.scalar(select(Product.id).where(is_called(new_slug)))
    if owner not in (None, product.id) or _is_first_slug(session, new_slug, product.id):
        raise _taken(new_slug)
    alias = session.get(ProductAlias, new_slug)
    if alias is not None:
        session.delete(alias)
        session.flush()
    product.slug = new_slug
    session.add(ProductAlias(slug=old, product_id=product.id))
    record(
        session,
        "product.renamed",
        subject_kind="product",
        subject=new_slug,
        before={"slug": old},
        after={"slug": new_slug},
    )
    return True


def _add_alias(session: Session, product: Product, slug: str) -> bool:
    """Return False where the address leads to the product already."""
    owner = session.scalar(select(Product.id).where(is_called(slug)))
    if owner == product.id:
        return False
    if owner is not None or _is_first_slug(session, slug, product.id):
        raise _taken(slug)
    session.add(ProductAlias(slug=slug, product_id=product.id))
    session.flush()
    return True


def add_aliases(session: Session, product: Product, slugs: Sequence[str]) -> list[str]:
    """Let more addresses lead to a product, inside the caller's transaction. Returns those that are new.

    Raises:
        ProductRefused: another product has or had one of them.
    """
    added = [slug for slug in slugs if _add_alias(session, product, slug)]
    if added:
        record(
            session,
            "product.aliases_added",
            subject_kind="product",
            subject=product.slug,
            after={"aliases": added},
        )
    return added


def _free_slug(session: Session, slug: str) -> str:
    """Return the slug, or the first one with a number that nobody has."""
    for number in range(1, MOST_TRIES):
        candidate = slug if number == 1 else f"{slug[: LONGEST_SLUG - 3].rstrip('-')}-{number}"
        if not _is_taken(session, candidate):
            return candidate
    raise _taken(slug)


def _is_taken(session: Session, slug: str) -> bool:
    return bool(session.scalar(select(exists().where(is_called(slug) | (Product.first_slug == slug)))))


def _is_first_slug(session: Session, slug: str, product_id: int) -> bool:
    """Programs know another product by this slug, whatever it is called now."""
    return bool(session.scalar(select(exists().where(Product.first_slug == slug, Product.id != product_id))))


def _taken(slug: str) -> ProductRefused:
    return ProductRefused({"slug": f"{slug} is, or was, the address of another product: take another one."})
