"""One price as a cart needs it: what it sells, for how much, and whether it is for sale."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from storefront.core.config.checkout_ui import CheckoutUi
from storefront.core.db import db
from storefront.shop.catalog.models import FOR_SALE, WITH_PAGE, Edition, Price, Product, ProductAlias
from storefront.shop.catalog.parts import has_pool, includes_pool, includes_something
from storefront.shop.catalog.queries import is_for_sale, select_active_prices
from storefront.shop.translations.read import said


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """`is_for_sale` is False when the price or its product was withdrawn. `is_chosen`: the buyer says how much.

    An upgrade is sold only to who has the license that it is for: it is not for sale here.

    `has_page` is False when nobody sees the product.
    """

    price_id: int
    product_id: int
    product_name: str
    slug: str
    edition_id: int
    edition: str
    edition_key: str
    own_edition: str  # its name in the shop's own language, as links of the owner may say it
    amount_minor: int
    is_chosen: bool
    least_minor: int | None  # set where the buyer says how much
    most_minor: int | None
    currency: str
    is_for_sale: bool
    has_page: bool
    checkout_ui: CheckoutUi | None  # where it is paid; None: as the shop
    is_bundle: bool
    is_upgrade: bool
    has_pool: bool  # of its own or of a part; known of what was asked for by its id


def find_offers(price_ids: Iterable[int]) -> dict[int, Offer]:
    """Return offers by price id, also withdrawn ones; ids that do not exist are left out."""
    wanted = list(price_ids)
    if not wanted:
        return {}
    rows = db.session.execute(
        select(Price, Edition, Product, includes_something(), includes_pool())
        .join(Edition, Edition.id == Price.edition_id)
        .join(Product, Product.id == Edition.product_id)
        .where(Price.id.in_(wanted))
    )
    return {row[0].id: _offer(*row) for row in rows}


def list_offers(product: Product, *, is_main_first: bool = True) -> list[Offer]:
    """Return what a product is sold for now, in the owner's order of editions; nothing if it is not for sale."""
    if product.state not in FOR_SALE:
        return []
    prices = select_active_prices(product.id, is_main_first=is_main_first)
    rows = db.session.execute(prices.add_columns(includes_something())).all()
    return [_offer(price, edition, product, is_bundle) for price, edition, is_bundle in rows]


def find_newer(old: Iterable[Offer]) -> dict[int, Offer]:
    """Return what took the place of these prices, by their ids: the same edition in the same currency."""
    places = {offer.price_id: (offer.edition_id, offer.currency) for offer in old}
    if not places:
        return {}
    rows = db.session.execute(
        select(Price, Edition, Product, includes_something())
        .join(Edition, Edition.id == Price.edition_id)
        .join(Product, Product.id == Edition.product_id)
        .where(Price.edition_id.in_({edition_id for edition_id, _currency in places.values()}), is_for_sale())
    )
    sold = {(row[0].edition_id, row[0].currency): _offer(*row) for row in rows}
    return {price_id: sold[place] for price_id, place in places.items() if place in sold}


def find_prices_in(edition_ids: Iterable[int], currency: str) -> dict[int, int]:
    """Return the ids of the prices in this currency by the edition that is for sale at it."""
    rows = db.session.execute(
        select(Price.edition_id, Price.id)
        .join(Edition, Edition.id == Price.edition_id)
        .join(Product, Product.id == Edition.product_id)
        .where(Price.edition_id.in_(set(edition_ids)), Price.currency == currency, is_for_sale())
    )
    return {edition_id: price_id for edition_id, price_id in rows}  # noqa: C416 - dict() is not typed for rows


def are_of_one_edition(price_ids: Iterable[int]) -> bool:
    """Tell whether these prices, of today or of before, sell one edition. One statement, where they differ."""
    wanted = set(price_ids)
    if len(wanted) == 1:
        return True
    editions = db.session.scalars(select(Price.edition_id).where(Price.id.in_(wanted)).distinct())
    return len(editions.all()) == 1


def find_prices_beside(slugs: Sequence[str], currency: str, *, without: Iterable[int]) -> list[int]:
    """Return a price of each of these products: its first edition in this currency that costs a fixed amount.

    Products that one of the prices `without` sells are left out.
    """
    held = (
        select(Edition.product_id).join(Price, Price.edition_id == Edition.id).where(Price.id.in_(list(without)))
    )
    named = Product.slug.in_(slugs) | Product.id.in_(
        select(ProductAlias.product_id).where(ProductAlias.slug.in_(slugs))
    )
    rows = db.session.execute(
        select(Edition.product_id, Price.id)
        .join(Price, Price.edition_id == Edition.id)
        .join(Product, Product.id == Edition.product_id)
        .where(
            named,
            is_for_sale(),
            Price.currency == currency,
            Price.least_minor.is_(None),
            Price.amount_minor > 0,
            Product.id.not_in(held),
        )
        .order_by(Product.position, Product.id, Edition.position.desc(), Edition.id.desc())
    )
    first = {product_id: price_id for product_id, price_id in rows}  # noqa: C416 - dict() is not typed for rows
    return list(first.values())


def _offer(price: Price, edition: Edition, product: Product, is_bundle: bool, is_part_pool: bool = False) -> Offer:
    """Return an offer whose names are in the language of now."""
    return Offer(
        price_id=price.id,
        product_id=product.id,
        product_name=said(product).name,
        slug=product.slug,
        edition_id=edition.id,
        edition=said(edition).name,
        edition_key=edition.key,
        own_edition=edition.name,
        amount_minor=price.amount_minor,
        is_chosen=price.least_minor is not None,
        least_minor=price.least_minor,
        most_minor=price.most_minor,
        currency=price.currency,
        is_for_sale=price.is_active and edition.is_active and product.state in FOR_SALE,
        has_page=product.state in WITH_PAGE,
        checkout_ui=product.checkout_ui,
        is_bundle=is_bundle,
        has_pool=is_part_pool or has_pool(product),
        is_upgrade=price.upgrades_from_id is not None,
    )
