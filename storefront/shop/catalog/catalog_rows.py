"""The statement of the catalog, in the language of its page: a row for each price of each product."""

import json
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Text, cast, exists, join, outerjoin, select

from storefront.core.languages import Language, offered
from storefront.shop.catalog.models import LISTED, BundlePart, Edition, Price, Product, ProductState
from storefront.shop.catalog.queries import by_currency, new_at
from storefront.shop.translations.read import as_original, asked_language, find_column, find_column_in, pick

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
        new_at().label("new_at"),
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
    .order_by(_PRODUCTS.position, _PRODUCTS.id, _EDITIONS.position, _EDITIONS.id, by_currency())
)
SHOWN = len(_CATALOG.selected_columns) + 5  # columns; behind them stand those of other languages


def find_searched() -> tuple[Language, ...]:
    """Return in which languages a search looks beside the shop's own and that of its page."""
    shop = offered()
    return tuple(sorted({*shop.languages} - {shop.own, asked_language()}))


@cache
def select_catalog(_language: Language | None, searched: tuple[Language, ...]) -> Select[*tuple[Any, ...]]:
    """Select the catalog with its texts in this language, which is that of now. Built once for each.

    `searched` are other languages in which names, taglines and tags are found.
    """
    return _CATALOG.add_columns(
        find_column(_PRODUCTS.name).label("told_name"),
        find_column(_PRODUCTS.summary).label("told_summary"),
        find_column(_PRODUCTS.tags).label("told_tags"),
        find_column(_EDITIONS.name).label("told_edition"),
        find_column(_EDITIONS.line).label("told_line"),
        *chain(*map(_columns_in, searched)),
    )


def _columns_in(language: Language) -> tuple[ColumnElement[str | None], ...]:
    name, summary, tags = _PRODUCTS.name, _PRODUCTS.summary, _PRODUCTS.tags
    return (
        find_column_in(name, language).label(f"name_{language}"),
        find_column_in(summary, language).label(f"summary_{language}"),
        find_column_in(tags, language).label(f"tags_{language}"),
    )


@dataclass(frozen=True, slots=True)
class CardWords:
    """What a card says, in the language of its page, and by what else it is found: its originals and more."""

    name: str
    summary: str
    tags: tuple[str, ...]
    other_words: tuple[str, ...] = ()
    other_tags: tuple[str, ...] = ()


def words_of_row(row: Row[Any]) -> CardWords:
    """Return what the first row of a product says of it."""
    tags = as_original(json.loads(row.tags)) if row.told_tags is None else json.loads(row.told_tags)
    others = row[SHOWN:]  # name, tagline and tags, of one language after the other
    return CardWords(
        pick(row.told_name, row.name),
        pick(row.told_summary, row.summary),
        tuple(tags),
        other_words=(row.name, row.summary, *filter(None, others[0::3] + others[1::3])),
        other_tags=tuple(chain(*map(json.loads, (row.tags, *filter(None, others[2::3]))))),
    )
