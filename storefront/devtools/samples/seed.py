"""Puts the sample shop into an empty one, by what `storefront shop apply` calls."""

from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select

from storefront.core.db import db, end_read
from storefront.devtools.samples.folder import SHOP_FILE, Share, lay_out, lay_out_pictures, list_slugs
from storefront.shop.catalog.models import Product
from storefront.shop.files.apply import apply_folder
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
        if any(read_written().values()):
            (root / SHOP_FILE).unlink()  # whose shop has words already keeps them
        return bool(apply_folder(root).plan.steps)


def add_pictures() -> None:
    """Bring in the pictures, one product after the other. Safe to repeat, also from where it was interrupted."""
    with TemporaryDirectory() as folder:
        for slug in list_slugs():
            root = Path(folder) / slug
            lay_out_pictures(root, slug)
            apply_folder(root)
