"""What the shop has, as things and fields: everything that a folder can hold. A statement for each table."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.shop.catalog.amounts import amount_of_price
from storefront.shop.catalog.models import Edition, Price, Product, ProductAlias, Release, ReleaseFile
from storefront.shop.catalog.parts import read_part_names
from storefront.shop.catalog.queries import by_currency
from storefront.shop.catalog.releases import state_of
from storefront.shop.editor.parts import INCLUDES
from storefront.shop.emails.models import EmailText
from storefront.shop.emails.queries import select_texts
from storefront.shop.files import fields
from storefront.shop.files.objects import SHOP, Fields, Kind, Objects, Ref, product_ref
from storefront.shop.files.translations import Held, read_kept
from storefront.shop.looks.change import CHOSEN
from storefront.shop.media.keep import at_home
from storefront.shop.media.models import Picture, ProductPicture, ProductSample
from storefront.shop.media.words import clean_filename
from storefront.shop.pages.consent import CONSENT
from storefront.shop.pages.models import Page
from storefront.shop.pages.queries import select_pages
from storefront.shop.profile.change import WORDS
from storefront.shop.profile.models import THE_ONE, ShopProfile
from storefront.shop.profile.referrers import REFERRERS
from storefront.shop.profile.reminders import REMINDERS
from storefront.shop.profile.saved_cards import SAVED_CARDS

FRESH = {"populate_existing": True}


def read_shop(session: Session) -> Objects:
    """Return the shop in the order of its pages.

    Beside its own fields a product has `slug`, and the orders of what it holds: `editions`, `pictures`, `samples`.
    """
    products = session.scalars(
        select(Product).order_by(Product.position, Product.id).execution_options(**FRESH)
    ).all()
    slugs = {product.id: product.slug for product in products}
    held = {product.id: Held([], [], []) for product in products}
    pages = session.scalars(select_pages().execution_options(**FRESH)).all()
    objects: Objects = dict(_read_face(session, list(slugs.values()), pages))
    for product in products:
        objects[product_ref(product.slug)] = _product_fields(product)
    for alias, product_id in session.execute(
        select(ProductAlias.slug, ProductAlias.product_id).order_by(ProductAlias.slug)
    ):
        objects[product_ref(slugs[product_id])]["aliases"].append(alias)
    objects.update(_read_editions(session, slugs, objects, held))
    objects.update(_read_media(session, slugs, objects, held))
    objects.update(_read_releases(session, slugs))
    profile = session.get(ShopProfile, THE_ONE)
    objects.update(read_kept(products, held, pages, profile))
    return objects


def _page_fields(page: Page) -> Fields:
    return {known.name: getattr(page, known.column) for known in (*fields.PAGE, fields.BODY)}


def _email_fields(row: EmailText) -> Fields:
    return {known.name: getattr(row, known.column) for known in (*fields.EMAIL, fields.EMAIL_BODY)}


def _read_face(session: Session, order: list[str], pages: Sequence[Page]) -> Iterator[tuple[Ref, Fields]]:
    for page in pages:
        yield Ref(Kind.PAGE, name=page.slug), _page_fields(page)
    for row in session.scalars(select_texts().execution_options(populate_existing=True)):
        yield Ref(Kind.EMAIL, name=f"{row.kind}.{row.language}"), _email_fields(row)
    orders: Fields = {"order": order, "page_order": [page.slug for page in pages]}
    profile = session.get(ShopProfile, THE_ONE, populate_existing=True)
    switches: dict[str, Any] = {}
    for part in (CONSENT, REFERRERS, REMINDERS, SAVED_CARDS):
        switches |= part.read(profile)
    yield SHOP, WORDS.read(profile) | CHOSEN.read(profile) | switches | orders
    for name in fields.LOOKS:
        kept = getattr(profile, name, None)
        if kept is not None:
            values = {"sha256": kept["sha256"], "filename": kept["filename"], "path": at_home(kept["path"])}
            yield Ref(Kind.LOOKS, name=name), values


def _product_fields(product: Product) -> Fields:
    values: Fields = {
        known.name: getattr(product, known.column)
        for known in (*fields.PRODUCT, fields.DESCRIPTION)
        if known.name != "aliases"
    }
    return values | {"slug": product.slug, "aliases": [], **{name: [] for name in fields.LISTS}}


def _read_editions(
    session: Session, slugs: dict[int, str], objects: Objects, held: Mapping[int, Held]
) -> Iterator[tuple[Ref, Fields]]:
    editions = session.scalars(
        select(Edition).order_by(Edition.product_id, Edition.position, Edition.id).execution_options(**FRESH)
    ).all()
    refs = {edition.id: Ref(Kind.EDITION, slugs[edition.product_id], edition.key) for edition in editions}
    parts = read_part_names(session, refs)
    for edition in editions:
        ref = refs[edition.id]
        objects[product_ref(ref.product)]["editions"].append(edition.key)
        held[edition.product_id].editions.append(edition)
        own = {known.name: getattr(edition, known.column) for known in fields.EDITION if known.name != INCLUDES}
        yield ref, own | {INCLUDES: parts.get(edition.id, [])}
    yield from _read_prices(session, refs)


def _read_prices(session: Session, editions: Mapping[int, Ref]) -> Iterator[tuple[Ref, Fields]]:
    prices = select(Price).where(Price.is_active).order_by(by_currency())
    for price in session.scalars(prices.execution_options(**FRESH)):
        _kind, slug, key, _part = editions[price.edition_id]
        yield Ref(Kind.PRICE, slug, key, price.currency), {"amount": amount_of_price(price)}


def _read_media(
    session: Session, slugs: dict[int, str], objects: Objects, held: Mapping[int, Held]
) -> Iterator[tuple[Ref, Fields]]:
    pictures = (
        select(ProductPicture, Picture.sha256, Picture.filename, Picture.path)
        .join(Picture, Picture.id == ProductPicture.picture_id)
        .order_by(ProductPicture.product_id, ProductPicture.position, ProductPicture.id)
    )
    for shown, sha256, filename, path in session.execute(pictures.execution_options(**FRESH)):
        ref = Ref(Kind.PICTURE, slugs[shown.product_id], sha256)
        objects[product_ref(ref.product)]["pictures"].append(sha256)
        held[shown.product_id].pictures.append((shown, sha256))
        yield ref, {"alt": shown.alt, "filename": clean_filename(filename), "path": path}
    samples = select(ProductSample).order_by(ProductSample.product_id, ProductSample.position, ProductSample.id)
    for sample in session.scalars(samples.execution_options(**FRESH)):
        ref = Ref(Kind.SAMPLE, slugs[sample.product_id], sample.sha256)
        objects[product_ref(ref.product)]["samples"].append(sample.sha256)
        held[sample.product_id].samples.append(sample)
        yield (
            ref,
            {
                "title": sample.title,
                "filename": clean_filename(sample.filename),
                "path": at_home(sample.path),
            },
        )


def _read_releases(session: Session, slugs: dict[int, str]) -> Iterator[tuple[Ref, Fields]]:
    releases = session.scalars(
        select(Release).order_by(Release.product_id, Release.id).execution_options(**FRESH)
    ).all()
    refs = {release.id: Ref(Kind.RELEASE, slugs[release.product_id], release.version) for release in releases}
    for release in releases:
        yield (
            refs[release.id],
            {
                "state": state_of(release).value,
                "published_at": release.published_at,
                "notes": release.notes,
            },
        )
    rows = session.execute(
        select(
            ReleaseFile.release_id,
            ReleaseFile.filename,
            ReleaseFile.sha256,
            ReleaseFile.path,
            ReleaseFile.size_bytes,
        ).order_by(ReleaseFile.release_id, ReleaseFile.filename)
    )
    for row in rows:
        ref = refs[row.release_id]
        values: dict[str, Any] = {"sha256": row.sha256, "path": row.path, "size_bytes": row.size_bytes}
        yield Ref(Kind.FILE, ref.product, ref.name, row.filename), values
