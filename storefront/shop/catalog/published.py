"""What is published, for whoever lists it: the products of the shop, and the releases of one of them."""

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup
from sqlalchemy import ColumnElement, func, select

from storefront.core import clock
from storefront.core.db import db
from storefront.shop.catalog.markdown import render_markdown
from storefront.shop.catalog.models import LISTED, Product, Release
from storefront.shop.catalog.products import get_shown_product
from storefront.shop.catalog.queries import new_at
from storefront.shop.translations.read import said, told


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedProduct:
    """`new_at` is when it was first listed, `changed_at` that or its newest release. `first_slug` stays."""

    slug: str
    first_slug: str
    name: str
    summary: str
    new_at: datetime
    changed_at: datetime
    has_releases: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRelease:
    id: int
    version: str
    published_at: datetime
    notes: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Changelog:
    """The published releases of a product, the newest first. `is_listed`: search engines may find it."""

    slug: str
    first_slug: str
    name: str
    is_listed: bool
    created_at: datetime
    releases: tuple[PublishedRelease, ...]


def list_published() -> tuple[PublishedProduct, ...]:
    """Return the published products, not the unlisted ones, in the order in which they came. One statement."""
    newest = (
        select(Release.product_id, func.max(Release.published_at).label("newest_at"))
        .where(_is_out())
        .group_by(Release.product_id)
        .subquery()
    )
    rows = db.session.execute(
        select(
            Product.slug,
            Product.first_slug,
            told(Product.name).label("name"),
            told(Product.summary).label("summary"),
            new_at().label("new_at"),
            newest.c.newest_at,
        )
        .outerjoin(newest, newest.c.product_id == Product.id)
        .where(Product.state.in_(LISTED))
        .order_by(Product.id)
    )
    return tuple(
        PublishedProduct(
            slug=row.slug,
            first_slug=row.first_slug,
            name=row.name,
            summary=row.summary,
            new_at=row.new_at,
            changed_at=max(row.new_at, row.newest_at or row.new_at),
            has_releases=row.newest_at is not None,
        )
        for row in rows
    )


def get_changelog(slug: str) -> Changelog:
    """Return what has changed in a product that is sold, in two statements.

    Raises:
        MovedPage: the product has another address by now.
        NotFound: the product is unknown, or nobody may see it; the answer does not tell which.
    """
    product = get_shown_product(slug)
    releases = db.session.execute(
        select(Release.id, Release.version, Release.published_at, Release.notes)
        .where(Release.product_id == product.id, _is_out())
        .order_by(Release.published_at.desc(), Release.id.desc())
    )
    return Changelog(
        slug=product.slug,
        first_slug=product.first_slug,
        name=said(product).name,
        is_listed=product.state in LISTED,
        created_at=product.created_at,
        releases=tuple(
            PublishedRelease(
                id=row.id,
                version=row.version,
                published_at=row.published_at,
                notes=render_markdown(row.notes),
            )
            for row in releases
        ),
    )


def _is_out() -> ColumnElement[bool]:
    return (Release.published_at <= clock.now()) & Release.withdrawn_at.is_(None)
