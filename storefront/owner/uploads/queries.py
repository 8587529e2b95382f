"""Finds uploads: one by its address, those of a product, those that are still to come."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from storefront.core import clock, tokens
from storefront.core.db import db
from storefront.owner.uploads.models import Upload, UploadState
from storefront.owner.uploads.refusals import NoSuchUpload, UploadExpired
from storefront.shop.catalog.models import Product, Release
from storefront.shop.catalog.queries import get_product, is_called

IDLE = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedUpload:
    """`slug` is the product's as it is now. `is_late`: its release was published meanwhile, and takes no file."""

    token: str
    slug: str
    version: str
    filename: str
    size_bytes: int
    offset_bytes: int
    modified_ms: int | None
    state: UploadState
    reason: str
    last_at: datetime
    is_late: bool = False

    @property
    def expires_at(self) -> datetime:
        return self.last_at + IDLE

    @property
    def is_whole(self) -> bool:
        return self.offset_bytes == self.size_bytes


def get_upload_of(person_id: int, slug: str, token: str) -> ListedUpload:
    """Return the same where it is one of this product, which may be named as it was once.

    Raises:
        NotFound: no such product.
        NoSuchUpload, UploadExpired: as `get_upload`; also where it is another product's.
    """
    product, upload = get_product(db.session(), slug), get_upload(person_id, token)
    if upload.slug != product.slug:
        raise NoSuchUpload(f"{upload.filename} is not on its way into {product.name}, but into {upload.slug}.")
    return upload


def get_upload(person_id: int, token: str) -> ListedUpload:
    """Return one of this person's own, as committed now.

    Raises:
        NoSuchUpload: it is nobody's, somebody else's, or was removed.
        UploadExpired: nothing came for seven days.
    """
    row = None
    if tokens.is_token(token):
        row = db.session.execute(
            select(Upload, Product.slug)
            .join(Product, Product.id == Upload.product_id)
            .where(Upload.token == token, Upload.person_id == person_id)
            .execution_options(populate_existing=True)
        ).one_or_none()
    if row is None:
        raise NoSuchUpload("This upload is not here any more. Choose the file again to start anew.")
    listed = to_listed(row.Upload, row.slug)
    check_alive(listed.expires_at)
    return listed


def check_alive(expires_at: datetime) -> None:
    if expires_at <= clock.now():
        raise UploadExpired("Nothing came for seven days, so this upload was given up. Choose the file again.")


def list_open(person_id: int, slug: str) -> list[ListedUpload]:
    """Return what this person has begun for a product and not finished, oldest first."""
    of_upload = (Release.product_id == Upload.product_id) & (Release.version == Upload.version)
    rows = db.session.execute(
        select(Upload, Product.slug, Release.published_at)
        .join(Product, Product.id == Upload.product_id)
        .outerjoin(Release, of_upload)
        .where(is_called(slug), *_is_open(person_id))
        .order_by(Upload.id)
        .execution_options(populate_existing=True)
    )
    return [to_listed(row.Upload, row.slug, is_late=row.published_at is not None) for row in rows]


def count_open(session: Session, person_id: int) -> int:
    return session.scalar(select(func.count()).select_from(Upload).where(*_is_open(person_id))) or 0


def promised_bytes(session: Session) -> int:
    """Return how many bytes of all open uploads are still to come."""
    missing = func.coalesce(func.sum(Upload.size_bytes - Upload.offset_bytes), 0)
    return int(session.scalar(select(missing).where(Upload.state != UploadState.FINISHED)) or 0)


def to_listed(row: Upload, slug: str, *, is_late: bool = False) -> ListedUpload:
    return ListedUpload(
        token=row.token,
        slug=slug,
        version=row.version,
        filename=row.filename,
        size_bytes=row.size_bytes,
        offset_bytes=row.offset_bytes,
        modified_ms=row.modified_ms,
        state=row.state,
        reason=row.reason,
        last_at=row.last_at,
        is_late=is_late,
    )


def _is_open(person_id: int) -> tuple[ColumnElement[bool], ...]:
    alive = Upload.last_at > clock.now() - IDLE
    return (Upload.person_id == person_id, Upload.state != UploadState.FINISHED, alive)
