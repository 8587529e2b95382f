"""How a product's licenses and downloads work: what an owner sets. Licenses that are sold keep their terms."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.core import clock
from storefront.core.db import db, transaction
from storefront.core.errors import NotFound, StorefrontError
from storefront.shop.catalog.models import KeySource, Price, Product

PRODUCT_FIELDS = (
    "grants_license",
    "grants_download",
    "key_source",
    "license_prefix",
    "one_key_per_order_item",
    "activation_limit",
    "seats",
    "license_days",
    "license_until",
    "update_days",
    "download_limit",
    "download_days",
    "pool_low_at",
    "pool_very_low_at",
)
MOST_DEVICES = 10_000  # of one key, whatever its seller allows: a list that a page and a lock can bear
PRICE_FIELDS = ("activation_limit", "seats")
MAX_PREFIX = 12
TEST_PREFIX = "TEST"  # of keys that a test order gets where no test keys were imported


class SettingRefused(StorefrontError):
    code = "setting_refused"
    title = "This setting cannot be used"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionSettings:
    price_id: int
    edition: str
    activation_limit: int | None
    seats: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductSettings:
    """`values` are columns of the product by name; None is no limit."""

    slug: str
    name: str
    values: dict[str, bool | int | str | datetime | None]
    editions: tuple[EditionSettings, ...]


def list_slugs() -> list[tuple[str, str]]:
    """(slug, name) of every product, in the owner's order."""
    rows = db.session.execute(select(Product.slug, Product.name).order_by(Product.position, Product.id))
    return [(slug, name) for slug, name in rows]


def get_product_settings(slug: str) -> ProductSettings:
    product = db.session.scalars(
        select(Product).where(Product.slug == slug).execution_options(populate_existing=True)
    ).one_or_none()
    if product is None:
        raise not_found(slug)
    prices = db.session.scalars(
        select(Price)
        .where(Price.product_id == product.id, Price.is_active)
        .order_by(Price.position, Price.id)
        .execution_options(populate_existing=True)
    )
    return ProductSettings(
        slug=product.slug,
        name=product.name,
        values={name: getattr(product, name) for name in PRODUCT_FIELDS},
        editions=tuple(
            EditionSettings(
                price_id=price.id,
                edition=price.edition,
                activation_limit=price.activation_limit,
                seats=price.seats,
            )
            for price in prices
        ),
    )


def not_found(slug: str) -> NotFound:
    return NotFound(f"There is no product {slug}. `storefront products list` shows what there is.")


Also = Callable[[Session, Product], None]


def change_product_settings(
    slug: str, values: dict[str, Any], *, edition: str | None = None, also: Also | None = None
) -> ProductSettings:
    """Of the product, or of one edition by its name; `also` runs in the same transaction. Safe to repeat.

    Raises:
        NotFound: no such product or edition.
        SettingRefused: a value that cannot be; nothing is changed.
    """
    allowed = PRICE_FIELDS if edition else PRODUCT_FIELDS
    unknown = sorted(set(values) - set(allowed))
    if unknown:
        raise SettingRefused(f"{', '.join(unknown)}: an edition has {' and '.join(PRICE_FIELDS)} of its own only.")
    if "license_prefix" in values:
        values = values | {"license_prefix": values["license_prefix"] or ""}
    _check(values)
    with transaction() as session:
        # FOR NO KEY UPDATE: sales refer to the product, and must not wait.
        lock = select(Product).where(Product.slug == slug).with_for_update(key_share=True)
        product = session.scalars(lock.execution_options(populate_existing=True)).one_or_none()
        if product is None:
            raise not_found(slug)
        target: Product | Price = product
        if edition:
            found = session.scalars(
                select(Price).where(Price.product_id == product.id, Price.edition == edition, Price.is_active)
            ).first()
            if found is None:
                raise NotFound(f"{product.name} has no edition {edition}.")
            target = found
        for name, value in values.items():
            setattr(target, name, value)
        if product.key_source is KeySource.POOL and not product.grants_license:
            raise SettingRefused("Imported keys need a product that grants a license: add --license.")
        if product.pool_very_low_at > product.pool_low_at:
            raise SettingRefused("The second warning comes at fewer keys than the first.")
        if also:
            session.flush()
            also(session, product)
    return get_product_settings(slug)


def _check(values: dict[str, Any]) -> None:
    for name, value in values.items():
        if isinstance(value, int) and not isinstance(value, bool) and not 0 <= value <= 1_000_000:
            raise SettingRefused(f"{name} must be from 0 to 1000000.")
    prefix = values.get("license_prefix", "")
    if prefix and not (prefix.isascii() and prefix.isalnum() and prefix.isupper() and len(prefix) <= MAX_PREFIX):
        raise SettingRefused(f"A prefix is up to {MAX_PREFIX} capital letters and digits.")
    if prefix == TEST_PREFIX:
        raise SettingRefused(f"{TEST_PREFIX} is what keys of test orders begin with: take another prefix.")
    until = values.get("license_until")
    if until is not None and until <= clock.now():
        raise SettingRefused("--license-until is over: keys would be sold that never worked.")
    if values.get("license_days") == 0:
        raise SettingRefused("0 days would sell a key that never works: take `none` for no end.")
    if (values.get("activation_limit") or 0) > MOST_DEVICES:
        raise SettingRefused(
            f"activation_limit must be at most {MOST_DEVICES}; a key without a limit has as many devices."
        )
    if values.get("activation_limit") == 0:
        raise SettingRefused(
            "A limit of 0 devices would sell a key that nobody can use: take `none` for no limit."
        )
