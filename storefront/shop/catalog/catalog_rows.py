"""The statement of the catalog, in the language of its page: a row for each price of each product."""

import json
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

from sqlalchemy import Row, Select, Text, cast, exists, join, outerjoin, select

from storefront.core.languages import Language, offered
from storefront.shop.catalog.models import LISTED, BundlePart, Edition, Price, Product, ProductState
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


def find_searched() -> tuple[Language, ...]:
    """Return in which languages a search looks beside the shop's own and that of its page."""
    shop = offered()
    return tuple(each for each in shop.languages if each not in (shop.own, asked_language()))


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
        *(
            find_column_in(column, language).label(f"{column.name}_{language}")
            for column in (_PRODUCTS.name, _PRODUCTS.summary, _PRODUCTS.tags)
            for language in searched
        ),
    )


@dataclass(frozen=True, slots=True)
class CardWords:
    """What a card says, in the language of its page, and by what else it is found: its originals and more."""

    name: str
    summary: str
    tags: tuple[str, ...]
    other_words: tuple[str, ...] = ()
    other_tags: tuple[str, ...] = ()


def words_of_row(row: Row[Any], searched: tuple[Language, ...]) -> CardWords:
    """Return what the first row of a product says of it."""
    tags = as_original(json.loads(row.tags)) if row.told_tags is None else json.loads(row.told_tags)
    found = row._mapping  # noqa: SLF001 - what SQLAlchemy documents for columns by name
    words = (found[f"{column}_{language}"] for column in ("name", "summary") for language in searched)
    told_tags = (json.loads(found[f"tags_{language}"] or "[]") for language in searched)
    return CardWords(
        pick(row.told_name, row.name),
        pick(row.told_summary, row.summary),
        tuple(tags),
        other_words=(row.name, row.summary, *filter(None, words)),
        other_tags=tuple(chain(json.loads(row.tags), *told_tags)),
    )
