"""What pages, commands and exports read of pictures and samples."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import InstrumentedAttribute

from storefront.core.db import db
from storefront.shop.catalog.queries import get_product_id
from storefront.shop.media.models import Picture, ProductPicture, ProductSample, SampleKind
from storefront.shop.translations.read import told

ADDRESS = "/media/"
FALLBACK_WIDTH = 960  # for browsers that know no `srcset`


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFile:
    """One file of a picture, as it is served at `url`. `format` is avif, webp or jpg (the preview of links)."""

    format: str
    width: int
    height: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureView:
    """A picture of a product. `id` names it in commands, position 1 is the cover, `path` is the original."""

    id: int
    position: int
    alt: str
    width: int
    height: int
    filename: str
    sha256: str
    path: str
    files: tuple[PictureFile, ...]

    def srcset(self, format: str) -> str:  # noqa: A002 - as HTML calls it
        """Return every width of a format, for the attribute of this name."""
        return ", ".join(f"{file.url} {file.width}w" for file in self._of(format))

    @property
    def url(self) -> str:
        """Return the address for browsers that choose nothing themselves."""
        files = self._of("webp")
        return next((file.url for file in files if file.width >= FALLBACK_WIDTH), files[-1].url)

    @property
    def large_url(self) -> str:
        """Return the address of the largest one that every browser of today shows."""
        return self._of("webp")[-1].url

    @property
    def preview(self) -> PictureFile:
        """Return the JPEG that chats, networks and emails show."""
        return self._of("jpg")[0]

    @property
    def preview_url(self) -> str:
        return self.preview.url

    def _of(self, kind: str) -> list[PictureFile]:
        return sorted((file for file in self.files if file.format == kind), key=lambda file: file.width)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleView:
    """A sample of a product. `path` is below the storage."""

    id: int
    position: int
    kind: SampleKind
    title: str
    filename: str
    content_type: str
    size_bytes: int
    sha256: str
    path: str
    name: str
    url: str

    @property
    def is_font(self) -> bool:
        """Tell whether a page offers a line to type in."""
        return self.content_type.startswith("font/")


def picture_columns() -> tuple[ColumnElement[Any] | InstrumentedAttribute[Any], ...]:
    """Return what a statement over `ProductPicture` and `Picture` selects for `view_of_row`."""
    return (
        told(ProductPicture.alt).label("alt"),
        Picture.id,
        Picture.width,
        Picture.height,
        Picture.filename,
        Picture.sha256,
        Picture.path,
        Picture.files,
    )


def view_of_row(row: Row[Any], *, position: int) -> PictureView:
    return PictureView(
        id=row.id,
        position=position,
        alt=row.alt,
        width=row.width,
        height=row.height,
        filename=row.filename,
        sha256=row.sha256,
        path=row.path,
        files=tuple(
            PictureFile(
                format=file["format"], width=file["width"], height=file["height"], url=ADDRESS + file["name"]
            )
            for file in row.files
        ),
    )


def find_pictures(product_ids: Iterable[int]) -> dict[int, tuple[PictureView, ...]]:
    """Return the pictures of each of these products, the cover first, by one statement."""
    pictures: dict[int, list[PictureView]] = {product_id: [] for product_id in product_ids}
    if not pictures:
        return {}
    rows = db.session.execute(
        select(ProductPicture.product_id, *picture_columns())
        .join(Picture, Picture.id == ProductPicture.picture_id)
        .where(ProductPicture.product_id.in_(pictures))
        .order_by(ProductPicture.product_id, ProductPicture.position, ProductPicture.id)
    )
    for row in rows:
        views = pictures[row.product_id]
        views.append(view_of_row(row, position=len(views) + 1))
    return {product_id: tuple(views) for product_id, views in pictures.items()}


def list_pictures(slug: str) -> tuple[PictureView, ...]:
    """Return the pictures of one product in whatever state.

    Raises:
        NotFound: no such product.
    """
    product_id = get_product_id(db.session(), slug)
    return find_pictures([product_id])[product_id]


def list_samples(product_id: int) -> tuple[SampleView, ...]:
    """Return the samples of a product in the owner's order."""
    rows = db.session.execute(
        select(
            ProductSample.id,
            ProductSample.kind,
            told(ProductSample.title).label("title"),
            ProductSample.filename,
            ProductSample.content_type,
            ProductSample.size_bytes,
            ProductSample.sha256,
            ProductSample.path,
            ProductSample.name,
        )
        .where(ProductSample.product_id == product_id)
        .order_by(ProductSample.position, ProductSample.id)
    )
    return tuple(
        SampleView(
            id=row.id,
            position=number,
            kind=row.kind,
            title=row.title,
            filename=row.filename,
            content_type=row.content_type,
            size_bytes=row.size_bytes,
            sha256=row.sha256,
            path=row.path,
            name=row.name,
            url=ADDRESS + row.name,
        )
        for number, row in enumerate(rows, start=1)
    )
