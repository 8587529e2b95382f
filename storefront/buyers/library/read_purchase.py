"""Reads an order for its buyer: contents, devices, downloads that are left, and the words for its state."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from storefront.buyers.library.gift_words import read_gift_words
from storefront.buyers.library.order_words import (
    SOME_ITEMS_BEING_REFUNDED,
    SOME_ITEMS_REFUNDED,
    discount_label,
    order_state,
    presentment,
    receipt_state,
)
from storefront.buyers.library.purchase import (
    NO_DEVICES,
    FirstSteps,
    KeyState,
    OfferedUpgrade,
    Purchase,
    PurchasedFile,
    PurchasedGoods,
    PurchasedItem,
    PurchasedKey,
)
from storefront.buyers.library.upgrades import find_offered, read_what_came
from storefront.core import clock
from storefront.core.measurements import ACCESS_DENIALS, measurements
from storefront.core.runtime import absolute_url
from storefront.delivery.contents import (
    Goods,
    ItemContents,
    OpenDownload,
    OrderContents,
    read_contents,
)
from storefront.delivery.downloads.counting import count_downloads
from storefront.delivery.downloads.granted_files import ReleasedFile
from storefront.delivery.licenses.activations import DevicePage, find_devices
from storefront.delivery.licenses.codes import Code
from storefront.delivery.licenses.issued import IssuedLicense
from storefront.delivery.licenses.validity import license_refusal
from storefront.orders.access import Reason, sentence_for_holder
from storefront.orders.facts import Facts, item_facts
from storefront.orders.gift_links import gift_token
from storefront.orders.gift_models import Gift
from storefront.orders.gifts import find_gift
from storefront.orders.links import order_token
from storefront.orders.models import Order
from storefront.orders.paid_with import paid_with
from storefront.orders.refund_words import (
    NO_REFUNDS,
    Waiting,
    access_sentence,
    closed_item_sentence,
    read_refunds,
    read_totals,
    waiting_of,
    words_to_answer,
)
from storefront.orders.tax_words import tax_words
from storefront.orders.unproven import is_order_unproven
from storefront.orders.waits_for import read_waits_for, why_it_failed
from storefront.shop.catalog.markdown import render_markdown
from storefront.shop.profile.zone import at_shop

NO_GOODS = PurchasedGoods(keys=(), files=(), is_owned_already=False)
# Of an item whose access is open: nothing but its own end can stand against a key.
_KEY_STATES = {None: KeyState.WORKS, Code.EXPIRED: KeyState.EXPIRED, Code.WITHDRAWN: KeyState.WITHDRAWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Usage:
    """`downloads` counts by grant id and file id, of limited downloads only; `devices` are by license id."""

    devices: Mapping[int, DevicePage]
    downloads: Mapping[tuple[int, int], int]
    offers: Mapping[int, tuple[OfferedUpgrade, ...]]  # by the id of a grant
    upgrades: Mapping[int, str]  # what came of an upgrade, by the id of its item


def read_received(order: Order, *, devices_page: int | None = None) -> Purchase:
    """Read an order for who has its keys and files: of a gift that is its receiver."""
    gift = find_gift(order)
    return read_purchase(order, devices_page=devices_page, received=gift)


def read_purchase(order: Order, *, devices_page: int | None = None, received: Gift | None = None) -> Purchase:
    """At most three statements, and one more each for devices, a limit of downloads, a link made anew, a gift,
    a refund.

    Upgrades cost one where one was bought, and three where some are on offer. For who paid, unless a gift is named
    that was `received`.
    """
    contents = read_contents(order, is_received=received is not None)
    access = contents.access
    token = order_token(order) if received is None else gift_token(order, received)
    given = find_gift(order) if received is None else None
    usage = _read_usage(contents, devices_page=devices_page)
    if not access.allowed and order.is_paid:
        measurements().add(ACCESS_DENIALS, access.reason)
    refunds = read_refunds(order) if received is None else ()
    waiting = waiting_of(refunds)
    sentence = sentence_for_holder(order, access)
    if received is None:
        sentence = access_sentence(order, access, refunds, is_upgrade=contents.is_upgrade)
    return Purchase(
        number=order.number,
        state=order_state(access),
        state_text=_state_text(contents, sentence, waiting),
        access_allowed=access.allowed,
        access_reason=sentence,
        email=order.email if received is None else received.email,
        placed_at=at_shop(order.placed_at),
        paid_at=order.paid_at,
        currency=order.currency,
        subtotal_minor=order.subtotal_minor,
        discount_minor=order.discount_minor,
        discount_label=discount_label(order.discount_code),
        tax_minor=order.tax_minor,
        total_minor=order.total_minor,
        refunds=read_totals(order, refunds) if received is None else NO_REFUNDS,
        presentment=presentment(order),
        taxes=tax_words(order),
        invoice_number=order.invoice_number,
        invoice_url=order.invoice_url,
        payment_method_type=order.payment_method_type,
        payment_method=paid_with(order),
        waits_for=read_waits_for(order),
        failure=why_it_failed(order) if order.has_failed else "",
        order_url=absolute_url("library.order", token=token),
        again_url=absolute_url("checkout.again", token=token),
        items=tuple(_item(contents, item, token, usage, waiting) for item in contents.items),
        mail_state=receipt_state(order),
        to_answer=tuple(filter(None, map(words_to_answer, refunds))),
        is_unproven=is_order_unproven(order),
        gift=read_gift_words(order, given, access) if given is not None else None,
        is_received=received is not None,
        is_upgrade=contents.is_upgrade,
    )


def _state_text(contents: OrderContents, sentence: str, waiting: Waiting) -> str:
    if not contents.has_closed_items:
        return sentence
    return SOME_ITEMS_BEING_REFUNDED if waiting.get(contents.order.id) else SOME_ITEMS_REFUNDED


def _read_usage(contents: OrderContents, *, devices_page: int | None) -> _Usage:
    """At most two statements: devices where a page of them is shown, downloads where a limit counts them."""
    items = contents.items
    limited = _limited_grants(items)
    return _Usage(
        devices=find_devices(_open_licenses(items), page=devices_page) if devices_page else {},
        downloads=count_downloads(limited) if limited else {},
        offers=find_offered([contents]) if devices_page else {},
        upgrades=read_what_came([item.item.id for item in items if item.is_upgrade]),
    )


def _open_licenses(items: Iterable[ItemContents]) -> list[int]:
    return [license_.id for item in items if item.access.allowed for license_ in item.licenses]


def _limited_grants(items: Iterable[ItemContents]) -> list[int]:
    downloads = [download for item in items for download in item.downloads]
    return [download.grant_id for download in downloads if download.allowance.limit is not None]


def _item(
    contents: OrderContents, item: ItemContents, token: str, usage: _Usage, waiting: Waiting
) -> PurchasedItem:
    row = item.item
    read = [_goods(contents.order, item, goods, token, usage) for goods in item.goods]
    own = next((goods for goods in read if not goods.name), NO_GOODS)
    return PurchasedItem(
        description=row.description,
        quantity=row.quantity,
        amount_minor=row.subtotal_minor,
        is_known=row.product_id is not None,
        price_id=row.price_id,
        product_id=row.product_id,
        keys=own.keys,
        files=own.files,
        is_refunded=item.access.reason is Reason.ITEM_REFUNDED,
        being_refunded=_being_refunded(contents.order, item, waiting),
        is_owned_already=own.is_owned_already,
        backordered=own.backordered,
        downloads_end_at=own.downloads_end_at,
        downloads_ended=own.downloads_ended,
        first_steps=own.first_steps,
        parts=tuple(goods for goods in read if goods.name),
        upgrades=own.upgrades,
        upgrade_words=usage.upgrades.get(row.id, ""),
    )


def _being_refunded(order: Order, item: ItemContents, waiting: Waiting) -> str:
    if item.access.reason is not Reason.ITEM_REFUNDED or item.item.position not in waiting.get(order.id, ()):
        return ""
    return closed_item_sentence(order, item.item, item.access, waiting, is_upgrade=item.is_upgrade)


def _goods(order: Order, item: ItemContents, goods: Goods, token: str, usage: _Usage) -> PurchasedGoods:
    download = goods.download
    return PurchasedGoods(
        name=goods.name,
        product_id=goods.part.product_id if goods.part is not None else item.item.product_id,
        keys=_keys(order, item, goods, usage),
        files=tuple(
            _file(token, file, downloads_left=_downloads_left(download, file, usage)) for file in goods.files
        ),
        is_owned_already=item.access.allowed and _is_owned_already(order, item, goods),
        backordered=goods.keys_to_follow if item.access.allowed else 0,
        downloads_end_at=goods.downloads_end_at,
        downloads_ended=goods.downloads_ended,
        first_steps=_first_steps(goods) if item.access.allowed else (),
        upgrades=tuple(_upgrades_without_key(goods, usage)),
    )


def _upgrades_without_key(goods: Goods, usage: _Usage) -> Iterator[OfferedUpgrade]:
    for grant in goods.grants:
        if grant.license is None:
            yield from usage.offers.get(grant.id, ())


def _first_steps(goods: Goods) -> tuple[FirstSteps, ...]:
    """Return them once for each product, and none before there is a key or a file to begin with."""
    if not (goods.licenses or goods.files):
        return ()
    texts = {grant.product_id: (grant.product_name, grant.first_steps) for grant in goods.grants}
    return tuple(FirstSteps(name, text, render_markdown(text)) for name, text in texts.values() if text)


def _is_owned_already(order: Order, item: ItemContents, goods: Goods) -> bool:
    """Return whether a free order handed nothing of this out, because an earlier one did."""
    return order.total_minor == 0 and item.item.product_id is not None and not goods.grants


def _keys(order: Order, item: ItemContents, goods: Goods, usage: _Usage) -> tuple[PurchasedKey, ...]:
    if not item.access.allowed:
        return ()
    facts = item_facts(order, item.item)
    return tuple(
        _key(grant.id, grant.license, grant.license.key, facts, usage)
        for grant in goods.grants
        if grant.license is not None and grant.license.key is not None
    )


def _key(grant_id: int, license_: IssuedLicense, key: str, facts: Facts, usage: _Usage) -> PurchasedKey:
    refusal = license_refusal(
        facts, withdrawn_at=license_.withdrawn_at, expires_at=license_.expires_at, now=clock.now()
    )
    return PurchasedKey(
        license_id=license_.id,
        key=key,
        state=_KEY_STATES[refusal],
        activation_limit=license_.activation_limit,
        seats=license_.seats,
        expires_at=license_.expires_at,
        devices=usage.devices.get(license_.id, NO_DEVICES),
        edition=license_.edition or "",
        label=license_.label or "",
        upgrades=usage.offers.get(grant_id, ()),
    )


def _file(token: str, file: ReleasedFile, *, downloads_left: int | None) -> PurchasedFile:
    return PurchasedFile(
        downloads_left=downloads_left,
        notes=render_markdown(file.notes) if file.notes else Markup(""),
        name=file.filename,
        url=absolute_url("downloads.file", token=token, file_id=file.id, filename=file.filename),
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        version=file.version,
        content_type=file.content_type,
    )


def _downloads_left(download: OpenDownload | None, file: ReleasedFile, usage: _Usage) -> int | None:
    """None: as often as the buyer likes."""
    if download is None or download.allowance.limit is None:
        return None
    return max(0, download.allowance.limit - usage.downloads.get((download.grant_id, file.id), 0))
