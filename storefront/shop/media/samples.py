"""Adds samples to products, moves and removes them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core.db import db, end_read, transaction
from storefront.shop.catalog.models import Product
from storefront.shop.catalog.queries import get_product_id, lock_product
from storefront.shop.editor.places import move_within
from storefront.shop.media.brought import Brought
from storefront.shop.media.keep import keep, measure_again
from storefront.shop.media.models import ProductSample, SampleKind
from storefront.shop.media.refusals import NoSuchMedia, TextRefused, TooManyMedia
from storefront.shop.media.sample_kinds import SampleType, find_type
from storefront.shop.media.words import TITLE, clean_filename, clean_words

MOST_SAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedSample:
    """A sample whose bytes are in the storage: columns of its row."""

    kind: SampleKind
    path: str
    name: str
    filename: str
    content_type: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    known: SampleType
    size_bytes: int
    sha256: str


def add_sample(slug: str, stream: IO[bytes], filename: str, title: str) -> Brought:
    """Bring a sample into the storage and offer it last on a product's page.

    The stream can be read again from its beginning. A file that the product offers already stays as it is.

    Raises:
        NotFound: no such product.
        EmptyMedia, UnknownFormat, MediaTooLarge: of the file.
        TextRefused: of the title.
        TooManyMedia: there is no room.
        StorageFull, StorageClosed, StorageUnavailable: nothing was saved, and it may be tried again.
    """
    title = clean_words(title, TITLE)
    measured = _measure(stream, filename)
    offered = _list_offered(db.session(), get_product_id(db.session(), slug))
    _check_room(offered, measured.sha256)
    prepared = _keep(stream, measured, filename)
    with transaction() as session:
        return offer_sample(session, lock_product(session, slug), prepared, title)


def prepare_sample(stream: IO[bytes], filename: str) -> PreparedSample:
    """Bring a sample into the storage for `offer_sample`, with no transaction open.

    Raises:
        EmptyMedia, UnknownFormat, MediaTooLarge: of the file.
        StorageFull, StorageClosed, StorageUnavailable: nothing was saved, and it may be tried again.
    """
    return _keep(stream, _measure(stream, filename), filename)


def offer_sample(session: Session, product: Product, prepared: PreparedSample, title: str) -> Brought:
    """Offer a sample last, inside the caller's transaction. The product is locked.

    Raises:
        TooManyMedia: there is no room.
    """
    offered = _list_offered(session, product.id)
    for other in offered:
        if other.sha256 == prepared.sha256:
            return Brought(other.id, is_new=False)
    _check_room(offered, prepared.sha256)
    sample = ProductSample(product_id=product.id, title=title, position=len(offered) + 1, **asdict(prepared))
    session.add(sample)
    session.flush()
    after = {"sample": sample.id, "title": title, "filename": sample.filename, "kind": prepared.kind.value}
    record(session, "product.sample_added", subject_kind="product", subject=product.slug, after=after)
    return Brought(sample.id, is_new=True)


def write_title(session: Session, product: Product, sample_id: int, title: str) -> bool:
    """Call a sample otherwise, inside the caller's transaction. The product is locked, the title is clean.

    Raises:
        NoSuchMedia: no such sample of it.
    """
    sample = _pick(_list_offered(session, product.id), sample_id)
    before, sample.title = sample.title, title
    if before == title:
        return False
    record(
        session,
        "product.sample_titled",
        subject_kind="product",
        subject=product.slug,
        before={"title": before},
        after={"sample": sample_id, "title": title},
    )
    return True


def order_samples(session: Session, product: Product, hashes: Sequence[str]) -> bool:
    """Offer these samples first, in this order, inside the caller's transaction. The product is locked."""
    before = _list_offered(session, product.id)
    places = {sha256: place for place, sha256 in enumerate(hashes)}
    ordered = sorted(before, key=lambda sample: places.get(sample.sha256, len(places)))
    if ordered == before:
        return False
    _number(ordered)
    session.flush()
    after = {"order": [sample.title for sample in ordered]}
    record(session, "product.samples_moved", subject_kind="product", subject=product.slug, after=after)
    return True


def move_sample(slug: str, sample_id: int, position: int, *, shown: str | None = None) -> bool:
    """Offer a sample at another place: 1 is the first, and beyond the end is the end. Returns False where it is.

    `shown` is a digest of the order that a page showed.

    Raises:
        NotFound, NoSuchMedia: no such product, or no such sample of it.
        TextRefused: there is no such place.
        StaleOrder: somebody else changed the samples meanwhile.
    """
    if position < 1:
        raise TextRefused("Places count from 1, which is the first sample.")
    with transaction() as session:
        product = lock_product(session, slug)
        offered = _list_offered(session, product.id)
        sample = _pick(offered, sample_id)
        keys = [other.id for other in offered]
        places = move_within(offered, sample, position, keys=keys, what=sample.title, shown=shown)
        if places is None:
            return False
        _number(offered)
        session.flush()
        record(
            session,
            "product.sample_moved",
            subject_kind="product",
            subject=product.slug,
            before={"position": places[0]},
            after={"sample": sample_id, "position": places[1]},
        )
        return True


def remove_sample(slug: str, sample_id: int) -> None:
    """Take a sample off a product's page. Its bytes stay.

    Raises:
        NotFound, NoSuchMedia: no such product, or no such sample of it.
    """
    with transaction() as session:
        take_sample_off(session, lock_product(session, slug), sample_id)


def take_sample_off(session: Session, product: Product, sample_id: int) -> None:
    """Do as `remove_sample` does, inside the caller's transaction. The product is locked."""
    offered = _list_offered(session, product.id)
    sample = _pick(offered, sample_id)
    offered.remove(sample)
    session.delete(sample)
    _number(offered)
    session.flush()
    before = {"sample": sample_id, "title": sample.title, "filename": sample.filename}
    record(session, "product.sample_removed", subject_kind="product", subject=product.slug, before=before)


def _measure(stream: IO[bytes], filename: str) -> _Measured:
    known = find_type(stream, filename, stream.seek(0, 2))
    size_bytes, sha256 = measure_again(stream)
    return _Measured(known=known, size_bytes=size_bytes, sha256=sha256)


def _keep(stream: IO[bytes], measured: _Measured, filename: str) -> PreparedSample:
    known = measured.known
    end_read()
    kept = keep(stream, measured.sha256, known.ending, known.content_type)
    return PreparedSample(
        kind=known.kind,
        path=kept.path,
        name=kept.name,
        filename=clean_filename(filename),
        content_type=known.content_type,
        size_bytes=measured.size_bytes,
        sha256=measured.sha256,
    )


def _pick(offered: list[ProductSample], sample_id: int) -> ProductSample:
    for sample in offered:
        if sample.id == sample_id:
            return sample
    raise NoSuchMedia(f"This product has no sample {sample_id}: it may have been removed meanwhile.")


def _number(offered: list[ProductSample]) -> None:
    for position, sample in enumerate(offered, start=1):
        sample.position = position


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
