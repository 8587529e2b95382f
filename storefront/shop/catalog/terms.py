"""What a sale promises of a product: decided by the settings of its day, and kept with the sale."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from storefront.shop.catalog.models import Edition, KeySource, Product


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleTerms:
    """The settings that decide what a buyer gets. None: no limit, or never. `OrderItem` has these columns."""

    grants_license: bool = False
    grants_download: bool = False
    one_key_per_order_item: bool = False
    activation_limit: int | None = None
    seats: int | None = None
    license_days: int | None = None
    license_until: datetime | None = None
    update_days: int | None = None
    download_limit: int | None = None
    download_days: int | None = None


EDITION_LIMITS = ("activation_limit", "seats", "update_days")  # what an edition may say for itself
NO_TERMS = SaleTerms()  # of a line that we do not know


def terms_of_today(product: Product, edition: Edition | None) -> SaleTerms:
    """Return what a sale promises now. What an edition says counts before what its product says."""
    return SaleTerms(
        grants_license=product.grants_license,
        grants_download=product.grants_download,
        one_key_per_order_item=product.one_key_per_order_item,
        activation_limit=_own(edition.activation_limit if edition else None, product.activation_limit),
        seats=_own(edition.seats if edition else None, product.seats),
        license_days=product.license_days,
        license_until=product.license_until,
        update_days=_own(edition.update_days if edition else None, product.update_days),
        download_limit=product.download_limit,
        download_days=product.download_days,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldProduct:
    """What of a product decides how the keys of a sale are made. `Product` has these columns."""

    id: int
    grants_license: bool
    key_source: KeySource
    license_prefix: str


def sold_product(product: Product) -> SoldProduct:
    return SoldProduct(**{name: getattr(product, name) for name in _SOLD})


_TERMS = tuple(field.name for field in fields(SaleTerms))
_SOLD = tuple(field.name for field in fields(SoldProduct))
_products, _editions = Product.__table__.c, Edition.__table__.c

# The same for statements that join both without loading them: two entities cost more than the statement.
SALE_COLUMNS = (
    _products.id.label("sold_id"),
    _products.key_source,
    _products.license_prefix,
    *(_products[name] for name in _TERMS),
    *(_editions[name].label(f"edition_{name}") for name in EDITION_LIMITS),
)


def sold_product_of_row(row: Row[*tuple[Any, ...]]) -> SoldProduct:
    """Return what a row with `SALE_COLUMNS` says of its product."""
    return SoldProduct(
        id=row.sold_id,
        grants_license=row.grants_license,
        key_source=KeySource(row.key_source),
        license_prefix=row.license_prefix,
    )


def terms_of_row(row: Row[*tuple[Any, ...]]) -> SaleTerms:
    """Return `terms_of_today` of a row with `SALE_COLUMNS`."""
    said = row._mapping  # noqa: SLF001 - its public name in SQLAlchemy
    terms = {name: said[name] for name in _TERMS}
    return SaleTerms(**terms | {name: _own(said[f"edition_{name}"], said[name]) for name in EDITION_LIMITS})


def _own(of_edition: int | None, of_product: int | None) -> int | None:
    return of_product if of_edition is None else of_edition
