"""Finds pages, for readers, for the owner and for what links to them."""

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from storefront.core.db import db
from storefront.core.errors import NotFound
from storefront.core.texts import marked
from storefront.shop.catalog.markdown import render_markdown
from storefront.shop.pages.models import LegalKind, Page
from storefront.shop.pages.words import without_note
from storefront.shop.translations.read import as_like, said


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPage:
    """A page as its readers see it."""

    slug: str
    title: str
    text: Markup
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSummary:
    slug: str
    title: str
    legal_kind: LegalKind | None
    is_published: bool
    updated_at: datetime


def get_public_page(slug: str) -> PublicPage:
    """Return a published page. One statement.

    Raises:
        NotFound: there is none at this address, or it is a draft.
    """
    page = db.session.scalars(select(Page).where(Page.slug == slug, Page.is_published)).one_or_none()
    if page is None:
        raise NotFound(
            marked("There is no page at this address. It may have been taken away or have another address now.")
        )
    words = said(page)
    return show(page.slug, words.title, words.body_markdown, page.updated_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPage:
    slug: str
    updated_at: datetime


def list_public_pages() -> tuple[ListedPage, ...]:
    """Return the published pages in the owner's order. One statement."""
    rows = db.session.execute(
        select(Page.slug, Page.updated_at).where(Page.is_published).order_by(Page.position, Page.id)
    )
    return tuple(ListedPage(slug=row.slug, updated_at=row.updated_at) for row in rows)


def show(slug: str, title: str, body_markdown: str, changed_at: datetime) -> PublicPage:
    text = render_markdown(as_like(body_markdown, without_note(body_markdown)))
    return PublicPage(slug=slug, title=title, text=text, changed_at=changed_at)


def list_pages() -> list[PageSummary]:
    """Return all pages, drafts as well, in the owner's order."""
    return [
        PageSummary(
            slug=page.slug,
            title=page.title,
            legal_kind=page.legal_kind,
            is_published=page.is_published,
            updated_at=page.updated_at,
        )
        for page in db.session.scalars(select_pages())
    ]


def select_pages() -> Select[Page]:
    return select(Page).order_by(Page.position, Page.id).execution_options(populate_existing=True)


def get_page(session: Session, slug: str) -> Page:
    """Return a page as committed now, also a draft.

    Raises:
        NotFound: no such page.
    """
    return _one(slug, session.scalars(select_pages().where(Page.slug == slug)).one_or_none())


def lock_page(session: Session, slug: str) -> Page:
    """Return a page, locked until the transaction ends. Raises NotFound."""
    return _one(slug, session.scalars(select_pages().where(Page.slug == slug).with_for_update()).one_or_none())


def _one(slug: str, page: Page | None) -> Page:
    if page is None:
        raise NotFound(f"There is no page {slug}. `storefront pages list` shows what there is.")
    return page
