"""Every product with its state, its prices and how many orders hold it."""

from dataclasses import dataclass

from sqlalchemy import Select, Subquery, func, select, union_all
from sqlalchemy.orm import Session

from storefront.core.db import db
from storefront.core.money import format_money
from storefront.orders.models import Grant, ItemPart, Order, OrderItem
from storefront.orders.queries import order_in_running_mode, part_of_grant
from storefront.shop.catalog.amounts import Amount, amount_of_price, amount_words, least_of
from storefront.shop.catalog.models import Edition, Price, Product, ProductState
from storefront.shop.catalog.queries import by_currency

MOST_COUNTED = 1000  # orders of one product: more is "1000 or more", at a million orders, too
MOST_PRICES = 3  # that a cell writes out
MOST_READ = 2 * MOST_COUNTED  # an order may hold several editions of one product


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedProduct:
    """`prices` are written out, an entry for each currency: the lowest, with "from" where there are several.

    `orders` is at most 1000, which then means as many or more.
    """

    slug: str
    name: str
    state: ProductState
    prices: tuple[str, ...]
    orders: int

    @property
    def price_words(self) -> str:
        """Return the prices for a cell of a table: of many currencies the first, and how many more there are."""
        if len(self.prices) > MOST_PRICES:
            return f"{self.prices[0]} and {len(self.prices) - 1} more"
        return " · ".join(self.prices) or "No price yet"

    @property
    def orders_words(self) -> str:
        return f"{self.orders} or more" if self.orders >= MOST_COUNTED else str(self.orders)


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
    """Return in how many orders of the running mode it was handed out: at most 1000, which is as many or more."""
    return _count_orders(db.session(), product_id).get(product_id, 0)


def _read_prices() -> dict[int, dict[str, list[Amount]]]:
    """Return the amounts by product and currency."""
    rows = db.session.execute(
        select(Edition.product_id, Price)
        .join(Price, Price.edition_id == Edition.id)
        .where(Edition.is_active, Price.is_active)
        .order_by(Edition.position, Edition.id, by_currency())
    )
    by_product: dict[int, dict[str, list[Amount]]] = {}
    for product_id, price in rows:
        by_product.setdefault(product_id, {}).setdefault(price.currency, []).append(amount_of_price(price))
    return by_product


def _words(currency: str, amounts: list[Amount]) -> str:
    if len(amounts) == 1:
        return amount_words(amounts[0], currency)
    return f"from {format_money(min(map(least_of, amounts)), currency)}"


def select_order_counts() -> Select[int, int]:
    """Select the id of each product, and in how many orders of the running mode something of it was handed out.

    Looks at no more than `MOST_READ` lines of a product that were bought, and as many parts of bundles.
    """
    bought = _limited(
        select(OrderItem.order_id)
        .where(OrderItem.product_id == Product.id)
        .where(select(Grant.id).where(Grant.order_item_id == OrderItem.id).correlate(OrderItem).exists())
    )
    in_bundles = _limited(
        select(OrderItem.order_id)
        .join(ItemPart, ItemPart.order_item_id == OrderItem.id)
        .where(ItemPart.product_id == Product.id)
        .where(select(Grant.id).where(part_of_grant()).correlate(ItemPart).exists())
    )
    held = union_all(select(bought), select(in_bundles)).subquery()
    return select(Product.id, select(func.count(func.distinct(held.c.order_id))).scalar_subquery())


def _limited(lines: Select[int]) -> Subquery:
    """Of a bundle no grant is its own, and it was bought all the same: the caller says which grants count."""
    of_mode = lines.join(Order, Order.id == OrderItem.order_id).where(order_in_running_mode())
    return of_mode.correlate(Product).limit(MOST_READ).subquery()


def _count_orders(session: Session, *product_ids: int) -> dict[int, int]:
    counts = select_order_counts()
    if product_ids:
        counts = counts.where(Product.id.in_(product_ids))
    return {product_id: min(count, MOST_COUNTED) for product_id, count in session.execute(counts)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductName:
    slug: str
    name: str


def list_names() -> list[ProductName]:
    """Return the names of all products in the owner's order, also of retired ones."""
    rows = db.session.execute(select(Product.slug, Product.name).order_by(Product.position, Product.id))
    return [ProductName(slug=row.slug, name=row.name) for row in rows]
