"""What the shop's pages show of its products: only what is published, and prices that are active."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import groupby
from typing import Any, NamedTuple

from markupsafe import Markup
from sqlalchemy import Row, select

from storefront.core.db import db
from storefront.core.errors import NotFound
from storefront.core.languages import Language
from storefront.core.texts import marked
from storefront.shop.catalog.amounts import amount_of, amount_words
from storefront.shop.catalog.catalog_rows import CardWords, find_searched, select_catalog, words_of_row
from storefront.shop.catalog.currency import main_currency, put_main_first
from storefront.shop.catalog.latest_release import LatestRelease, find_latest_release
from storefront.shop.catalog.license_words import license_words
from storefront.shop.catalog.markdown import render_markdown
from storefront.shop.catalog.models import (
    LISTED,
    WITH_PAGE,
    Edition,
    Price,
    Product,
    ProductState,
)
from storefront.shop.catalog.parts import IncludedPart, has_pool, includes_something, list_included
from storefront.shop.catalog.plain_words import plain
from storefront.shop.catalog.queries import is_called, select_active_prices
from storefront.shop.translations.read import asked_language, pick, said


class MovedPage(Exception):
    """The product has another address by now: `slug` is its slug."""

    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedEdition:
    """An edition at its price in one currency. `line` says who it is for."""

    price_id: int
    name: str
    line: str
    amount_minor: int
    least_minor: int | None  # set where the buyer chooses
    most_minor: int | None
    currency: str

    @property
    def is_free(self) -> bool:
        return self.amount_minor == 0

    @property
    def is_chosen(self) -> bool:
        return self.least_minor is not None

    @property
    def may_be_free(self) -> bool:
        return not self.lowest_minor

    @property
    def lowest_minor(self) -> int:
        """Return the least that is paid."""
        return self.amount_minor if self.least_minor is None else self.least_minor

    @property
    def price_words(self) -> str:
        return amount_words(amount_of(self.amount_minor, self.least_minor, self.most_minor), self.currency)


@dataclass(frozen=True, kw_only=True)  # without slots, as it keeps what is compared in each search
class ProductCard:
    """`editions` are those with a price in `currency`; `currencies` are all that the product has prices in."""

    product_id: int
    slug: str
    new_at: datetime  # when it was first listed
    name: str
    summary: str
    grants_license: bool
    grants_download: bool
    editions: tuple[OfferedEdition, ...]
    currencies: tuple[str, ...]
    tags: tuple[str, ...]
    tax_behavior: str
    is_announced: bool = False  # nobody buys it yet
    is_bundle: bool = False
    other_words: tuple[str, ...] = ()  # by what a search finds it, beside what the card says
    other_tags: tuple[str, ...] = ()

    @property
    def lowest(self) -> OfferedEdition | None:
        """Return the price that a card advertises."""
        return min(self.editions, key=lambda edition: edition.lowest_minor, default=None)

    @property
    def currency(self) -> str:
        return self.editions[0].currency if self.editions else ""

    @cached_property
    def plain_name(self) -> str:
        return plain(self.name)

    @cached_property
    def plain_words(self) -> str:
        """Return all words by which a search finds it."""
        return plain(" ".join((self.name, self.summary, *self.tags, *self.other_words, *self.other_tags)))

    @cached_property
    def spellings(self) -> Mapping[str, str]:
        """Return the tags as they are compared, each with how it is written first."""
        return {plain(tag): tag for tag in reversed(self.tags)}

    @cached_property
    def plain_tags(self) -> frozenset[str]:
        return frozenset(map(plain, (*self.tags, *self.other_tags)))


@dataclass(frozen=True, slots=True)
class EditionTerms:
    """What the license of an edition allows, in words."""

    edition: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """What somebody says of a product, as its seller chose. `link` is where it stands, or empty."""

    text: str
    who: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedBundle:
    """What one edition includes. `separately_minor` is what all of it costs one by one, where that is more."""

    edition: str
    parts: tuple[IncludedPart, ...]
    separately_minor: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPage:
    """`is_listed` is False for a page that only a link leads to: search engines leave it out.

    `offers` are its editions in every currency; the card has those of one.
    """

    card: ProductCard
    offers: tuple[OfferedEdition, ...]
    is_listed: bool
    description: Markup
    requirements: Markup
    questions: tuple[tuple[str, Markup], ...]
    quotes: tuple[Quote, ...]
    terms: tuple[EditionTerms, ...]
    search_title: str
    search_text: str
    release: LatestRelease | None
    bundles: tuple[OfferedBundle, ...] = ()
    has_pool: bool = False

    @property
    def has_equal_terms(self) -> bool:
        """Tell whether several editions allow the same."""
        return len(self.terms) > 1 and len({of_edition.words for of_edition in self.terms}) == 1


class _Currency(NamedTuple):
    """Codes, or nothing: what a visitor chose, and what the owner made the main one."""

    chosen: str
    main: str

    def pick_of(self, currencies: tuple[str, ...]) -> str:
        """Return which of a product's is shown; `currencies` are in order."""
        return self.chosen if self.chosen in currencies else next(iter(currencies), "")


def list_products(currency: str = "", *, is_searched: bool = False) -> tuple[ProductCard, ...]:
    """Return every published or announced product in the owner's order. One statement, however many products.

    Each is in this currency, where it has a price in it, and else in its own first one: the shop's main one, where
    it has a price in that. Where somebody searches,
    cards are found by their words in every language: a link may come from a page in another one.
    """
    language, searched = asked_language(), find_searched() if is_searched else ()
    rows = tuple(db.session.execute(select_catalog(language, searched)))
    return _cards(rows, _Currency(currency, main_currency()), language)


@lru_cache(maxsize=4 * len(Language))  # searched or not, in two currencies
def _cards(rows: tuple[Row[Any], ...], currency: _Currency, _language: Language | None) -> tuple[ProductCard, ...]:
    """Make the cards once for each state of the catalog: the same rows in one language are the same cards."""
    cards: list[ProductCard] = []
    for _slug, group in groupby(rows, key=lambda row: row.slug):
        product_rows = list(group)
        editions = [_offered(row) for row in product_rows if row.price_id is not None]
        is_bundle = any(row.is_bundle for row in product_rows if row.price_id is not None)
        words = words_of_row(product_rows[0])
        cards.append(_card(product_rows[0], words, editions, currency, is_bundle=is_bundle))
    return tuple(cards)


def get_product_page(slug: str, currency: str = "", *, price_id: int = 0) -> ProductPage:
    """Return all that a product's page shows, in three statements; see `list_products` for the currency.

    It is that of the price, where the product is sold at this one. What a bundle includes costs one more.

    Raises:
        MovedPage: the product has another address by now.
        NotFound: the product is unknown, or nobody may see it; the answer does not tell which.
    """
    return read_product_page(get_shown_product(slug), currency, price_id=price_id)


def get_shown_product(slug: str) -> Product:
    """Return the product whose page has this address. Raises as `get_product_page` does."""
    product = None
    if "\0" not in slug:  # PostgreSQL refuses it
        product = db.session.scalar(select(Product).where(is_called(slug), Product.state.in_(WITH_PAGE)))
    if product is None:
        raise NotFound(marked("This product isn't available. It may have been renamed or retired."))
    if product.slug != slug:
        raise MovedPage(product.slug)
    return product


def read_product_page(product: Product, currency: str = "", *, price_id: int = 0) -> ProductPage:
    """Return what the page of this product shows, in whatever state it is. An announced one has no price yet."""
    words = said(product)
    rows = _read_prices(product)
    prices = [(price, said(edition)) for price, edition, _is_bundle in rows]
    editions = [_offer_of(price, edition) for price, edition in prices]
    bundles = {edition.id: said(edition) for _price, edition, is_bundle in rows if is_bundle}
    currency = _currency_of(price_id, editions) or currency
    shown = CardWords(words.name, words.summary, tuple(words.tags))
    wanted = _Currency(currency, main_currency())
    card = _card(product, shown, editions, wanted, is_bundle=bool(bundles))
    return ProductPage(
        card=card,
        bundles=_read_bundles(bundles, card) if bundles else (),
        offers=tuple(editions),
        is_listed=product.state in LISTED,
        description=render_markdown(words.description_markdown),
        requirements=render_markdown(words.requirements),
        questions=_rendered(words.questions),
        quotes=tuple(Quote(*quote) for quote in product.quotes),
        terms=_terms_of(product, (edition for _price, edition in prices)),
        search_title=words.search_title,
        search_text=words.search_text,
        release=find_latest_release(product.id),
        has_pool=has_pool(product),
    )


def _read_prices(product: Product) -> Sequence[Row[Price, Edition, bool]]:
    if product.state is ProductState.ANNOUNCED:
        return ()
    return db.session.execute(select_active_prices(product.id).add_columns(includes_something())).all()


def _terms_of(product: Product, editions: Iterable[Edition]) -> tuple[EditionTerms, ...]:
    terms = {edition.id: EditionTerms(edition.name, license_words(product, edition)) for edition in editions}
    return tuple(of_edition for of_edition in terms.values() if of_edition.words)


def _currency_of(price_id: int, offers: Iterable[OfferedEdition]) -> str:
    return next((offer.currency for offer in offers if offer.price_id == price_id), "")


def _rendered(questions: Iterable[tuple[str, str]]) -> tuple[tuple[str, Markup], ...]:
    return tuple((question, render_markdown(answer)) for question, answer in questions)


def _offer_of(price: Price, edition: Edition) -> OfferedEdition:
    return OfferedEdition(
        price_id=price.id,
        name=edition.name,
        line=edition.line,
        amount_minor=price.amount_minor,
        least_minor=price.least_minor,
        most_minor=price.most_minor,
        currency=price.currency,
    )


def _read_bundles(editions: Mapping[int, Edition], card: ProductCard) -> tuple[OfferedBundle, ...]:
    included = list_included(editions, currency=card.currency)
    amounts = {edition.name: edition.amount_minor for edition in card.editions}
    return tuple(
        _bundle(edition.name, included[edition_id], amounts.get(edition.name))
        for edition_id, edition in editions.items()
        if edition_id in included
    )


def _bundle(edition: str, parts: tuple[IncludedPart, ...], amount_minor: int | None) -> OfferedBundle:
    alone = [part.amount_minor for part in parts if part.amount_minor is not None]
    is_more = amount_minor is not None and len(alone) == len(parts) and sum(alone) > amount_minor
    return OfferedBundle(edition=edition, parts=parts, separately_minor=sum(alone) if is_more else None)


def _card(
    product: Product | Row[Any],
    words: CardWords,
    editions: list[OfferedEdition],
    currency: _Currency,
    *,
    is_bundle: bool,
) -> ProductCard:
    currencies = put_main_first((edition.currency for edition in editions), currency.main)
    shown = currency.pick_of(currencies)
    return ProductCard(
        product_id=product.id,
        slug=product.slug,
        new_at=product.new_at,
        name=words.name,
        summary=words.summary,
        grants_license=product.grants_license,
        grants_download=product.grants_download,
        editions=tuple(edition for edition in editions if edition.currency == shown),
        currencies=currencies,
        tags=words.tags,
        tax_behavior=product.tax_behavior,
        is_announced=product.state is ProductState.ANNOUNCED,
        is_bundle=is_bundle,
        other_words=words.other_words,
        other_tags=words.other_tags,
    )


def _offered(row: Row[Any]) -> OfferedEdition:
    return OfferedEdition(
        price_id=row.price_id,
        name=pick(row.told_edition, row.edition),
        line=pick(row.told_line, row.line),
        amount_minor=row.amount_minor,
        least_minor=row.least_minor,
        most_minor=row.most_minor,
        currency=row.currency,
    )
