"""The newest release of a product, as its page shows it."""

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup
from sqlalchemy import func, literal, select

from storefront.core import clock
from storefront.core.db import db
from storefront.core.texts import marked
from storefront.shop.catalog.markdown import render_markdown
from storefront.shop.catalog.models import Release, ReleaseFile
from storefront.web.open_pages import changes_at


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedFile:
    filename: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestRelease:
    version: str
    published_at: datetime | None
    notes: Markup
    files: tuple[OfferedFile, ...]

    @property
    def version_words(self) -> str:
        """Return "Version 2.1"; what is no number, such as "Spring edition", is what the owner calls it."""
        if self.version[:1].isdecimal() and " " not in self.version:
            return marked("Version %(version)s", version=self.version)
        return self.version


def find_latest_release(product_id: int) -> LatestRelease | None:
    """Return what is out now. No page is kept over the moment at which the next one comes out."""
    now, of_product = clock.now(), (Release.product_id == product_id) & Release.withdrawn_at.is_(None)
    latest = (
        select(Release.id)
        .where(of_product, Release.published_at <= now)
        .order_by(Release.published_at.desc(), Release.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    upcoming = select(func.min(Release.published_at)).where(of_product, Release.published_at > now)
    rows = db.session.execute(
        select(upcoming.scalar_subquery(), Release, ReleaseFile)
        .select_from(select(literal(1)).subquery())
        .outerjoin(Release, Release.id == latest)
        .outerjoin(ReleaseFile, ReleaseFile.release_id == Release.id)
        .order_by(ReleaseFile.filename)
    ).all()
    comes_out_at, release, _file = rows[0]
    if comes_out_at is not None:
        changes_at(comes_out_at)
    files = tuple(OfferedFile(filename=file.filename, size_bytes=file.size_bytes) for *_, file in rows if file)
    if not files:
        return None
    return LatestRelease(
        version=release.version,
        published_at=release.published_at,
        notes=render_markdown(release.notes),
        files=files,
    )
