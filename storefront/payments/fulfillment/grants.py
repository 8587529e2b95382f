"""Items and grants that are missing: what a paid order hands out, made once by the schema's unique keys."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.orm import Session, aliased

from storefront.core.db import insert_missing, insert_returning
from storefront.customers.models import Customer, email_key
from storefront.customers.unproven import unproven_key
from storefront.delivery.licenses.issue import KeylessGrant, find_keyless_grants, issue_keys, to_keyless_grant
from storefront.delivery.licenses.pools.notices import settle_pool_notices
from storefront.orders.access import item_access
from storefront.orders.changes import ChangeKind, add_change
from storefront.orders.models import Grant, GrantKind, ItemPart, Order, OrderItem
from storefront.orders.terms import sold_terms
from storefront.shop.catalog.models import KeySource, Product
from storefront.shop.catalog.recognized_lines import RecognizedLine
from storefront.shop.catalog.terms import SaleTerms, SoldProduct, sold_product
from storefront.stripe_api.seen import SeenCheckout

OF_NEW = ("id", "order_item_id", "product_id", "kind", "ordinal", "is_keyless")


@dataclass(frozen=True, slots=True)
class Piece:
    """What is handed out for an item: its own product, or a part of a bundle."""

    item: OrderItem
    terms: SaleTerms
    product: SoldProduct

    def rows(self) -> list[dict[str, Any]]:
        """Quantity N is N keys, or one where the terms say so; a download is one however many were bought."""
        keys = 0
        if self.terms.grants_license:
            keys = 1 if self.terms.one_key_per_order_item else self.item.quantity
        counts = {GrantKind.LICENSE: keys, GrantKind.DOWNLOAD: 1 if self.terms.grants_download else 0}
        return [
            {"order_item_id": self.item.id, "product_id": self.product.id, "kind": kind, "ordinal": ordinal}
            for kind, count in counts.items()
            for ordinal in range(1, count + 1)
        ]

    def to_keyless(self, grant: Row[Any], order: Order) -> KeylessGrant:
        """`grant` is a new one of this piece, which has no license yet."""
        return to_keyless_grant(grant, self.item, order, self.product, self.terms)


def add_items(session: Session, order: Order, seen: SeenCheckout, known: dict[str, RecognizedLine]) -> list[Piece]:
    """Keep Stripe's lines as they are, also those we do not know, with the terms that they are sold with.

    Return what the order hands out, in its order. The items of it stay outside the session.
    """
    rows: list[dict[str, Any]] = [
        {
            "order_id": order.id,
            "stripe_line_item_id": line.id,
            "position": position,
            "price_id": known[line.id].price_id,
            "product_id": known[line.id].product_id,
            "description": line.description,
            "quantity": line.quantity,
            "currency": line.currency,
            "subtotal_minor": line.subtotal_minor,
            "discount_minor": line.discount_minor,
            "tax_minor": line.tax_minor,
            "total_minor": line.total_minor,
            **asdict(known[line.id].terms),
        }
        for position, line in enumerate(seen.lines, start=1)
    ]
    made = insert_returning(session, OrderItem, rows, ("stripe_line_item_id", "id"))
    ids: dict[str, int] = {row.stripe_line_item_id: row.id for row in made}
    _add_parts(session, ids, known)
    items = [OrderItem(**row, id=ids[row["stripe_line_item_id"]], is_refunded=False) for row in rows]
    return _unlike(piece for item in items for piece in _pieces_of(item, known[item.stripe_line_item_id]))


def _add_parts(session: Session, items: Mapping[str, int], known: Mapping[str, RecognizedLine]) -> None:
    """`items` are ids of items by their lines'."""
    rows: list[dict[str, Any]] = [
        {
            "order_item_id": item_id,
            "product_id": part.product.id,
            "edition_id": part.edition_id,
            "position": position,
            "description": part.description,
            **asdict(part.terms),
        }
        for line_id, item_id in items.items()
        for position, part in enumerate(known[line_id].parts, start=1)
    ]
    insert_missing(session, ItemPart, rows)


def _pieces_of(item: OrderItem, line: RecognizedLine) -> Iterator[Piece]:
    if line.product is not None:
        yield Piece(item, line.terms, line.product)
        yield from (Piece(item, part.terms, part.product) for part in line.parts)


def _find_pieces(session: Session, order: Order) -> list[Piece]:
    """Return what an order of before hands out, in its order. One statement."""
    rows = session.execute(_select_pieces(), {"order_id": order.id})
    return _unlike(piece for row in rows for piece in _pieces_of_row(row))


def _pieces_of_row(row: Row[OrderItem, Product, ItemPart, Product]) -> Iterator[Piece]:
    item, product, part, product_of_part = row
    yield Piece(item, sold_terms(item), sold_product(product))
    if part is not None:
        yield Piece(item, sold_terms(part), sold_product(product_of_part))


def _unlike(pieces: Iterable[Piece]) -> list[Piece]:
    """Return each product of an item once. Of a bundle that has its own product as a part it is the part."""
    return list({(piece.item.id, piece.product.id): piece for piece in pieces}.values())


@cache
def _select_pieces() -> Select[OrderItem, Product, ItemPart, Product]:
    """Build it once: that takes longer than running it."""
    of_part = aliased(Product)
    return (
        select(OrderItem, Product, ItemPart, of_part)
        .join(Product, Product.id == OrderItem.product_id)
        .outerjoin(ItemPart, ItemPart.order_item_id == OrderItem.id)
        .outerjoin(of_part, of_part.id == ItemPart.product_id)
        .where(OrderItem.order_id == bindparam("order_id"))
        .order_by(OrderItem.position, ItemPart.position)
    )


def add_grants(session: Session, order: Order, pieces: Sequence[Piece] | None) -> dict[int, Order]:
    """Make every grant of the order, and the key of every license grant as far as imported keys go.

    `pieces` are those of `add_items` where the order is new.

    The same few statements however many lines, and three more for each product with a pool.

    A free product is granted once per address in orders that cost nothing: returns, for each product that is not
    granted again, the order that carries it, so that its receipt is mailed again. Who pays for something gets the
    free line, too: whether the address had it before must not show.

    A refund may come before the first look: an imported key stays in its pool then, and comes if access opens.
    """
    if pieces is None:
        pieces = _find_pieces(session, order)
    repeated = _find_repeated(session, order, pieces)
    new = [piece for piece in pieces if (piece.item.id, piece.product.id) not in repeated]
    backordered = sum(delivery.is_open for delivery in issue_keys(session, _insert_grants(session, order, new)))
    settle_pool_notices(session, order.mode, _with_pool(piece.product for piece in pieces))
    if backordered:
        add_change(session, order.id, ChangeKind.BACKORDERED, _in_words(backordered))
    return {product_id: earlier for (_item_id, product_id), earlier in repeated.items()}


def _insert_grants(session: Session, order: Order, pieces: Sequence[Piece]) -> list[KeylessGrant]:
    """Make the grants, and return those that need a key. One statement, unless some were there before."""
    rows = [row for piece in pieces for row in piece.rows()]
    made = insert_returning(session, Grant, rows, OF_NEW)
    if len(made) != len(rows):
        return find_keyless_grants(session, order)
    of = {(piece.item.id, piece.product.id): piece for piece in pieces}
    return [
        of[grant.order_item_id, grant.product_id].to_keyless(grant, order)
        for grant in sorted(made, key=attrgetter("id"))
        if grant.kind is GrantKind.LICENSE
    ]


def _find_repeated(session: Session, order: Order, pieces: Sequence[Piece]) -> dict[tuple[int, int], Order]:
    """(Item id, product id) -> the earlier order of what is free by its price, in an order that costs nothing.

    What a promotion code made free is granted again, and what was given by hand: that the owner gave away.
    """
    if order.total_minor != 0 or not order.email or order.given_because is not None:
        return {}
    owned = _find_owned(session, order)
    return {
        (piece.item.id, piece.product.id): owned[piece.product.id]
        for piece in pieces
        if piece.item.subtotal_minor == 0 and piece.product.id in owned
    }


def granted_products(session: Session, order: Order) -> set[int]:
    """Return the ids of what this order itself has handed out."""
    rows = session.scalars(
        select(Grant.product_id)
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .where(OrderItem.order_id == order.id)
    )
    return set(rows)


def _find_owned(session: Session, order: Order) -> dict[int, Order]:
    """Product id -> the earlier order of this address with it, proven or not, that still opens it.

    Also a gift that this address received. Locks the row of the unproven address: two free orders may race.
    """
    # FOR NO KEY UPDATE: each has inserted an order, which holds the customer's key: FOR UPDATE would deadlock.
    lock = select(Customer.id).where(Customer.id == order.customer_id).with_for_update(key_share=True)
    session.execute(lock)
    known = select(Customer.id).where(
        Customer.mode == order.mode, Customer.email_key.in_((email_key(order.email), unproven_key(order.email)))
    )
    rows = session.execute(
        select(Grant.product_id, Order, OrderItem)
        .join(OrderItem, OrderItem.id == Grant.order_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .where(Order.holder_id.in_(known), Order.id != order.id)
        .order_by(OrderItem.order_id.desc())
    )
    return {product_id: earlier for product_id, earlier, item in rows if item_access(earlier, item).allowed}


def _with_pool(products: Iterable[SoldProduct]) -> set[int]:
    """Return the ids of those whose keys are imported."""
    return {product.id for product in products if product.grants_license and product.key_source is KeySource.POOL}


def _in_words(count: int) -> str:
    return "1 license key is not in stock" if count == 1 else f"{count} license keys are not in stock"
