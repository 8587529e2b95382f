"""What still works of everything bought, by product: keys, newest files, and the orders they came with."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select

from storefront.buyers.library.all_orders import OwnedFile, read_orders, write_file
from storefront.buyers.library.purchase import OfferedUpgrade
from storefront.buyers.library.upgrades import find_offered
from storefront.core.db import db
from storefront.delivery.contents import Goods, ItemContents, OrderContents
from storefront.shop.catalog.mirror_names import name_at_stripe
from storefront.shop.catalog.models import Product
from storefront.shop.media.queries import PictureView, find_pictures

ORDERS_A_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedKey:
    """`sold_as` is the line of the order, which names the edition."""

    key: str
    sold_as: str
    order_number: str
    order_token: str


@dataclass(slots=True, kw_only=True)
class OwnedProduct:
    """`version` and `files` are of the newest release that any of the orders includes; empty without downloads.

    `orders` are (number, token), newest first.
    """

    slug: str
    name: str
    pictures: tuple[PictureView, ...]
    version: str = ""
    files: tuple[OwnedFile, ...] = ()
    keys: list[OwnedKey] = field(default_factory=list)
    keys_to_follow: int = 0
    orders: list[tuple[str, str]] = field(default_factory=list)
    upgrades: list[tuple[OfferedUpgrade, str]] = field(default_factory=list)  # with the token of its order


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedProducts:
    """One page: the products of so many orders, the newest first; `closed` of these orders do not work."""

    products: tuple[OwnedProduct, ...]
    closed: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """The goods of one product in one order that works."""

    product_id: int
    order: OrderContents
    token: str
    item: ItemContents
    goods: Goods


def read_products(customer_id: int, *, query: str = "", page: int = 1) -> OwnedProducts:
    """`query` is as in `read_owned`. Two statements more."""
    found = read_orders(customer_id, query=query, page=page, size=ORDERS_A_PAGE)
    pieces: dict[int, list[_Piece]] = {}
    for order in found.contents:
        for piece in _pieces(order, found.tokens[order.order.id]):
            pieces.setdefault(piece.product_id, []).append(piece)
    offered = find_offered(found.contents)
    pictures = find_pictures(pieces)
    named = select(Product.id, Product.slug, Product.name).where(Product.id.in_(pieces))
    products = {row.id: row for row in db.session.execute(named)} if pieces else {}
    return OwnedProducts(
        products=tuple(
            _with_upgrades(
                _product(products[product_id].slug, products[product_id].name, pictures[product_id], of_product),
                of_product,
                offered,
            )
            for product_id, of_product in pieces.items()
        ),
        closed=sum(not order.access.allowed for order in found.contents),
        page=found.page,
        pages=found.pages,
    )


def _pieces(order: OrderContents, token: str) -> Iterator[_Piece]:
    for item in order.items:
        if not item.access.allowed:
            continue
        for goods in item.goods:
            product_id = goods.part.product_id if goods.part is not None else item.item.product_id
            if product_id is not None and goods.grants:
                yield _Piece(product_id, order, token, item, goods)


def _product(slug: str, name: str, pictures: tuple[PictureView, ...], pieces: list[_Piece]) -> OwnedProduct:
    owned = OwnedProduct(slug=slug, name=name, pictures=pictures)
    for piece in pieces:
        number = piece.order.order.number
        if (number, piece.token) not in owned.orders:
            owned.orders.append((number, piece.token))
        owned.keys += _keys(piece, number, name)
        owned.keys_to_follow += piece.goods.keys_to_follow
    newest = _newest(pieces)
    if newest is not None:
        release = newest.goods.files[0]
        of_release = [file for file in newest.goods.files if file.release_id == release.release_id]
        owned.version = release.version
        owned.files = tuple(write_file(newest.token, file) for file in of_release)
    return owned


def _with_upgrades(
    owned: OwnedProduct, pieces: Iterable[_Piece], offered: Mapping[int, tuple[OfferedUpgrade, ...]]
) -> OwnedProduct:
    """Name each upgrade of an order once: its page has them at each key."""
    seen = set()
    for piece in pieces:
        for offer in (offer for grant in piece.goods.grants for offer in offered.get(grant.id, ())):
            if (piece.token, offer.edition_id) not in seen:
                seen.add((piece.token, offer.edition_id))
                owned.upgrades.append((offer, piece.token))
    return owned


def _newest(pieces: Iterable[_Piece]) -> _Piece | None:
    """Return where the newest release is included, by the newest order that includes it."""
    with_files = [piece for piece in pieces if piece.goods.files]
    return max(with_files, key=lambda piece: piece.goods.files[0].published_at, default=None)


def _keys(piece: _Piece, number: str, product: str) -> Iterator[OwnedKey]:
    sold_as = piece.goods.name or piece.item.item.description
    for issued in piece.goods.licenses:
        if issued.key and issued.withdrawn_at is None:
            now = name_at_stripe(product, issued.edition) if issued.edition else sold_as
            yield OwnedKey(key=issued.key, sold_as=now, order_number=number, order_token=piece.token)
