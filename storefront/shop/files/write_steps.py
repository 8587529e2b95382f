"""Does what a plan says, by the acts of the editor, inside one transaction that the caller opens."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.shop.catalog.models import Edition, KeySource, Product, ProductState
from storefront.shop.catalog.notes import write_notes
from storefront.shop.catalog.publish import write_publication, write_withdrawal
from storefront.shop.catalog.queries import lock_product
from storefront.shop.catalog.releases import ReleaseState, lock_release
from storefront.shop.catalog.terms import EDITION_LIMITS
from storefront.shop.catalog.upload import StoredFile, record_release
from storefront.shop.editor.editions import (
    get_edition,
    make_edition,
    order_editions,
    write_edition,
    write_switch,
)
from storefront.shop.editor.order import order_products
from storefront.shop.editor.parts import INCLUDES, write_parts
from storefront.shop.editor.prices import drop_price, write_price
from storefront.shop.editor.product_settings import write_settings
from storefront.shop.editor.products import add_aliases, make_product, write_slug, write_texts
from storefront.shop.editor.states import write_state
from storefront.shop.files import fields
from storefront.shop.files.objects import Fields, Kind, Ref, product_ref
from storefront.shop.files.page_steps import publish_pages, write_email_step, write_page_steps
from storefront.shop.files.plan import ORDERS, Act, Plan, Step
from storefront.shop.files.release_order import oldest_first
from storefront.shop.files.store import StoredThings
from storefront.shop.files.translations import write_translation
from storefront.shop.looks.change import CHOSEN, clean_looks
from storefront.shop.looks.files import LooksFile, write_file
from storefront.shop.media.models import Picture, ProductSample
from storefront.shop.media.pictures import place_picture, show_picture, take_picture_off, write_alt
from storefront.shop.media.samples import offer_sample, order_samples, take_sample_off, write_title
from storefront.shop.pages.consent import CONSENT
from storefront.shop.pages.edit import order_pages
from storefront.shop.profile.change import WORDS
from storefront.shop.profile.referrers import REFERRERS
from storefront.shop.profile.reminders import REMINDERS
from storefront.shop.profile.row import write_part
from storefront.shop.profile.saved_cards import SAVED_CARDS

STEPS_IN_ORDER = (Act.REMOVE, Act.CHANGE, Act.MAKE)  # what goes makes room, and gives its name away
AfterProduct = Callable[[Session, Product], None]
TEXTS = {
    known.name: known.column
    for known in (*fields.PRODUCT, fields.DESCRIPTION)
    if known.name not in {*fields.SETTINGS, "state", "first_slug", "aliases"}
}


def write_plan(
    session: Session,
    plan: Plan,
    orders: dict[tuple[str, str], list[str]],
    stored: StoredThings,
    after_product: AfterProduct | None,
) -> None:
    """Make and change everything, in an order in which each act finds what it needs.

    `orders` are the names of what each product of the folder holds, in its order. `after_product` is called with
    each product whose settings changed.
    """
    writer = _Writer(session, plan, orders, stored)
    for slug in sorted(filter(None, writer.steps), key=lambda slug: _place_of(writer.steps[slug])):
        writer.write_product(slug, after_product)
    write_page_steps(session, plan.of_kind(Kind.PAGE))
    for step in plan.of_kind(Kind.EMAIL):
        write_email_step(session, step)
    for step in plan.of_kind(Kind.SHOP):
        _write_shop(session, step.values)
    for step in plan.of_kind(Kind.TRANSLATION):
        if not step.ref.product:
            session.flush()
            write_translation(session, None, step.ref, step.values)
    publish_pages(session, plan.of_kind(Kind.PAGE))
    for step in plan.of_kind(Kind.LOOKS):
        write_file(session, LooksFile(step.ref.name), stored.looks[step.ref])
    _rename_products(session, plan)


def _place_of(steps: list[Step]) -> int:
    """Return 2 for bundles, behind what they include, and 1 for what is none any more and may be a part now.

    3 for what becomes a bundle: it may be a part until the bundles of before are written.
    """
    editions = [step for step in steps if step.ref.kind is Kind.EDITION]
    changed = [change for step in editions for change in step.changes if change.field == INCLUDES]
    if not any(change.after for change in changed):
        return 1 if changed else 0
    return 2 if any(change.before for change in changed) else 3


def _rename_products(session: Session, plan: Plan) -> None:
    """Rename last: until here each is called as the plan calls it."""
    for step in plan.of_kind(Kind.PRODUCT):
        if step.act is Act.CHANGE and "slug" in step.values:
            write_slug(session, lock_product(session, step.ref.product), step.values["slug"])


def _write_shop(session: Session, values: Fields) -> None:
    for part, cleaned in (
        (WORDS, _pick(values, WORDS.columns)),
        (CONSENT, _pick(values, CONSENT.columns)),
        (SAVED_CARDS, _pick(values, SAVED_CARDS.columns)),
        (REMINDERS, _pick(values, REMINDERS.columns)),
        (REFERRERS, _pick(values, REFERRERS.columns)),
        (CHOSEN, clean_looks(_pick(values, CHOSEN.columns))),
    ):
        if cleaned:
            write_part(session, part, cleaned)
    if "page_order" in values:
        order_pages(session, values["page_order"])
    if "order" in values:
        order_products(session, values["order"])


def _pick(values: Fields, names: Iterable[str]) -> Fields:
    return {name: values[name] for name in names if name in values}


def _own_step(steps: list[Step], slug: str) -> Step | None:
    return next((step for step in steps if step.ref == product_ref(slug)), None)


def _settings_of(values: Fields) -> dict[str, Any]:
    settings: dict[str, Any] = {name: values[name] for name in fields.SETTINGS & values.keys()}
    if "key_source" in settings:
        settings["key_source"] = KeySource(settings["key_source"])
    return settings


class _Writer:
    def __init__(
        self, session: Session, plan: Plan, orders: dict[tuple[str, str], list[str]], stored: StoredThings
    ) -> None:
        self._session = session
        self.steps: dict[str, list[Step]] = {}  # by product
        for step in plan.steps:
            self.steps.setdefault(step.ref.product, []).append(step)
        self._orders = orders
        self._stored = stored

    def _steps_of(self, slug: str) -> list[Step]:
        return sorted(self.steps[slug], key=lambda step: STEPS_IN_ORDER.index(step.act))

    def write_product(self, slug: str, after_product: AfterProduct | None) -> None:
        steps = self._steps_of(slug)
        own = _own_step(steps, slug)
        if own is not None and own.act is Act.MAKE:
            self._make(own)
        product = lock_product(self._session, slug)
        if own is not None:
            self._write_own(product, own)
        self._write_parts(product, steps)
        self._write_orders(product, slug, steps)
        self._write_releases(product, slug, steps)
        self._session.flush()
        for step in steps:
            if step.ref.kind is Kind.TRANSLATION:
                write_translation(self._session, product, step.ref, step.values)
        if own is not None:
            self._write_last(product, own, after_product)

    def _write_parts(self, product: Product, steps: list[Step]) -> None:
        for kind, write in (
            (Kind.EDITION, self._write_edition),
            (Kind.PRICE, self._write_price),
            (Kind.PICTURE, self._write_picture),
            (Kind.SAMPLE, self._write_sample),
        ):
            for step in [step for step in steps if step.ref.kind is kind]:
                write(product, step)

    def _make(self, step: Step) -> None:
        values = step.values
        texts = {column: values[name] for name, column in TEXTS.items() if name in values}
        make_product(self._session, step.ref.product, texts, first_slug=values.get("first_slug", ""))

    def _write_own(self, product: Product, step: Step) -> None:
        values = step.values
        texts = {column: values[name] for name, column in TEXTS.items() if name in values}
        if step.act is Act.CHANGE and texts:
            write_texts(self._session, product, texts)
        if "aliases" in values:
            add_aliases(self._session, product, [slug for slug in values["aliases"] if slug != product.slug])
        settings = _settings_of(values)
        if settings:
            is_new = step.act is Act.MAKE
            write_settings(self._session, product, product, settings, allows_past=is_new)

    def _write_last(self, product: Product, step: Step, after_product: AfterProduct | None) -> None:
        """Write what needs all the rest: a product is sold once everything is there."""
        values = step.values
        if step.act is Act.REMOVE:
            write_state(self._session, product, ProductState.RETIRED)
        elif "state" in values:
            write_state(self._session, product, ProductState(values["state"]))
        if after_product is not None and fields.SETTINGS & values.keys():
            self._session.flush()
            after_product(self._session, product)

    def _make_edition(self, product: Product, key: str, values: Fields) -> Edition:
        texts = {"line": "", **{name: value for name, value in values.items() if name not in EDITION_LIMITS}}
        limits = {name: value for name, value in values.items() if name in EDITION_LIMITS}
        return make_edition(self._session, product, texts, limits, key=key)

    def _write_edition(self, product: Product, step: Step) -> None:
        values = {name: value for name, value in step.values.items() if name not in ("is_active", INCLUDES)}
        if step.act is Act.MAKE:
            edition = self._make_edition(product, step.ref.name, values)
        else:
            edition = get_edition(self._session, product, step.ref.name)
            write_edition(self._session, product, edition, values, renamed=self._find_renamed(product))
        if INCLUDES in step.values:
            write_parts(self._session, product, edition, step.values[INCLUDES])
        if step.act is Act.REMOVE or "is_active" in step.values:
            write_switch(self._session, product, edition, is_active=step.values.get("is_active", False))

    def _find_renamed(self, product: Product) -> set[str]:
        """Return the keys of editions whose names change."""
        return {
            step.ref.name
            for step in self.steps[product.slug]
            if step.ref.kind is Kind.EDITION and "name" in step.values
        }

    def _write_price(self, product: Product, step: Step) -> None:
        edition = get_edition(self._session, product, step.ref.name)
        if step.act is Act.REMOVE:
            drop_price(self._session, product, edition, step.ref.part)
        else:
            write_price(self._session, product, edition, step.ref.part, step.values["amount"])

    def _write_picture(self, product: Product, step: Step) -> None:
        if step.act is Act.MAKE:
            values = self._stored.pictures[step.ref]
            show_picture(self._session, product, step.ref.name, values, step.values.get("alt", ""))
        elif step.act is Act.REMOVE:
            take_picture_off(self._session, product, self._find_picture(step.ref.name))
        else:
            write_alt(self._session, product, self._find_picture(step.ref.name), step.values["alt"])

    def _find_picture(self, sha256: str) -> int:
        return self._session.scalars(select(Picture.id).where(Picture.sha256 == sha256)).one()

    def _write_sample(self, product: Product, step: Step) -> None:
        if step.act is Act.MAKE:
            offer_sample(self._session, product, self._stored.samples[step.ref], step.values["title"])
            return
        of_product = (ProductSample.product_id == product.id, ProductSample.sha256 == step.ref.name)
        sample_id = self._session.scalars(select(ProductSample.id).where(*of_product)).one()
        if step.act is Act.REMOVE:
            take_sample_off(self._session, product, sample_id)
        else:
            write_title(self._session, product, sample_id, step.values["title"])

    def _write_orders(self, product: Product, slug: str, steps: list[Step]) -> None:
        """Put lists into the order that was planned; of what is new, into that of the folder."""
        own = _own_step(steps, slug)
        if own is None:
            return
        for name in ORDERS:
            names = self._orders.get((slug, name)) if own.act is Act.MAKE else own.values.get(name)
            if names:
                self._order(product, name, names)

    def _order(self, product: Product, name: str, names: list[str]) -> None:
        if name == "editions":
            order_editions(self._session, product, names)
        elif name == "samples":
            order_samples(self._session, product, names)
        else:
            self._order_pictures(product, names)

    def _order_pictures(self, product: Product, hashes: list[str]) -> None:
        for position, sha256 in enumerate(hashes, start=1):
            place_picture(self._session, product, self._find_picture(sha256), position)

    def _write_releases(self, product: Product, slug: str, steps: list[Step]) -> None:
        files: dict[Ref, list[StoredFile]] = {}
        for step in steps:
            if step.ref.kind is Kind.FILE:
                files.setdefault(step.ref.release, []).append(self._stored.files[step.ref])
        of_releases = {step.ref: step for step in steps if step.ref.kind is Kind.RELEASE}
        for ref in oldest_first(of_releases.keys() | files.keys()):  # one without a date is published now
            self._write_release(product, slug, ref, of_releases.get(ref), files.get(ref, []))

    def _write_release(
        self, product: Product, slug: str, ref: Ref, step: Step | None, files: list[StoredFile]
    ) -> None:
        values: Fields = step.values if step is not None else {}
        is_new = step is not None and step.act is Act.MAKE
        if is_new or files:
            record_release(
                self._session,
                slug=slug,
                product_id=product.id,
                version=ref.name,
                stored=files,
                notes=values.get("notes", ""),
                published_at=_find_date(values, is_new=is_new),
            )
        release = lock_release(self._session, slug, ref.name)
        if not is_new and "notes" in values:
            write_notes(self._session, slug, release, values["notes"])
        if _is_withdrawn(values, step):
            write_withdrawal(self._session, slug, release)
        elif values.get("state") == ReleaseState.PUBLISHED and not is_new:
            write_publication(self._session, slug, release, published_at=values.get("published_at"))


def _is_withdrawn(values: Fields, step: Step | None) -> bool:
    return values.get("state") == ReleaseState.WITHDRAWN or (step is not None and step.act is Act.REMOVE)


def _find_date(values: Fields, *, is_new: bool) -> datetime | None:
    """Return the day of publication; a new release without a state and a date is published now."""
    date: datetime | None = values.get("published_at")
    if date is None and is_new and values.get("state", ReleaseState.PUBLISHED) == ReleaseState.PUBLISHED:
        return clock.now()
    return date
