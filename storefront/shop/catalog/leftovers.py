"""Bytes in the storage that no release names: what brought them, or took their row away, was ended half way."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from storefront.core.db import transaction
from storefront.core.storage import storage
from storefront.shop.catalog.file_names import same_name
from storefront.shop.catalog.models import Product, Release, ReleaseFile
from storefront.shop.catalog.queries import find_release, is_called


def delete_unnamed(path: str, mark: str) -> bool:
    """Delete what lies at a path, if it still is the file of this mark and no release names it.

    Somebody may have stored it a moment ago and be on the way to its row: who writes that row looks at the mark
    under the same lock (`upload.py`), and is refused.

    Raises:
        StorageClosed, StorageUnavailable: it is still there.
    """
    with transaction() as session:
        product_id = _lock_writers_of_rows(session, path)
        if _is_named(session, product_id, path) or storage().mark_of(path) != mark:
            return False
        if storage().has_marks:
            storage().delete(path)  # of a folder: inside the lock
            return True
    storage().delete(path)
    return True


def _is_named(session: Session, product_id: int | None, path: str) -> bool:
    """Tell whether a release has this file, under any name that some disk takes for the same."""
    of_product = select(ReleaseFile.path).join(Release, Release.id == ReleaseFile.release_id)
    paths = session.scalars(of_product.where(or_(ReleaseFile.path == path, Release.product_id == product_id)))
    return same_name(path) in map(same_name, paths)


def _lock_writers_of_rows(session: Session, path: str) -> int | None:
    """Return the product's id. Who adds a file has its release locked, or makes it and waits for the product."""
    slug, version = path.split("/")[:2]
    product_id = session.scalar(select(Product.id).where(is_called(slug)).with_for_update())
    if product_id is not None:
        find_release(session, product_id, version, is_locked=True)
    return product_id
