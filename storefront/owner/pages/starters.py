"""Texts to start legal pages from: what the shop knows is filled in, what only its owner knows is in brackets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import select

from storefront.core.config.settings import BUCKETS
from storefront.core.db import db
from storefront.core.languages import offered
from storefront.core.runtime import settings
from storefront.customers.signed_in_browsers import IDLE
from storefront.shop.catalog.license_words import license_words
from storefront.shop.catalog.models import FOR_SALE, Edition, Product
from storefront.shop.pages import edit
from storefront.shop.pages.models import LegalKind
from storefront.shop.profile.form_fields import FieldKind, read_fields
from storefront.shop.profile.read import read_profile
from storefront.web.sessions import LIFETIME_SECONDS

DAY_SECONDS = 24 * 60 * 60
TITLES = {
    LegalKind.IMPRINT: "Imprint",
    LegalKind.TERMS: "Terms of sale",
    LegalKind.PRIVACY: "Privacy",
    LegalKind.REFUNDS: "Refunds",
}
TEXTS = {
    LegalKind.IMPRINT: "owner/pages/imprint.md",
    LegalKind.TERMS: "owner/pages/terms.md",
    LegalKind.PRIVACY: "owner/pages/privacy.md",
    LegalKind.REFUNDS: "owner/pages/refunds.md",
}
MOST_LINES = 30  # of a list of editions; a larger shop's terms lead to the products' pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    title: str
    body_markdown: str


def _read_asked(form_fields: str) -> dict[str, Any]:
    """Return what Checkout asks for beside what every shop knows of its buyers."""
    asked = read_fields(form_fields)
    labels = [field.label for field in asked if field.kind is not FieldKind.PHONE]
    return {"asks_phone": len(labels) < len(asked), "asked": labels}


def make_starter(kind: LegalKind) -> Starter:
    """Return a page of this kind to go on from: in plain English, true for this shop, and no legal advice."""
    profile = read_profile()
    address = [line.strip() for line in profile.postal_address.splitlines() if line.strip()]
    template = current_app.jinja_env.get_template(TEXTS[kind])
    body = template.render(
        profile=profile,
        seller=_name_seller(profile.legal_name, address),
        address=address or ["[your street and number]", "[your postal code, city and country]"],
        languages=_name_languages(),
        **_read_asked(profile.form_fields),
        shop=settings(),
        cookie=current_app.config["SESSION_COOKIE_NAME"],
        cookie_days=LIFETIME_SECONDS // DAY_SECONDS,
        idle_days=IDLE.days,
        is_bucket=urlsplit(settings().files_url).scheme in BUCKETS,
        allows=_read_licenses() if kind is LegalKind.TERMS else [],
    )
    return Starter(title=TITLES[kind], body_markdown=body.strip())


def _name_seller(name: str, address: Sequence[str]) -> str:
    """Return who sells and where on one line, as the profile says it."""
    if not (name or address):
        return "[your name and address]"
    return ", ".join([name or "[your name or company]", *(address or ["[your address]"])])


def _name_languages() -> list[str]:
    """Return what the shop speaks, its own language first."""
    spoken = offered()
    return [spoken.own.name.title(), *(each.name.title() for each in spoken.languages if each is not spoken.own)]


def _read_licenses() -> list[str]:
    """Return a line for each edition that is for sale and brings a key; nothing where there are too many."""
    rows = db.session.execute(
        select(Product, Edition)
        .join(Edition, Edition.product_id == Product.id)
        .where(Product.state.in_(FOR_SALE), Edition.is_active, Product.grants_license)
        .order_by(Product.position, Product.id, Edition.position, Edition.id)
    )
    lines = [
        f"{product.name}, {edition.name}: {'; '.join(license_words(product, edition))}"
        for product, edition in rows
    ]
    return lines if len(lines) <= MOST_LINES else []


def create_page(title: str, *, slug: str = "", kind: str | None = None, body_markdown: str | None = None) -> str:
    """Make a draft; one of a kind starts from its text where no other is given. Returns its slug.

    Raises:
        PageRefused: as `edit.create_page`.
    """
    if not kind:
        return edit.create_page(title, slug=slug, body_markdown=body_markdown or "")
    starter = make_starter(LegalKind(kind))
    text = starter.body_markdown if body_markdown is None else body_markdown
    return edit.create_page(title or starter.title, slug=slug, body_markdown=text, legal_kind=kind)
