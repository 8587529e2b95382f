"""Settings of a product, and what they mean for its keys: who waited may be served, and warnings may be over."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from storefront.core.runtime import settings
from storefront.delivery.licenses.pools.fill_backorders import fill_backorders
from storefront.delivery.licenses.pools.notices import settle_pool_notices
from storefront.shop.catalog.models import Product
from storefront.shop.editor.product_settings import ProductSettings, change_product_settings


def change_product(
    slug: str,
    values: dict[str, Any],
    *,
    edition: str | None = None,
    shown: Mapping[str, str] | None = None,
) -> tuple[ProductSettings, int]:
    """Change settings of a product, and what they mean for keys and warnings: see `change_product_settings`.

    Returns its settings, and how many keys went to orders that waited: a pool whose keys are made here from now on
    leaves nobody waiting.
    """
    changed = change_product_settings(slug, values, edition=edition, shown=shown, in_transaction=settle_notices)
    return changed, fill_backorders()


def settle_notices(session: Session, product: Product) -> None:
    """End the warnings that are over with changed settings, inside the transaction that changed them."""
    settle_pool_notices(session, settings().mode, [product.id])
