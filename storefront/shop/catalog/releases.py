"""A product's releases as its owner sees them: drafts, published and withdrawn ones, with their files."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.db import db
from storefront.core.errors import NotFound
from storefront.shop.catalog.models import Product, Release, ReleaseFile
from storefront.shop.catalog.queries import get_product_id, is_called


class ReleaseState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    filename: str
    size_bytes: int
    sha256: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRelease:
    version: str
    state: ReleaseState
    published_at: datetime | None
    notes: str
    files: tuple[ListedFile, ...]

    @property
    def is_empty_draft(self) -> bool:
        return self.state is ReleaseState.DRAFT and not self.files

    @property
    def is_out(self) -> bool:
        """A published one with a day in the future is not, until that day."""
        has_come = self.published_at is not None and self.published_at <= clock.now()
        return has_come and self.state is ReleaseState.PUBLISHED


def list_releases(slug: str) -> list[ListedRelease]:
    """Return a product's releases, newest first, drafts above all. Two statements.

    Raises:
        NotFound: no such product.
    """
    product_id = get_product_id(db.session(), slug)
    rows = db.session.execute(
        select(Release, ReleaseFile)
        .outerjoin(ReleaseFile, ReleaseFile.release_id == Release.id)
        .where(Release.product_id == product_id)
        .order_by(Release.published_at.desc().nulls_first(), Release.id.desc(), ReleaseFile.filename)
        .execution_options(populate_existing=True)
    ).all()
    files: dict[Release, list[ListedFile]] = {release: [] for release, _file in rows}
    for release, file in rows:
        if file is not None:
            files[release].append(_listed_file(file))
    return [_listed_release(release, files[release]) for release in files]


def lock_release(session: Session, slug: str, version: str) -> Release:
    """Return one release, locked until the transaction ends.

    Raises:
        NotFound: no such release; the message names those there are.
    """
    release = session.scalars(
        select(Release)
        .join(Product, Product.id == Release.product_id)
        .where(is_called(slug), Release.version == version)
        .with_for_update(of=Release)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if release is None:
        raise _no_such_release(session, slug, version)
    return release


def _no_such_release(session: Session, slug: str, version: str) -> NotFound:
    versions = session.scalars(
        select(Release.version).join(Product, Product.id == Release.product_id).where(is_called(slug))
    ).all()
    there = f"It has {', '.join(versions)}." if versions else "It has none: `storefront releases upload` adds one."
    return NotFound(f"There is no release {version} of {slug}. {there}")


def _listed_release(release: Release, files: list[ListedFile]) -> ListedRelease:
    return ListedRelease(
        version=release.version,
        state=state_of(release),
        published_at=release.published_at,
        notes=release.notes,
        files=tuple(files),
    )


def _listed_file(file: ReleaseFile) -> ListedFile:
    return ListedFile(filename=file.filename, size_bytes=file.size_bytes, sha256=file.sha256, path=file.path)


def state_of(release: Release) -> ReleaseState:
    if release.withdrawn_at is not None:
        return ReleaseState.WITHDRAWN
    return ReleaseState.DRAFT if release.published_at is None else ReleaseState.PUBLISHED
