"""What an owner does with pages: made, written, published, moved, taken back, deleted."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask import g
from sqlalchemy import exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.audit.record import record
from storefront.core import clock
from storefront.core.db import insert_missing, transaction
from storefront.core.languages import Language, Offered
from storefront.shop.editor.stale import pick_changes
from storefront.shop.editor.texts import LONGEST_SLUG, slug_from
from storefront.shop.pages.models import LegalKind, Page
from storefront.shop.pages.queries import lock_page, select_pages
from storefront.shop.pages.refusals import PageNotReady, PageRefused
from storefront.shop.pages.words import check_address, clean_page, find_placeholders, without_note
from storefront.shop.profile.languages import languages_of
from storefront.shop.profile.row import lock_profile
from storefront.shop.translations.read import find_text

FIELDS = ("title", "body_markdown", "legal_kind")
MOST_PAGES = 100
MOST_TRIES = 100


def create_page(
    title: str, *, slug: str = "", body_markdown: str = "", legal_kind: LegalKind | str | None = None
) -> str:
    """Make a draft at the end of the list. Returns its slug, made from its kind or title where none is given.

    Raises:
        PageRefused: a text or the slug cannot be; another page has the slug or is of this kind already.
    """
    cleaned = clean_page({"title": title, "body_markdown": body_markdown, "legal_kind": legal_kind})
    if slug:
        check_address(slug)
    with transaction() as session:
        address = slug or _free_slug(session, slug_from(cleaned["legal_kind"] or cleaned["title"], kind="page"))
        make_page(session, address, cleaned)
    return address


def make_page(session: Session, slug: str, cleaned: dict[str, Any]) -> None:
    """Do as `create_page` does with clean fields, inside the caller's transaction."""
    if (session.scalar(select(func.count(Page.id))) or 0) >= MOST_PAGES:
        raise PageRefused({"title": f"A shop has at most {MOST_PAGES} pages."})
    _check_kind(session, cleaned["legal_kind"], 0)
    last = session.scalar(select(func.coalesce(func.max(Page.position) + 1, 0)))
    if not insert_missing(session, Page, [cleaned | {"slug": slug, "position": last}]):
        _check_kind(session, cleaned["legal_kind"], 0)  # made by another one at the same moment
        raise _taken(slug)
    record(session, "page.created", subject_kind="page", subject=slug, after=cleaned)


def change_page(slug: str, submitted: Mapping[str, Any], *, shown: Mapping[str, str] | None = None) -> list[str]:
    """Write what changed of title, text and kind; see `pick_changes` for `shown`. Returns the names of the fields.

    Raises:
        NotFound: no such page.
        PageRefused: a value that cannot be, or a published page that would show placeholders; nothing is changed.
        StaleSave: somebody else changed the same field meanwhile; nothing is changed.
    """
    cleaned = clean_page(submitted)
    try:
        with transaction() as session:
            return write_page(session, lock_page(session, slug), cleaned, shown=shown)
    except IntegrityError as error:
        raise _kind_taken(cleaned["legal_kind"]) from error  # by another page, at the same moment


def _check_changes(session: Session, page: Page, changes: Mapping[str, Any]) -> None:
    if page.is_published and "body_markdown" in changes:
        _check_text(changes["body_markdown"])
    if "legal_kind" in changes:
        _check_kind(session, changes["legal_kind"], page.id)


def write_page(
    session: Session, page: Page, cleaned: Mapping[str, Any], *, shown: Mapping[str, str] | None = None
) -> list[str]:
    """Do as `change_page` does with clean fields, inside the caller's transaction. The page is locked."""
    current = read_fields(page)
    changes = pick_changes(current, cleaned, shown)
    _check_changes(session, page, changes)
    for name, value in changes.items():
        setattr(page, name, value)
    if changes.keys() & {"title", "body_markdown"}:
        page.updated_at = clock.now()
    if changes:
        before = {name: current[name] for name in changes}
        record(session, "page.changed", subject_kind="page", subject=page.slug, before=before, after=changes)
    return list(changes)


def read_fields(page: Page) -> dict[str, Any]:
    return {name: getattr(page, name) for name in FIELDS}


def publish_page(slug: str) -> bool:
    """Show a page to everybody and link it in the footer. Returns False where it is published already.

    Raises:
        NotFound: no such page.
        PageNotReady: it is empty, or something is still to be filled in; its sentences say what.
    """
    with transaction() as session:
        return write_publication(session, lock_page(session, slug), is_published=True)


def unpublish_page(slug: str) -> bool:
    """Make a page a draft: its address answers "not found". Returns False where it is one. Raises NotFound."""
    with transaction() as session:
        return write_publication(session, lock_page(session, slug), is_published=False)


def write_publication(session: Session, page: Page, *, is_published: bool) -> bool:
    """Do as `publish_page` or `unpublish_page` does, inside the caller's transaction. The page is locked."""
    if page.is_published == is_published:
        return False
    if is_published:
        _check_ready(page, languages_of(lock_profile(session).languages))  # locked: none is added meanwhile
    page.is_published = is_published
    g.pop("profile", None)  # it was read for the languages, and lists the published pages
    verb = "page.published" if is_published else "page.unpublished"
    record(session, verb, subject_kind="page", subject=page.slug)
    return True


def _check_ready(page: Page, shop: Offered) -> None:
    blockers = tuple(find_page_blockers(page, shop))
    if blockers:
        raise PageNotReady(blockers)


def delete_page(slug: str) -> None:
    """Delete a page for good; the audit log keeps its words, in every language. Raises NotFound."""
    with transaction() as session:
        page = lock_page(session, slug)
        record(session, "page.deleted", subject_kind="page", subject=slug, before=_read_all(page))
        session.delete(page)


def _read_all(page: Page) -> dict[str, Any]:
    """Return its fields, and those of each translation as `de/title`."""
    translated = {
        f"{language}/{name}": kept[0]
        for language, texts in (page.translations or {}).items()
        for name, kept in texts.items()
    }
    return read_fields(page) | translated


def move_page(slug: str, *, is_up: bool) -> bool:
    """Change places with the page before, or after. Returns False at the end of the list. Raises NotFound."""
    with transaction() as session:
        pages = list(session.scalars(select_pages().with_for_update()))
        page = lock_page(session, slug)
        place = pages.index(page)
        other = place - 1 if is_up else place + 1
        if not 0 <= other < len(pages):
            return False
        pages[place], pages[other] = pages[other], pages[place]
        for position, moved in enumerate(pages):
            moved.position = position
        order = [moved.slug for moved in pages]
        record(session, "page.moved", subject_kind="page", subject=slug, after={"order": order})
    return True


def order_pages(session: Session, slugs: Sequence[str]) -> bool:
    """Show these pages first, in this order, inside the caller's transaction. Returns False where they are."""
    before = list(session.scalars(select_pages().with_for_update()))
    places = {slug: place for place, slug in enumerate(slugs)}
    ordered = sorted(before, key=lambda page: places.get(page.slug, len(places)))
    if ordered == before:
        return False
    for position, page in enumerate(ordered):
        page.position = position
    order = [page.slug for page in ordered]
    record(session, "page.moved", subject_kind="page", subject=order[0], after={"order": order})
    return True


def find_page_blockers(page: Page, shop: Offered) -> Iterator[str]:
    """Yield a sentence for each thing without which a page cannot be published, in whatever language."""
    yield from find_blockers(page.body_markdown)
    for language in shop.others:  # of another one nobody reads a text, until `check_languages` has asked
        blockers = find_translated_blockers(page, language)
        yield from (f"In {language.name.title()}: {blocker}" for blocker in blockers)


def find_translated_blockers(page: Page, language: Language) -> Iterator[str]:
    """Yield nothing where there is no translation: the original is shown then."""
    text = find_text(page.translations, language, "body_markdown")
    if text:
        yield from find_blockers(text)


def find_blockers(body_markdown: str) -> Iterator[str]:
    """Yield a sentence for each thing without which a text cannot be published."""
    if not without_note(body_markdown):
        yield "Write a text first."
    placeholders = find_placeholders(body_markdown)
    if placeholders:
        yield f"Still to be filled in: {', '.join(placeholders)}."


def _check_text(body_markdown: str) -> None:
    blockers = list(find_blockers(body_markdown))
    if blockers:
        raise PageRefused({"body_markdown": f"This page is published. {' '.join(blockers)}"})


def _check_kind(session: Session, kind: LegalKind | None, page_id: int) -> None:
    taken = exists().where(Page.legal_kind == kind, Page.id != page_id)
    if kind is not None and session.scalar(select(taken)):
        raise _kind_taken(kind)


def _kind_taken(kind: LegalKind) -> PageRefused:
    return PageRefused({"legal_kind": f"Another page is the shop's {kind.value} already: change that one."})


def _free_slug(session: Session, slug: str) -> str:
    """Return the slug, or the first one with a number that no page has."""
    for number in range(1, MOST_TRIES):
        candidate = slug if number == 1 else f"{slug[: LONGEST_SLUG - 3].rstrip('-')}-{number}"
        if not session.scalar(select(exists().where(Page.slug == candidate))):
            return candidate
    raise _taken(slug)


def _taken(slug: str) -> PageRefused:
    return PageRefused({"slug": f"{slug} is the address of another page: take another one."})
