"""Which files the rows of the shop name: what it hands out and shows, which a backup has to have."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import select

from storefront.core.db import db, end_read
from storefront.core.depots import Listed
from storefront.shop.catalog.file_names import same_name
from storefront.shop.catalog.models import Release, ReleaseFile
from storefront.shop.media.keep import at_home
from storefront.shop.media.models import Picture, ProductPicture, ProductSample
from storefront.shop.media.names import FOLDER
from storefront.shop.profile.models import ShopProfile

Named = Mapping[str, int | None]  # path: size in bytes, where the row has it


def read_named() -> Named:
    """Return what can still be downloaded or shown: who took a file away withdraws its release first, say.

    Only columns that every schema has which this code backs up: the next thing may be its upgrade.
    """
    named = {at_home(path): size_bytes for path, size_bytes in _read_rows()}
    end_read()
    return named


def _read_rows() -> Iterator[tuple[str, int | None]]:
    releases = (
        select(ReleaseFile.path, ReleaseFile.size_bytes)
        .join(Release, Release.id == ReleaseFile.release_id)
        .where(Release.withdrawn_at.is_(None))
    )
    for path, size_bytes in db.session.execute(releases):
        yield path, size_bytes
    for path, size_bytes in db.session.execute(select(ProductSample.path, ProductSample.size_bytes)):
        yield path, size_bytes
    shown = select(ProductPicture.picture_id)
    for path, files in db.session.execute(select(Picture.path, Picture.files).where(Picture.id.in_(shown))):
        yield path, None
        yield from ((f"{FOLDER}/{file['name']}", None) for file in files)
    looks = select(ShopProfile.logo, ShopProfile.logo_dark, ShopProfile.icon, ShopProfile.font)
    for row in db.session.execute(looks):
        yield from ((path, None) for kept in row if kept for path in _paths_of_looks(kept))


def _paths_of_looks(kept: Mapping[str, Any]) -> Iterator[str]:
    """Say where the served files of a logo, an icon or a font are, and the file as it came, if that was kept."""
    yield from (f"{FOLDER}/{kept[key]}" for key in ("name", "touch_name") if key in kept)
    if "path" in kept:
        yield kept["path"]


def find_missing(named: Named, there: Collection[Listed]) -> tuple[str, ...]:
    """Return the paths that are not there, or not whole. Pure."""
    sizes: dict[str, set[int]] = {}  # a folder of Linux may have two files that are one for Windows
    for file in there:
        sizes.setdefault(same_name(file.name), set()).add(file.size_bytes)
    return tuple(
        path
        for path, size_bytes in sorted(named.items())
        if not (found := sizes.get(same_name(path))) or not (size_bytes is None or size_bytes in found)
    )
