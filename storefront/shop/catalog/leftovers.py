"""Bytes in the storage that no release names: what brought them, or took their row away, was ended half way."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from storefront.core.db import transaction
from storefront.core.storage import storage
from storefront.shop.catalog.models import Product, ReleaseFile
from storefront.shop.catalog.queries import find_release, is_called


def delete_unnamed(path: str, mark: str) -> bool:
    """Delete what lies at a path, if it still is the file of this mark and no release names it.

    Somebody may have stored it a moment ago and be on the way to its row: who writes that row looks at the mark
    under the same lock (`upload.py`), and is refused.

    Raises:
        StorageClosed, StorageUnavailable: it is still there.
    """
    with transaction() as session:
        _lock_writers_of_rows(session, path)
        is_named = session.scalar(select(exists().where(ReleaseFile.path == path)))
        if is_named or storage().mark_of(path) != mark:
            return False
        if mark:
            storage().delete(path)  # of a folder, inside the lock; a bucket's has no mark
    if not mark:
        storage().delete(path)
    return True


def _lock_writers_of_rows(session: Session, path: str) -> None:
    """Who adds a file to a release has it locked, or makes it, which waits for the locked product."""
    slug, version = path.split("/")[:2]
    product_id = session.scalar(select(Product.id).where(is_called(slug)).with_for_update())
    if product_id is not None:
        find_release(session, product_id, version, is_locked=True)
