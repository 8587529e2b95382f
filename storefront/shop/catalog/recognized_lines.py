"""Which of our prices and products Stripe's lines are: by their mirrors, or by our own metadata at Stripe."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from storefront.core.db import db
from storefront.shop.catalog.mirrors import in_running_mode
from storefront.shop.catalog.models import Edition, Price, Product, StripeMirror
from storefront.shop.catalog.terms import NO_TERMS, SaleTerms, terms_of_today
from storefront.stripe_api.seen import SeenLine


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognizedLine:
    """What a line of Stripe's is to us, and what a sale of it promises; ids are None for a line we do not know."""

    price_id: int | None
    product_id: int | None
    terms: SaleTerms


UNKNOWN = RecognizedLine(price_id=None, product_id=None, terms=NO_TERMS)


@dataclass(frozen=True, slots=True)
class _Mirrored:
    """Our prices and products by Stripe's ids of them."""

    by_price: dict[str, RecognizedLine]
    by_product: dict[str, RecognizedLine]

    def find_price(self, line: SeenLine) -> RecognizedLine | None:
        return self.by_price.get(line.stripe_price_id or "")

    def find_product(self, line: SeenLine) -> RecognizedLine:
        return self.by_product.get(line.stripe_product_id or "", UNKNOWN)


def recognize_lines(lines: Iterable[SeenLine], *, shop: str) -> dict[str, RecognizedLine]:
    """Return our price and product by line id. Two statements, however many lines.

    A mirror of the price counts first, then our metadata on Stripe's price, then a mirror of the product.
    """
    lines = list(lines)
    mirrored = _read_mirrors(lines)
    marked = _read_marked_prices([line for line in lines if line.metadata.get("storefront") == shop])
    return {
        line.id: mirrored.find_price(line) or marked.get(line.id) or mirrored.find_product(line) for line in lines
    }


def _read_mirrors(lines: Sequence[SeenLine]) -> _Mirrored:
    stripe_prices = {line.stripe_price_id for line in lines if line.stripe_price_id}
    stripe_products = {line.stripe_product_id for line in lines if line.stripe_product_id}
    rows = db.session.execute(
        select(
            StripeMirror.stripe_price_id,
            StripeMirror.stripe_product_id,
            StripeMirror.price_id,
            Product,
            Edition,
        )
        .join(Price, Price.id == StripeMirror.price_id)
        .join(Edition, Edition.id == Price.edition_id)
        .join(Product, Product.id == Edition.product_id)
        .where(
            in_running_mode(),
            StripeMirror.stripe_price_id.in_(stripe_prices) | StripeMirror.stripe_product_id.in_(stripe_products),
        )
        .execution_options(populate_existing=True)
    ).all()
    return _Mirrored(
        by_price={row.stripe_price_id: _recognized(row.Product, row.Edition, row.price_id) for row in rows},
        by_product={row.stripe_product_id: _recognized(row.Product) for row in rows},
    )


def _read_marked_prices(lines: Sequence[SeenLine]) -> dict[str, RecognizedLine]:
    """Return what our own metadata says of these lines, by line id, where there is such a price."""
    prices = {line.id: _number(line.metadata, "storefront_price") for line in lines}
    rows = db.session.execute(
        select(Price.id, Edition, Product)
        .join(Edition, Edition.id == Price.edition_id)
        .join(Product, Product.id == Edition.product_id)
        .where(Price.id.in_(set(prices.values())))
        .execution_options(populate_existing=True)
    )
    known = {row.id: _recognized(row.Product, row.Edition, row.id) for row in rows}
    return {line_id: known[price_id] for line_id, price_id in prices.items() if price_id in known}


def _recognized(product: Product, edition: Edition | None = None, price_id: int | None = None) -> RecognizedLine:
    return RecognizedLine(price_id=price_id, product_id=product.id, terms=terms_of_today(product, edition))


def _number(metadata: Mapping[str, str], name: str) -> int:
    """Return 0, which is no row's id, where there is no number."""
    value = metadata.get(name, "")
    return int(value) if value.isascii() and value.isdigit() else 0
