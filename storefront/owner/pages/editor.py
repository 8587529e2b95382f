"""The list of pages with what the law asks for, and the editor of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storefront.core.db import db
from storefront.core.languages import offered
from storefront.core.runtime import settings
from storefront.orders.notices import NoticeKind, list_open_notices
from storefront.owner.pages.starters import TITLES
from storefront.shop.editor.stale import digest_of
from storefront.shop.pages.consent import read_checkout_words, read_consent
from storefront.shop.pages.edit import find_page_blockers, read_fields
from storefront.shop.pages.models import LegalKind
from storefront.shop.pages.queries import PageSummary, get_page, list_pages


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesList:
    """`missing` are kinds that no page has. `consent` are values by column, `shown` their digests.

    `box_trouble` is why Stripe shows no box; empty where it does, or was not asked.
    """

    pages: tuple[PageSummary, ...]
    missing: dict[LegalKind, str]
    terms_setting: str | None
    terms_url: str | None
    consent: dict[str, Any]
    shown: dict[str, str]
    box_trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageEditor:
    """`values` are columns by name, `shown` their digests; `blockers` say why it cannot be published."""

    slug: str
    is_published: bool
    updated_at: datetime
    values: dict[str, Any]
    shown: dict[str, str]
    blockers: tuple[str, ...]


def read_pages_list(shown_before: Mapping[str, str]) -> PagesList:
    """Return the list. `shown_before` are the digests of a form that was refused, and is shown again."""
    pages = tuple(list_pages())
    taken = {page.legal_kind for page in pages}
    consent = read_consent()
    box_trouble = (notice.text for notice in list_open_notices() if notice.kind == NoticeKind.TERMS_URL_MISSING)
    return PagesList(
        pages=pages,
        missing={kind: title for kind, title in TITLES.items() if kind not in taken},
        terms_setting=settings().terms_url,
        terms_url=read_checkout_words().terms_url,
        consent=consent,
        shown={name: digest_of(value) for name, value in consent.items()} | dict(shown_before),
        box_trouble=next(box_trouble, ""),
    )


def read_page_editor(slug: str, shown_before: Mapping[str, str] | None = None) -> PageEditor:
    """Return a page as committed now. Raises NotFound."""
    page = get_page(db.session(), slug)
    values = read_fields(page)
    return PageEditor(
        slug=page.slug,
        is_published=page.is_published,
        updated_at=page.updated_at,
        values=values,
        shown={name: digest_of(value) for name, value in values.items()} | dict(shown_before or {}),
        blockers=tuple(find_page_blockers(page, offered())),
    )
