"""Adds samples to products and removes them."""

from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core.db import db, end_read, transaction
from storefront.shop.catalog.queries import get_product_id, lock_product
from storefront.shop.media.keep import keep, measure_again
from storefront.shop.media.models import ProductSample
from storefront.shop.media.refusals import NoSuchMedia, TooManyMedia
from storefront.shop.media.sample_kinds import find_type
from storefront.shop.media.words import TITLE, clean_filename, clean_words

MOST_SAMPLES = 5


def add_sample(slug: str, stream: IO[bytes], filename: str, title: str) -> int:
    """Bring a sample into the storage and offer it last on a product's page. Returns its id.

    The stream can be read again from its beginning. A file that the product offers already stays as it is.

    Raises:
        NotFound: no such product.
        EmptyMedia, UnknownFormat, MediaTooLarge: of the file.
        TextRefused: of the title.
        TooManyMedia: there is no room.
        StorageFull, StorageClosed, StorageUnavailable: nothing was saved, and it may be tried again.
    """
    title = clean_words(title, TITLE)
    size_bytes = stream.seek(0, 2)
    known = find_type(stream, filename, size_bytes)
    size_bytes, sha256 = measure_again(stream)
    offered = _list_offered(db.session(), get_product_id(db.session(), slug))
    _check_room(offered, sha256)
    end_read()
    kept = keep(stream, sha256, known.ending, known.content_type)
    with transaction() as session:
        product = lock_product(session, slug)
        offered = _list_offered(session, product.id)
        for other in offered:
            if other.sha256 == sha256:
                return other.id
        _check_room(offered, sha256)
        sample = ProductSample(
            product_id=product.id,
            kind=known.kind,
            title=title,
            position=len(offered) + 1,
            path=kept.path,
            name=kept.name,
            filename=clean_filename(filename),
            content_type=known.content_type,
            size_bytes=size_bytes,
            sha256=sha256,
        )
        session.add(sample)
        session.flush()
        after = {"sample": sample.id, "title": title, "filename": sample.filename, "kind": known.kind.value}
        record(session, "product.sample_added", subject_kind="product", subject=product.slug, after=after)
        return sample.id


def remove_sample(slug: str, sample_id: int) -> None:
    """Take a sample off a product's page. Its bytes stay.

    Raises:
        NotFound, NoSuchMedia: no such product, or no such sample of it.
    """
    with transaction() as session:
        product = lock_product(session, slug)
        offered = _list_offered(session, product.id)
        sample = next((other for other in offered if other.id == sample_id), None)
        if sample is None:
            raise NoSuchMedia(f"This product has no sample {sample_id}: it may have been removed meanwhile.")
        offered.remove(sample)
        session.delete(sample)
        for position, other in enumerate(offered, start=1):
            other.position = position
        before = {"sample": sample_id, "title": sample.title, "filename": sample.filename}
        record(session, "product.sample_removed", subject_kind="product", subject=product.slug, before=before)


def _list_offered(session: Session, product_id: int) -> list[ProductSample]:
    return list(
        session.scalars(
            select(ProductSample)
            .where(ProductSample.product_id == product_id)
            .order_by(ProductSample.position, ProductSample.id)
            .execution_options(populate_existing=True)
        )
    )


def _check_room(offered: list[ProductSample], sha256: str) -> None:
    if len(offered) >= MOST_SAMPLES and all(other.sha256 != sha256 for other in offered):
        raise TooManyMedia(f"A product offers at most {MOST_SAMPLES} samples: remove one first.")
