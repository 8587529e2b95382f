"""The one reader of the shop's profile: at most one statement a request, and none where nobody asks for it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from urllib.parse import quote

from flask import g
from sqlalchemy import Select, exists, select
from sqlalchemy.exc import SQLAlchemyError

from storefront.core.db import db
from storefront.core.email_addresses import Mailbox
from storefront.core.languages import Language, offered
from storefront.core.page_state import Mark, forget_mark, read_mark
from storefront.core.runtime import Part, settings
from storefront.migrations.state import find_trouble
from storefront.shop.discounts.models import is_promotion
from storefront.shop.looks.chosen import Looks, looks_of
from storefront.shop.pages.models import LegalKind, Page
from storefront.shop.profile.models import ShopProfile
from storefront.shop.translations.read import (
    SHOP_TEXTS,
    as_original,
    asked_language,
    find_column_in,
    find_text,
    pick,
)

COLUMNS = tuple(column for column in ShopProfile.__table__.columns if column.name != "id")
LAST_READ: "Part[Profile | None]" = Part("profile", lambda: None)
KEPT: "Part[tuple[Mark, Profile] | None]" = Part("kept profile", lambda: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLink:
    slug: str
    title: str
    legal_kind: LegalKind | None
    titles: Mapping[str, str] = field(default_factory=dict)  # in other languages


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What pages and mails say: `name`, `support_address` and `mail_sender` are never empty, other texts may be.

    `support_email` is what the owner wrote; where that is none, people write to the sender of the mails.
    """

    name: str
    tagline: str = ""
    about: str = ""  # Markdown
    announcement: str = ""
    support_email: str = ""
    support_address: str
    mail_sender: Mailbox
    mail_greeting: str = ""
    mail_signature: str = ""
    mail_footer: str = ""
    form_fields: str = ""
    frame_origins: str = ""
    languages: str = ""  # see `languages.py`
    legal_name: str = ""  # who sells, on receipts
    postal_address: str = ""
    tax_id: str = ""
    time_zone: str = ""  # by its IANA name; empty is UTC
    main_currency: str = ""  # see `main_currency.py`
    looks: Looks = field(default_factory=Looks)
    asks_consent: bool = False
    consent_text: str = ""
    saves_cards: bool = False
    sends_reminders: bool = False
    ignores_referrers: bool = False
    has_promotion: bool = False  # a discount that applies by itself, whether it runs or is to come
    pages: tuple[PageLink, ...] = ()  # that are published, in the owner's order
    translations: Mapping[str, Any] = field(default_factory=dict)  # of its own texts

    def mailto(self, subject: str = "") -> str:
        """Return a link that opens a mail to the shop (RFC 6068)."""
        address = f"mailto:{quote(self.support_address, safe='@+')}"
        return f"{address}?subject={quote(subject, safe='')}" if subject else address


def read_profile() -> Profile:
    """Return the profile as committed now, and the same one until this request ends.

    Error pages need no database: they say what was read last, or what the settings say.
    """
    if "profile" not in g:
        may_ask = "outage" not in g and not ("is_error_page" in g and LAST_READ.get())
        g.profile = _ask() if may_ask else LAST_READ.get() or profile_of({})
    profile: Profile = g.profile
    return profile


def read_told_profile() -> Profile:
    """Return the profile with its texts, and the titles of its pages, in the language of this page or email."""
    profile = read_profile()
    language = None if "outage" in g else asked_language()
    if language is None:
        return profile
    kept: tuple[Profile, Language, Profile] | None = g.get("told_profile")
    if kept is None or kept[0] is not profile or kept[1] is not language:
        kept = g.told_profile = profile, language, _in_language(profile, language)
    return kept[2]


def profiles_in_languages() -> Iterator[Profile]:
    """Yield the profile as the owner wrote it, then in each other language that the shop offers."""
    profile = read_profile()
    yield profile
    for language in offered().others:
        yield _in_language(profile, language)


def _in_language(profile: Profile, language: Language) -> Profile:
    texts = {name: find_text(profile.translations, language, name) for name in SHOP_TEXTS}
    told = {name: as_original(getattr(profile, name)) if text is None else text for name, text in texts.items()}
    pages = tuple(replace(page, title=pick(page.titles.get(language), page.title)) for page in profile.pages)
    return replace(profile, pages=pages, **told)


def read_profile_anew() -> Profile:
    """For what outlives a request: a worker, and whoever has just changed the profile."""
    g.pop("profile", None)
    forget_mark()
    return read_profile()


@contextmanager
def showing(profile: Profile) -> Iterator[None]:
    """Let every template say this one: for a preview of words that are not saved."""
    before = read_profile()
    g.profile = profile
    try:
        yield
    finally:
        g.profile = before


def profile_of(texts: Mapping[str, Any], pages: tuple[PageLink, ...] = ()) -> Profile:
    """Return what these columns mean; those that are absent are empty."""
    shop = settings()
    name = texts.get("name") or shop.shop_name
    sender_name = texts.get("mail_sender_name") or shop.mail_from.name or name
    kept = (
        "tagline",
        "about",
        "announcement",
        "support_email",
        "mail_greeting",
        "mail_signature",
        "mail_footer",
        "form_fields",
        "frame_origins",
        "languages",
        "legal_name",
        "postal_address",
        "tax_id",
        "time_zone",
        "main_currency",
        "consent_text",
    )
    return Profile(
        name=name,
        support_address=texts.get("support_email") or shop.mail_from.address,
        mail_sender=Mailbox(name=sender_name, address=shop.mail_from.address),
        looks=looks_of(texts),
        asks_consent=bool(texts.get("asks_consent")),
        saves_cards=bool(texts.get("saves_cards")),
        sends_reminders=bool(texts.get("sends_reminders")),
        ignores_referrers=bool(texts.get("ignores_referrers")),
        has_promotion=bool(texts.get("has_promotion")),
        pages=pages,
        translations=texts.get("translations") or {},
        **{column: texts.get(column, "") for column in kept},
    )


def _ask() -> Profile:
    try:
        return _read()
    except SQLAlchemyError as error:
        db.session.rollback()
        if find_trouble(error) is not None:
            g.outage = True  # so that nothing else waits for this database before the answer leaves
        elif "is_error_page" not in g:
            raise
        return LAST_READ.get() or profile_of({})


def _read() -> Profile:
    """Read it, or take the one that was read at the mark that stands now."""
    mark = read_mark()
    kept = KEPT.get()
    if kept is not None and kept[0] == mark:
        return kept[1]
    profile = _read_rows()
    LAST_READ.set(profile)
    if mark is not None:
        KEPT.set((mark, profile))
    return profile


def _read_rows() -> Profile:
    rows = [dict(row) for row in db.session.execute(_select()).mappings()]
    links = tuple(_link(row) for row in rows if row["page_slug"])
    return profile_of(rows[0] if rows else {}, links)


@cache
def _select() -> Select[Any]:
    """Select the one row, once for each published page: every page of the shop links them."""
    page = Page.__table__.c
    return (
        select(
            *COLUMNS,
            exists().where(*is_promotion()).label("has_promotion"),
            page.slug.label("page_slug"),
            page.title.label("page_title"),
            *(find_column_in(page.title, language).label(f"title_{language}") for language in Language),
            page.legal_kind,
        )
        .select_from(ShopProfile.__table__.outerjoin(Page.__table__, page.is_published))
        .order_by(page.position, page.id)
    )


def _link(row: Mapping[str, Any]) -> PageLink:
    titles = {language.value: row[f"title_{language}"] for language in Language if row[f"title_{language}"]}
    return PageLink(slug=row["page_slug"], title=row["page_title"], legal_kind=row["legal_kind"], titles=titles)
