"""Publishing a release and taking it back. Buyers see what is published when they look."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.core.errors import NotFound, StorefrontError
from storefront.shop.catalog.models import Product, Release, ReleaseFile


class NoFiles(StorefrontError):
    code = "no_files"
    status = 409
    title = "This release has no files"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    filename: str
    size_bytes: int
    sha256: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRelease:
    """`state` is `draft`, `published` or `withdrawn`."""

    version: str
    state: str
    published_at: datetime | None
    notes: str
    files: tuple[ListedFile, ...]


def _get_release(session: Session, slug: str, version: str) -> Release:
    """Locked."""
    found = session.scalars(
        select(Release)
        .join(Product, Product.id == Release.product_id)
        .where(Product.slug == slug, Release.version == version)
        .with_for_update(of=Release)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is not None:
        return found
    versions = session.scalars(
        select(Release.version).join(Product, Product.id == Release.product_id).where(Product.slug == slug)
    ).all()
    there = f"It has {', '.join(versions)}." if versions else "It has none: `storefront releases upload` adds one."
    raise NotFound(f"There is no release {version} of {slug}. {there}")


def publish(slug: str, version: str, *, notes: str | None = None) -> bool:
    """True when it was not published before. A withdrawn release comes back with its old date.

    Raises:
        NotFound: no such release; the message names those there are.
        NoFiles: there is nothing to download in it.
    """
    with transaction() as session:
        release = _get_release(session, slug, version)
        files = select(func.count()).select_from(ReleaseFile).where(ReleaseFile.release_id == release.id)
        if not session.scalar(files):
            raise NoFiles(f"{version} has no files: `storefront releases upload {slug} {version} FILE` first.")
        if notes is not None:
            release.notes = notes
        is_new = release.published_at is None or release.withdrawn_at is not None
        release.published_at = release.published_at or clock.now()
        release.withdrawn_at = None
        return is_new


def withdraw(slug: str, version: str) -> bool:
    """It disappears from every page, and its files are refused. Safe to repeat; `publish` brings it back."""
    with transaction() as session:
        release = _get_release(session, slug, version)
        was_there = release.withdrawn_at is None
        release.withdrawn_at = release.withdrawn_at or clock.now()
        return was_there


def list_releases(slug: str) -> list[ListedRelease]:
    """Newest first, drafts above all. Two statements.

    Raises:
        NotFound: no such product.
    """
    product_id = db.session.scalar(select(Product.id).where(Product.slug == slug))
    if product_id is None:
        raise NotFound(f"There is no product {slug}. `storefront products list` shows what there is.")
    rows = db.session.execute(
        select(Release, ReleaseFile)
        .outerjoin(ReleaseFile, ReleaseFile.release_id == Release.id)
        .where(Release.product_id == product_id)
        .order_by(Release.published_at.desc().nulls_first(), Release.id.desc(), ReleaseFile.filename)
        .execution_options(populate_existing=True)
    ).all()
    files: dict[Release, list[ListedFile]] = {}
    for release, file in rows:
        mine = files.setdefault(release, [])
        if file is not None:
            mine.append(
                ListedFile(filename=file.filename, size_bytes=file.size_bytes, sha256=file.sha256, path=file.path)
            )
    return [
        ListedRelease(
            version=release.version,
            state=_state(release),
            published_at=release.published_at,
            notes=release.notes,
            files=tuple(mine),
        )
        for release, mine in files.items()
    ]


def _state(release: Release) -> str:
    if release.withdrawn_at is not None:
        return "withdrawn"
    return "draft" if release.published_at is None else "published"
