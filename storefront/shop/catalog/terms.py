"""What a sale promises of a product: decided by the settings of its day, and kept with the sale."""

from dataclasses import dataclass
from datetime import datetime

from storefront.shop.catalog.models import Edition, Product


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


def _own(of_edition: int | None, of_product: int | None) -> int | None:
    return of_product if of_edition is None else of_edition
