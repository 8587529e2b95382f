"""Every product with its state, its prices and how many orders hold it."""

from dataclasses import dataclass

from sqlalchemy import func, select, union
from sqlalchemy.orm import Session

from storefront.core.db import db
from storefront.core.money import format_money
from storefront.orders.models import Grant, Order, OrderItem
from storefront.orders.queries import order_in_running_mode
from storefront.shop.catalog.amounts import Amount, amount_of_price, amount_words, least_of
from storefront.shop.catalog.models import Edition, Price, Product, ProductState


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedProduct:
    """`prices` are written out, an entry for each currency: the lowest, with "from" where there are several."""

    slug: str
    name: str
    state: ProductState
    prices: tuple[str, ...]
    orders: int


def list_all_products() -> list[ListedProduct]:
    """Return products in the owner's order, in three statements."""
    products = db.session.scalars(select(Product).order_by(Product.position, Product.id)).all()
    prices, orders = _read_prices(), _count_orders(db.session())
    return [
        ListedProduct(
            slug=product.slug,
            name=product.name,
            state=product.state,
            prices=tuple(_words(currency, amounts) for currency, amounts in prices.get(product.id, {}).items()),
            orders=orders.get(product.id, 0),
        )
        for product in products
    ]


def count_orders(product_id: int) -> int:
    """Return how many orders of the running mode were granted something of this product."""
    return _count_orders(db.session(), product_id).get(product_id, 0)


def _read_prices() -> dict[int, dict[str, list[Amount]]]:
    """Return the amounts by product and currency."""
    rows = db.session.execute(
        select(Edition.product_id, Price)
        .join(Price, Price.edition_id == Edition.id)
        .where(Edition.is_active, Price.is_active)
        .order_by(Edition.position, Edition.id, Price.id)
    )
    by_product: dict[int, dict[str, list[Amount]]] = {}
    for product_id, price in rows:
        by_product.setdefault(product_id, {}).setdefault(price.currency, []).append(amount_of_price(price))
    return by_product


def _words(currency: str, amounts: list[Amount]) -> str:
    if len(amounts) == 1:
        return amount_words(amounts[0], currency)
    return f"from {format_money(min(map(least_of, amounts)), currency)}"


def _count_orders(session: Session, *product_ids: int) -> dict[int, int]:
    # A bundle has none of the grants of its parts, and was bought all the same.
    granted = select(Grant.product_id, OrderItem.order_id).join(OrderItem, OrderItem.id == Grant.order_item_id)
    bought = select(OrderItem.product_id, OrderItem.order_id).join(Grant, Grant.order_item_id == OrderItem.id)
    held = union(granted, bought).subquery()
    counts = (
        select(held.c.product_id, func.count(func.distinct(held.c.order_id)))
        .join(Order, Order.id == held.c.order_id)
        .where(order_in_running_mode())
        .group_by(held.c.product_id)
    )
    if product_ids:
        counts = counts.where(held.c.product_id.in_(product_ids))
    return {product_id: count for product_id, count in session.execute(counts)}  # noqa: C416 - dict() is not typed for rows


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductName:
    slug: str
    name: str


def list_names() -> list[ProductName]:
    """Return the names of all products in the owner's order, also of retired ones."""
    rows = db.session.execute(select(Product.slug, Product.name).order_by(Product.position, Product.id))
    return [ProductName(slug=row.slug, name=row.name) for row in rows]
