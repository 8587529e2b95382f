"""An order as its buyer sees it: `Purchase`, for the order page, the return page and the mails alike."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any

from markupsafe import Markup
from sqlalchemy import Row, func, null, select

from storefront.core import clock, money
from storefront.core.db import db
from storefront.core.measurements import ACCESS_DENIALS, measurements
from storefront.core.runtime import absolute_url
from storefront.delivery.downloads.counting import count_used
from storefront.delivery.downloads.granted_files import ReleasedFile, bought_at, find_files, includes
from storefront.delivery.downloads.rules import Allowance, allowance
from storefront.delivery.licenses.activations import DevicePage, find_devices
from storefront.delivery.licenses.codes import Code
from storefront.delivery.licenses.models import License
from storefront.delivery.licenses.validity import license_refusal
from storefront.mail.models import MailState, OutboxMessage
from storefront.mail.outbox import RECEIPT
from storefront.orders.access import Access, Facts, Reason, access, facts_of, item_access, item_facts
from storefront.orders.after_sale import Refund
from storefront.orders.lifecycle import order_token
from storefront.orders.models import Grant, GrantKind, Order, OrderItem
from storefront.orders.unproven import is_order_unproven
from storefront.shop.catalog.markdown import render_markdown
from storefront.shop.catalog.models import Product

STATES = {
    Reason.AWAITING_PAYMENT: "awaiting_payment",
    Reason.PAYMENT_FAILED: "failed",
    Reason.REFUNDED: "refunded",
    Reason.DISPUTED: "disputed",
    Reason.DISPUTE_LOST: "dispute_lost",
    Reason.WITHDRAWN: "withdrawn",
}
NO_NOTES = Markup("")
SOME_ITEMS_REFUNDED = "A part of this order was refunded. Below you see what still works."
MAIL_STATES = {
    MailState.QUEUED: "on_its_way",
    MailState.SENDING: "on_its_way",
    MailState.SENT: "sent",
    MailState.FAILED: "failed",
    MailState.CANCELED: "none",
    MailState.PAUSED: "none",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchasedFile:
    name: str
    url: str
    size_bytes: int
    sha256: str
    version: str
    content_type: str
    downloads_left: int | None = None  # None: as often as you like
    notes: Markup = NO_NOTES  # what is new in its release


class KeyState(StrEnum):
    WORKS = "works"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


NO_DEVICES = DevicePage(total=0, page=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchasedKey:
    """`devices` are read for the order page only; None is no limit, and never."""

    license_id: int
    key: str
    state: KeyState
    activation_limit: int | None
    seats: int | None
    expires_at: datetime | None
    devices: DevicePage = NO_DEVICES


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchasedItem:
    """`keys` and `files` are empty while access is denied; amounts in minor units."""

    description: str
    quantity: int
    amount_minor: int
    is_known: bool
    price_id: int | None
    keys: tuple[PurchasedKey, ...]
    files: tuple[PurchasedFile, ...]
    is_refunded: bool  # this item alone: a refund names it
    is_owned_already: bool  # a free thing this address got before: its earlier receipt is mailed again
    downloads_end_at: datetime | None = None
    backordered: int = 0  # keys that follow: the shop has none left

    @property
    def releases(self) -> list["PurchasedRelease"]:
        """Newest first, as the files are."""
        return [
            PurchasedRelease(version=version, notes=files[0].notes, files=files)
            for version, files in (
                (version, tuple(group)) for version, group in groupby(self.files, key=lambda file: file.version)
            )
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchasedRelease:
    version: str
    notes: Markup
    files: tuple[PurchasedFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """`order_url` and `again_url` are absolute, under BASE_URL: they go into mails."""

    number: str
    state: str
    state_text: str
    access_allowed: bool
    access_reason: str
    email: str
    created_at: datetime
    paid_at: datetime | None
    currency: str
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    refunded_minor: int
    presentment: str | None
    payment_method_type: str | None
    order_url: str
    again_url: str
    items: tuple[PurchasedItem, ...]
    mail_state: str
    is_unproven: bool = False  # free, and nobody has proven its address yet: in nobody's library

    @property
    def file_count(self) -> int:
        return sum(len(item.files) for item in self.items)


def _purchased_file(token: str, file: ReleasedFile, *, left: int | None) -> PurchasedFile:
    return PurchasedFile(
        downloads_left=left,
        notes=render_markdown(file.notes) if file.notes else Markup(""),
        name=file.filename,
        url=absolute_url("downloads.file", token=token, file_id=file.id, filename=file.filename),
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        version=file.version,
        content_type=file.content_type,
    )


_LICENSE_COLUMNS = (
    License.id.label("license_id"),
    License.key,
    License.activation_limit,
    License.seats,
    License.expires_at,
    License.withdrawn_at,
)


_STATES = {None: KeyState.WORKS, Code.EXPIRED: KeyState.EXPIRED, Code.WITHDRAWN: KeyState.WITHDRAWN}


def _key_of(row: Row[Any], facts: Facts, devices: Mapping[int, DevicePage]) -> PurchasedKey:
    """Of an item whose access is open: nothing but its own end can stand against the key."""
    refusal = license_refusal(facts, withdrawn_at=row.withdrawn_at, expires_at=row.expires_at, now=clock.now())
    return PurchasedKey(
        license_id=row.license_id,
        key=row.key,
        state=_STATES[refusal],
        activation_limit=row.activation_limit,
        seats=row.seats,
        expires_at=row.expires_at,
        devices=devices.get(row.license_id, NO_DEVICES),
    )


def _allowance_of(order: Order, grant: Grant, product: Product) -> Allowance:
    return allowance(
        limit=product.download_limit,
        days=product.download_days,
        bought_at=bought_at(order),
        extra_downloads=grant.extra_downloads,
        extra_days=grant.extra_days,
    )


def _read_items(order: Order, token: str, found: Access, *, devices_page: int | None) -> tuple[PurchasedItem, ...]:
    """Two to four statements (devices, limits), however many lines; none reads a key when access is denied."""
    columns = _LICENSE_COLUMNS if found.allowed else tuple(null().label(each.name) for each in _LICENSE_COLUMNS)
    rows = db.session.execute(
        select(OrderItem, Grant, Product, *columns)
        .outerjoin(Grant, Grant.order_item_id == OrderItem.id)
        .outerjoin(Product, Product.id == Grant.product_id)
        .outerjoin(License, License.grant_id == Grant.id)
        .where(OrderItem.order_id == order.id)
        .order_by(OrderItem.position, Grant.ordinal)
    ).all()
    devices = (
        find_devices([row.license_id for row in rows if row.license_id], page=devices_page) if devices_page else {}
    )
    items: dict[int, OrderItem] = {}
    keys: defaultdict[int, list[PurchasedKey]] = defaultdict(list)
    products: dict[int, int] = {}
    grants: dict[int, int] = {}
    allowances: dict[int, Allowance] = {}
    backordered: defaultdict[int, int] = defaultdict(int)
    granted: set[int] = set()
    for row in rows:
        item: OrderItem = row.OrderItem
        items[item.id] = item
        if row.Grant is None:
            continue
        granted.add(item.id)
        if not item_access(order, item).allowed:
            continue
        if row.Grant.kind == GrantKind.LICENSE and row.license_id:
            keys[item.id].append(_key_of(row, item_facts(order, item), devices))
        elif row.Grant.kind == GrantKind.LICENSE:
            backordered[item.id] += 1
        elif row.Grant.kind == GrantKind.DOWNLOAD:
            products[item.id] = row.Grant.product_id
            allowances[item.id] = _allowance_of(order, row.Grant, row.Product)
            grants[item.id] = row.Grant.id
    files = find_files(set(products.values())) if products else []
    limited = [grants[item_id] for item_id, found_ in allowances.items() if found_.limit is not None]
    used = count_used(limited) if limited else {}

    def left(item_id: int, file_id: int) -> int | None:
        limit = allowances[item_id].limit
        return None if limit is None else max(0, limit - used.get((grants[item_id], file_id), 0))

    return tuple(
        PurchasedItem(
            description=item.description,
            quantity=item.quantity,
            amount_minor=item.subtotal_minor,
            is_known=item.product_id is not None,
            price_id=item.price_id,
            keys=tuple(keys[item.id]),
            files=tuple(
                _purchased_file(token, file, left=left(item.id, file.id))
                for file in files
                if file.product_id == products.get(item.id) and includes(order, file)
            ),
            is_refunded=item_access(order, item).reason is Reason.ITEM_REFUNDED,
            is_owned_already=found.allowed and item.product_id is not None and item.id not in granted,
            backordered=backordered[item.id],
            downloads_end_at=allowances[item.id].ends_at if item.id in allowances else None,
        )
        for item in items.values()
    )


def _mail_state(order: Order) -> str:
    state = db.session.scalar(
        select(OutboxMessage.state)
        .where(OutboxMessage.order_id == order.id, OutboxMessage.kind == RECEIPT)
        .order_by(OutboxMessage.id.desc())
        .limit(1)
    )
    return MAIL_STATES[state] if state else "none"


def _presentment(order: Order) -> str | None:
    """What the buyer's bank shows when Checkout converted the price; None in the shop's own currency."""
    currency = order.presentment_currency
    if not currency or order.presentment_minor is None or currency == order.currency:
        return None
    return money.format_money(order.presentment_minor, currency)


def _sentence(order: Order, found: Access) -> str:
    """In plain words, with the day of a refund."""
    if found.reason is not Reason.REFUNDED:
        return found.sentence
    at = db.session.scalar(select(func.max(Refund.created_at)).where(Refund.order_id == order.id))
    return found.sentence.replace("refunded", f"refunded on {at:%B} {at.day}, {at.year}") if at else found.sentence


def read_purchase(order: Order, *, devices_page: int | None = None) -> Purchase:
    """At most three statements, and one more each for devices, a limit of downloads, a link made anew."""
    found = access(facts_of(order))
    token = order_token(order)
    items = _read_items(order, token, found, devices_page=devices_page)
    if not found.allowed and order.is_paid:
        measurements().add(ACCESS_DENIALS, found.reason)
    sentence = _sentence(order, found)
    has_closed_items = found.allowed and any(item.is_refunded for item in items)
    return Purchase(
        number=order.number,
        state=STATES.get(found.reason, "fulfilled"),
        state_text=SOME_ITEMS_REFUNDED if has_closed_items else sentence,
        access_allowed=found.allowed,
        access_reason=sentence,
        email=order.email,
        created_at=order.created_at,
        paid_at=order.paid_at,
        currency=order.currency,
        subtotal_minor=order.subtotal_minor,
        discount_minor=order.discount_minor,
        tax_minor=order.tax_minor,
        total_minor=order.total_minor,
        refunded_minor=order.refunded_minor,
        presentment=_presentment(order),
        payment_method_type=order.payment_method_type,
        order_url=absolute_url("library.order", token=token),
        again_url=absolute_url("checkout.again", token=token),
        items=items,
        mail_state=_mail_state(order),
        is_unproven=is_order_unproven(order),
    )
