"""Everything bought, by product: keys, newest files, the orders they came with, and apart what works no more."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from storefront.buyers.library.all_orders import (
    FoundOrders,
    ListedKey,
    OwnedFile,
    item_sentence,
    read_orders,
    write_file,
)
from storefront.buyers.library.purchase import OfferedUpgrade
from storefront.buyers.library.upgrades import find_offered
from storefront.delivery.contents import Goods, ItemContents, OrderContents
from storefront.delivery.licenses.activations import count_devices
from storefront.shop.catalog.mirror_names import name_at_stripe
from storefront.shop.media.queries import PictureView, find_pictures

ORDERS_A_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedKey(ListedKey):
    """`sold_as` is the line of the order, which names the edition. No limit is None."""

    license_id: int
    sold_as: str
    order_number: str
    order_token: str
    devices: int
    activation_limit: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedItem:
    """What was bought and works no more, and `because` of what."""

    name: str
    because: str
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
    downloads_ended_at: datetime | None = None  # where that time is over in each of the orders
    keys: list[OwnedKey] = field(default_factory=list)
    keys_to_follow: int = 0
    dead_keys: list[OwnedKey] = field(default_factory=list)  # expired, or withdrawn by the shop
    orders: list[tuple[str, str]] = field(default_factory=list)
    upgrades: list[tuple[OfferedUpgrade, str]] = field(default_factory=list)  # with the token of its order


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedProducts:
    """One page: the products of so many orders, the newest first.

    `closed` is what was refunded and the like; `waiting` orders are to be paid, or on hold; the goods of `given`
    ones somebody else has. `count` is of all orders that match.
    """

    products: tuple[OwnedProduct, ...]
    closed: tuple[ClosedItem, ...]
    waiting: int
    given: int
    page: int
    pages: int
    count: int


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
    pieces = _by_product(found)
    offered = find_offered(found.contents)
    devices = count_devices(_license_ids(pieces.values()))
    pictures = find_pictures(pieces)
    return OwnedProducts(
        products=tuple(
            _with_upgrades(_product(pictures[product_id], of_product, devices), of_product, offered)
            for product_id, of_product in pieces.items()
        ),
        closed=tuple(closed for order in found.contents for closed in _closed(order, found)),
        waiting=sum(not (order.access.allowed or order.access.is_over) for order in found.contents),
        given=sum(_is_given(order, found) for order in found.contents),
        page=found.page,
        pages=found.pages,
        count=found.count,
    )


def _is_given(order: OrderContents, found: FoundOrders) -> bool:
    return order.access.allowed and order.order.is_gift and order.order.id not in found.received


def _license_ids(pieces: Iterable[Iterable[_Piece]]) -> list[int]:
    return [license_.id for of_product in pieces for piece in of_product for license_ in piece.goods.licenses]


def _closed(order: OrderContents, found: FoundOrders) -> Iterator[ClosedItem]:
    for item in order.items:
        if item.access.is_over:
            yield ClosedItem(
                name=item.item.description,
                because=item_sentence(order, item, found),
                order_number=order.order.number,
                order_token=found.tokens[order.order.id],
            )


def _by_product(found: FoundOrders) -> dict[int, list[_Piece]]:
    pieces: dict[int, list[_Piece]] = {}
    for order in found.contents:
        for piece in _pieces(order, found.tokens[order.order.id]):
            pieces.setdefault(piece.product_id, []).append(piece)
    return pieces


def _pieces(order: OrderContents, token: str) -> Iterator[_Piece]:
    for item in order.items:
        if not item.access.allowed:
            continue
        for goods in item.goods:
            product_id = goods.part.product_id if goods.part is not None else item.item.product_id
            if product_id is not None and goods.grants:
                yield _Piece(product_id, order, token, item, goods)


def _product(pictures: tuple[PictureView, ...], pieces: list[_Piece], devices: Mapping[int, int]) -> OwnedProduct:
    named = pieces[0].goods.grants[0]
    owned = OwnedProduct(slug=named.product_slug, name=named.product_name, pictures=pictures)
    for piece in pieces:
        number = piece.order.order.number
        if (number, piece.token) not in owned.orders:
            owned.orders.append((number, piece.token))
        for owned_key in _keys(piece, owned.name, devices):
            (owned.keys if owned_key.works else owned.dead_keys).append(owned_key)
        owned.keys_to_follow += piece.goods.keys_to_follow
    newest = _newest(pieces)
    if newest is not None:
        release = newest.goods.files[0]
        of_release = [file for file in newest.goods.files if file.release_id == release.release_id]
        owned.version = release.version
        owned.files = tuple(write_file(newest.token, file) for file in of_release)
        owned.downloads_ended_at = newest.goods.downloads_end_at if newest.goods.downloads_ended else None
    return owned


def _with_upgrades(
    owned: OwnedProduct, pieces: Iterable[_Piece], offered: Mapping[int, tuple[OfferedUpgrade, ...]]
) -> OwnedProduct:
    """Name each upgrade of an order once: its page has them at each key."""
    seen = set()
    for piece in pieces:
        for offer in _offers_of(piece, offered):
            if (piece.token, offer.edition_id) not in seen:
                seen.add((piece.token, offer.edition_id))
                owned.upgrades.append((offer, piece.token))
    return owned


def _offers_of(piece: _Piece, offered: Mapping[int, tuple[OfferedUpgrade, ...]]) -> Iterator[OfferedUpgrade]:
    for grant in piece.goods.grants:
        yield from offered.get(grant.id, ())


def _newest(pieces: Iterable[_Piece]) -> _Piece | None:
    """Return where the newest release is included that may still be downloaded, by the newest order with it."""
    with_files = [piece for piece in pieces if piece.goods.files]
    return max(with_files, key=lambda piece: _rank(piece.goods), default=None)


def _rank(goods: Goods) -> tuple[bool, datetime]:
    return not goods.downloads_ended, goods.files[0].published_at


def _keys(piece: _Piece, product: str, devices: Mapping[int, int]) -> Iterator[OwnedKey]:
    sold_as = piece.goods.name or piece.item.item.description
    for issued in piece.goods.licenses:
        now = name_at_stripe(product, issued.edition) if issued.edition else sold_as
        yield OwnedKey(
            license_id=issued.id,
            key=issued.key if issued.withdrawn_at is None else None,
            label=issued.label or "",
            sold_as=now,
            order_number=piece.order.order.number,
            order_token=piece.token,
            devices=devices.get(issued.id, 0),
            activation_limit=issued.activation_limit,
            expires_at=issued.expires_at,
        )
