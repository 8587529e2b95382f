"""The statement of the catalog, in the language of its page: a row for each price of each product."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, Text, cast, exists, join, outerjoin, select

from storefront.core.languages import Language
from storefront.shop.catalog.models import LISTED, BundlePart, Edition, Price, Product, ProductState
from storefront.shop.translations.read import as_original, find_column, pick

# The statement of the page that is asked for most: of tables, which cost half of what entities do.
_PRODUCTS = Product.__table__.c
_EDITIONS = Edition.__table__.c
_PRICES = Price.__table__.c
_PARTS = BundlePart.__table__.c
_INCLUDES = exists().where(_PARTS.edition_id == _EDITIONS.id)
_PRICED = join(Edition.__table__, Price.__table__, (_PRICES.edition_id == _EDITIONS.id) & _PRICES.is_active)
_CATALOG = (
    select(
        _PRODUCTS.id,
        _PRODUCTS.slug,
        _PRODUCTS.name,
        _PRODUCTS.summary,
        _PRODUCTS.grants_license,
        _PRODUCTS.grants_download,
        _PRODUCTS.tax_behavior,
        _PRODUCTS.state,
        cast(_PRODUCTS.tags, Text).label("tags"),  # as text, which can be compared with the state before
        _PRICES.id.label("price_id"),
        _EDITIONS.name.label("edition"),
        _EDITIONS.line,
        _PRICES.amount_minor,
        _PRICES.least_minor,
        _PRICES.most_minor,
        _PRICES.currency,
        _INCLUDES.label("is_bundle"),
    )
    .select_from(
        outerjoin(
            Product.__table__,
            _PRICED,
            (_EDITIONS.product_id == _PRODUCTS.id)
            & _EDITIONS.is_active
            & (_PRODUCTS.state != ProductState.ANNOUNCED),
        )
    )
    .where(_PRODUCTS.state.in_(LISTED))
    .order_by(_PRODUCTS.position, _PRODUCTS.id, _EDITIONS.position, _EDITIONS.id, _PRICES.id)
)


@cache
def select_catalog(_language: Language | None) -> Select[*tuple[Any, ...]]:
    """Select the catalog with its texts in this language, which is that of now. Built once for each."""
    return _CATALOG.add_columns(
        find_column(_PRODUCTS.name).label("told_name"),
        find_column(_PRODUCTS.summary).label("told_summary"),
        find_column(_PRODUCTS.tags).label("told_tags"),
        find_column(_EDITIONS.name).label("told_edition"),
        find_column(_EDITIONS.line).label("told_line"),
    )


@dataclass(frozen=True, slots=True)
class CardWords:
    """What a card says, in the language of its page."""

    name: str
    summary: str
    tags: tuple[str, ...]


def words_of_row(row: Row[Any]) -> CardWords:
    """Return what the first row of a product says of it."""
    tags = as_original(json.loads(row.tags)) if row.told_tags is None else json.loads(row.told_tags)
    return CardWords(pick(row.told_name, row.name), pick(row.told_summary, row.summary), tuple(tags))
