"""Puts the sample shop into an empty one, by what `storefront shop apply` calls."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.audit.models import AuditEntry
from storefront.core.db import db, end_read, transaction
from storefront.devtools.samples.folder import PAGES, SHOP_FILE, Share, lay_out, list_pictures, list_slugs
from storefront.shop.catalog.models import Product, ProductAlias
from storefront.shop.catalog.queries import find_product_id, lock_product
from storefront.shop.files.apply import apply_folder
from storefront.shop.media.pictures import prepare_picture, show_picture
from storefront.shop.pages.models import Page
from storefront.shop.profile.change import read_written


def seed() -> bool:
    """Make the sample shop. Return False and change nothing when the shop has any product."""
    if not seed_without_pictures():
        return False
    add_pictures()
    return True


def seed_without_pictures() -> bool:
    """Make everything that takes no time: until the pictures come, the shop draws covers itself.

    Two machines may be started at once: the second one finds everything as it should be.
    """
    has_products = db.session().scalar(select(Product.id).limit(1)) is not None
    end_read()
    if has_products:
        return False
    with TemporaryDirectory() as folder:
        root = Path(folder) / "shop"
        lay_out(root, Share.WITHOUT_PICTURES)
        if _has_own_words():
            (root / SHOP_FILE).unlink()
            shutil.rmtree(root / PAGES)
        return bool(apply_folder(root).plan.steps)


def _has_own_words() -> bool:
    """Tell whether the owner has said something of the shop, or written a page: that is kept."""
    return any(read_written().values()) or db.session.scalar(select(Page.id).limit(1)) is not None


def add_pictures() -> None:
    """Bring in the pictures, one product after the other. Safe to repeat, also from where it was interrupted.

    A product whose pictures somebody has changed meanwhile keeps them, and one that has some has them all.
    """
    for slug in list_slugs():
        if _waits_for_pictures(db.session(), slug):
            _add_pictures_of(slug)
        end_read()


def _add_pictures_of(slug: str) -> None:
    prepared = []
    for picture in list_pictures(slug):
        with picture.path.open("rb") as file:
            prepared.append((prepare_picture(file, picture.path.name), picture.alt))
    with transaction() as session:
        product = lock_product(session, slug)
        if _waits_for_pictures(session, slug):
            for (sha256, values), alt in prepared:
                show_picture(session, product, sha256, values, alt)


def _waits_for_pictures(session: Session, slug: str) -> bool:
    """Tell whether nobody, also not we, has ever touched this product's pictures."""
    product_id = find_product_id(session, slug)
    if product_id is None:
        return False
    slugs = select(Product.slug).where(Product.id == product_id)
    aliases = select(ProductAlias.slug).where(ProductAlias.product_id == product_id)
    touched = select(AuditEntry.id).where(
        AuditEntry.subject_kind == "product",
        AuditEntry.subject.in_(slugs.union_all(aliases)),
        AuditEntry.verb.startswith("product.picture_", autoescape=True),
    )
    return session.scalar(touched.limit(1)) is None
