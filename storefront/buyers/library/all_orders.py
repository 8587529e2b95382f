"""Everything that was bought with one address: a page of orders with keys and newest files, in five statements."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from sqlalchemy import ColumnElement, CompoundSelect, exists, func, or_, select, union
from sqlalchemy.orm import aliased

from storefront.buyers.library.gift_words import mask
from storefront.buyers.library.order_words import order_state
from storefront.core import clock
from storefront.core.db import db
from storefront.core.runtime import settings
from storefront.core.text_search import has_text
from storefront.core.texts import marked
from storefront.delivery.contents import Goods, ItemContents, OrderContents, read_all_contents
from storefront.delivery.downloads.granted_files import ReleasedFile
from storefront.delivery.licenses.issued import IssuedLicense
from storefront.orders.access import GIFT_CLOSED, Access, sentence_for_holder
from storefront.orders.gift_links import gift_token
from storefront.orders.gift_models import Gift
from storefront.orders.links import order_tokens
from storefront.orders.models import ItemPart, Order, OrderItem
from storefront.orders.refund_words import Waiting, closed_item_sentence, closed_sentence, find_waiting
from storefront.orders.waits_for import read_waits_for
from storefront.shop.catalog.models import Product
from storefront.shop.profile.zone import at_shop
from storefront.shop.translations.read import told

ORDERS_A_PAGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedFile:
    name: str
    version: str
    size_bytes: int
    sha256: str
    url: str
    downloads_left: None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedKey:
    """`key` is None where the shop withdrew it, `label` what its holder calls it, if anything. No end is None."""

    key: str | None
    label: str
    expires_at: datetime | None

    @property
    def works(self) -> bool:
        return self.key is not None and (self.expires_at is None or self.expires_at > clock.now())


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedGoods:
    """What came of one product; `name` is that of a part of a bundle.

    `keys` and `files` are empty while access is denied; files are of the newest release.
    """

    name: str
    keys: tuple[ListedKey, ...]
    files: tuple[OwnedFile, ...]
    keys_to_follow: int = 0
    downloads_ended_at: datetime | None = None  # where that time is over


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedItem:
    description: str
    quantity: int
    access: Access
    sentence: str  # why it does not work
    goods: tuple[OwnedGoods, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedOrder:
    number: str
    token: str
    placed_at: datetime
    currency: str
    total_minor: int
    access: Access
    sentence: str  # why it does not work
    state: str
    items: tuple[OwnedItem, ...]
    gift: str = ""  # to whom it was given, or from whom it came
    is_received: bool = False  # a gift: nothing of money is to be shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """One page, newest first; `pages` is at least 1, `count` is of all that match."""

    orders: tuple[OwnedOrder, ...]
    page: int
    pages: int
    count: int


def _matches(customer_id: int, query: str) -> ColumnElement[bool]:
    """Select by the two indexes of who pays and who holds, and look at the mode last.

    SQLite takes an index of the mode for the narrowest there is, and would read every order of the shop.
    """
    theirs = _ids_of(customer_id)
    is_match = Order.id.in_(theirs) & (Order.mode.concat("") == settings().mode)
    for word in query.split()[:8]:
        named = select(OrderItem.order_id).outerjoin(Product, Product.id == OrderItem.product_id)
        named = named.where(OrderItem.order_id.in_(theirs), _is_named(word))
        is_match &= or_(has_text(Order.number, word), Order.id.in_(named))
    return is_match


def _ids_of(customer_id: int) -> CompoundSelect[int]:
    paid, held = aliased(Order), aliased(Order)
    return union(
        select(paid.id).where(paid.customer_id == customer_id),
        select(held.id).where(held.holder_id == customer_id),
    )


def _is_named(word: str) -> ColumnElement[bool]:
    """Ask an item for a word of its own name, of its product's in either language, or of a part's."""
    of_part = ItemPart.order_item_id == OrderItem.id, has_text(ItemPart.description, word)
    return or_(
        has_text(OrderItem.description, word),
        has_text(Product.name, word),
        has_text(told(Product.name), word),
        exists().where(*of_part),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundOrders:
    """A page of orders, newest first; `tokens` by id, `pages` is at least 1, `count` is of all that match.

    `gifts` are by the ids of orders that were given or received, `received` the ids of the latter.
    """

    contents: list[OrderContents]
    tokens: dict[int, str]
    gifts: dict[int, Gift]
    received: set[int]
    waiting: Waiting
    page: int
    pages: int
    count: int


def read_orders(customer_id: int, *, query: str, page: int, size: int) -> FoundOrders:
    """`query` are words of an order's number or of what was bought; all have to match."""
    is_match = _matches(customer_id, query if query.isprintable() else "")
    count = db.session.scalar(select(func.count()).select_from(Order).where(is_match)) or 0
    pages = max(1, -(-count // size))
    page = min(max(1, page), pages)
    rows = db.session.execute(
        select(Order, Gift)
        .outerjoin(Gift, Gift.order_id == Order.id)
        .where(is_match)
        .order_by(Order.placed_at.desc(), Order.id.desc())
        .limit(size)
        .offset((page - 1) * size)
    ).all()
    orders = [order for order, _gift in rows]
    gifts = {order.id: gift for order, gift in rows if order.is_gift}
    received = {order.id for order in orders if order.is_gift and order.holder_id == customer_id}
    return FoundOrders(
        contents=read_all_contents(orders, received=received),
        tokens=_read_tokens(orders, gifts, received),
        gifts=gifts,
        received=received,
        waiting=find_waiting(orders),
        page=page,
        pages=pages,
        count=count,
    )


def read_owned(customer_id: int, *, query: str = "", page: int = 1) -> Owned:
    """Return a page of orders; see `read_orders` for the query."""
    found = read_orders(customer_id, query=query, page=page, size=ORDERS_A_PAGE)
    return Owned(
        orders=tuple(_order(contents, found) for contents in found.contents),
        page=found.page,
        pages=found.pages,
        count=found.count,
    )


def _read_tokens(orders: list[Order], gifts: Mapping[int, Gift], received: Collection[int]) -> dict[int, str]:
    """Return what opens each order: for who received it as a gift, the gift's own token."""
    tokens = order_tokens([order for order in orders if order.id not in received])
    return tokens | {order.id: gift_token(order, gifts[order.id]) for order in orders if order.id in received}


def _order(contents: OrderContents, found: FoundOrders) -> OwnedOrder:
    order = contents.order
    token, gift = found.tokens[order.id], found.gifts.get(order.id)
    return OwnedOrder(
        number=order.number,
        token=token,
        placed_at=at_shop(order.placed_at),
        currency=order.currency,
        total_minor=order.total_minor,
        access=contents.access,
        sentence=_sentence(contents, found),
        state=order_state(contents.access),
        items=tuple(_item(contents, item, found) for item in contents.items),
        gift=_gift_words(gift, is_received=order.id in found.received) if gift is not None else "",
        is_received=order.id in found.received,
    )


def _sentence(contents: OrderContents, found: FoundOrders) -> str:
    order = contents.order
    if order.id in found.received:
        return GIFT_CLOSED
    if read_waits_for(order) is not None:
        return marked("This order isn't paid yet. Its page says how to pay.")
    return closed_sentence(order, contents.access, found.waiting, is_upgrade=contents.is_upgrade)


def item_sentence(contents: OrderContents, item: ItemContents, found: FoundOrders) -> str:
    """Return why one item does not work."""
    order = contents.order
    if order.id in found.received:
        return sentence_for_holder(order, item.access)
    return closed_item_sentence(order, item.item, item.access, found.waiting, is_upgrade=item.is_upgrade)


def _gift_words(gift: Gift, *, is_received: bool) -> str:
    if is_received:
        return marked("A gift from %(name)s", name=gift.from_name) if gift.from_name else marked("A gift")
    return marked("A gift for %(whom)s", whom=mask(gift.email)) if gift.email else marked("A gift")


def _item(contents: OrderContents, item: ItemContents, found: FoundOrders) -> OwnedItem:
    token = found.tokens[contents.order.id]
    return OwnedItem(
        description=item.item.description,
        quantity=item.item.quantity,
        access=item.access,
        sentence=item_sentence(contents, item, found),
        goods=tuple(_goods(goods, token) for goods in item.goods) if item.access.allowed else (),
    )


def _goods(goods: Goods, token: str) -> OwnedGoods:
    newest = [file for file in goods.files if file.release_id == goods.files[0].release_id]
    return OwnedGoods(
        name=goods.name,
        keys=tuple(_key(issued) for issued in goods.licenses),
        files=tuple(write_file(token, file) for file in newest),
        keys_to_follow=goods.keys_to_follow,
        downloads_ended_at=goods.downloads_end_at if goods.downloads_ended else None,
    )


def _key(issued: IssuedLicense) -> ListedKey:
    return ListedKey(
        key=issued.key if issued.withdrawn_at is None else None,
        label=issued.label or "",
        expires_at=issued.expires_at,
    )


def write_file(token: str, file: ReleasedFile) -> OwnedFile:
    return OwnedFile(
        name=file.filename,
        version=file.version,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        url=url_for("downloads.file", token=token, file_id=file.id, filename=file.filename),
    )
