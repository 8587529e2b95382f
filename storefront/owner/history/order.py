"""One order whole: for an owner on the phone with its buyer, and as evidence in a dispute."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from storefront.buyers.library.order_words import SOME_ITEMS_BEING_REFUNDED, SOME_ITEMS_REFUNDED
from storefront.core.db import db
from storefront.core.runtime import absolute_url
from storefront.delivery.contents import GrantContents, ItemContents, OrderContents, read_contents
from storefront.delivery.downloads.state import DownloadState, read_download_state
from storefront.delivery.licenses.activations import Device, DevicePage, find_devices
from storefront.delivery.licenses.keys import hint
from storefront.orders.access import Access
from storefront.orders.after_sale import TO_ANSWER, Notice
from storefront.orders.links import order_token
from storefront.orders.models import Decision, GrantKind, Order
from storefront.orders.money_queries import Booked, find_booked, is_fee_unknown
from storefront.orders.notes import Note, read_notes
from storefront.orders.notices import is_about
from storefront.orders.refund_words import Waiting, closed_sentence, waiting_of
from storefront.orders.sent_answers import WrittenAnswer, read_sent_answers
from storefront.orders.tax_words import TaxWords, tax_words
from storefront.orders.waits_for import WaitsFor, read_waits_for
from storefront.owner.history.attempts import Attempt, read_attempts
from storefront.owner.history.gift import HistoryGift, read_history_gift
from storefront.owner.history.timeline import Moment, find_refunds, read_timeline

Devices = Mapping[int, DevicePage]  # by license id


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryGrant:
    """`key` is None for a download; masked unless the owner asked for keys. `license_id` is None without a key.

    `generation` is how many keys the license has had; 0 without one. `devices` are the first 50 of `device_count`.
    `label` is what the buyer calls it.
    """

    kind: GrantKind
    product: str
    key: str | None
    license_id: int | None
    label: str | None
    generation: int
    is_withdrawn: bool
    expires_at: datetime | None
    devices: tuple[Device, ...]
    device_count: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryItem:
    """`position` counts from 1, as a refund names it; amounts in minor units."""

    position: int
    description: str
    quantity: int
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    is_known: bool
    access: Access
    grants: tuple[HistoryGrant, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryNotice:
    id: int
    kind: str
    text: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderHistory:
    """Facts are what Stripe said last, at `looked_at`; `access` is what they mean now.

    `checkout_text` is what Stripe's form showed above the button, or beside the box where `has_accepted`.
    `access_text` is what the buyer reads; it differs from the rule's own sentence where some items are closed.
    """

    number: str
    mode: str
    checkout_session_id: str
    given_because: str | None
    payment_intent_id: str | None
    payment_link_id: str | None
    recovered_from: str | None
    language: str | None
    email: str
    is_erased: bool
    gift: HistoryGift | None
    name: str | None
    business_name: str | None
    country: str | None
    billing_address: dict[str, Any] | None
    tax_ids: tuple[dict[str, Any], ...]
    phone: str | None
    answers: tuple[tuple[str, str], ...]
    payment_method_type: str | None
    payment_brand: str | None
    payment_last4: str | None
    waits_for: WaitsFor | None
    excess_minor: int
    currency: str
    subtotal_minor: int
    discount_minor: int
    discount_code: str | None
    referrer: str | None
    tax_minor: int
    total_minor: int
    presentment_minor: int | None
    presentment_currency: str | None
    taxes: TaxWords
    invoice_number: str | None
    invoice_url: str | None
    checkout_text: str | None
    has_accepted: bool
    is_paid: bool
    has_failed: bool
    refunded_minor: int
    awaits_answer: bool  # a refund, of its buyer: Stripe has asked by email where the money should go
    is_disputed: bool
    dispute_status: str | None
    decision: Decision
    looked_at: datetime | None
    access: Access
    access_text: str
    order_url: str
    link_version: int  # one more for each new link
    fee_is_unknown: bool
    booked: tuple[Booked, ...]
    notices: tuple[HistoryNotice, ...]
    items: tuple[HistoryItem, ...]
    downloads: DownloadState
    attempts: tuple[Attempt, ...]
    notes: tuple[Note, ...]
    answers_sent: tuple[WrittenAnswer, ...]
    timeline: tuple[Moment, ...]


def order_url(order: Order) -> str:
    """Return the page that the buyer's mails link to."""
    return absolute_url("library.order", token=order_token(order))


def read_history(order: Order, *, with_keys: bool = False) -> OrderHistory:
    """Seventeen statements at most, however many lines, grants, mails and events there are."""
    booked, refunds = find_booked(order), find_refunds(order)
    contents = read_contents(order, with_files=False, with_closed_keys=True)
    devices = find_devices([issued.id for item in contents.items for issued in item.licenses])
    return OrderHistory(
        number=order.number,
        mode=order.mode,
        checkout_session_id=order.checkout_session_id,
        given_because=order.given_because,
        payment_intent_id=order.payment_intent_id,
        payment_link_id=order.payment_link_id,
        recovered_from=order.recovered_from,
        language=order.language,
        email=order.email,
        is_erased=order.erased_at is not None,
        gift=read_history_gift(order),
        name=order.name,
        business_name=order.business_name,
        billing_address=order.billing_address,
        country=order.country,
        tax_ids=tuple(order.tax_ids),
        phone=order.phone,
        answers=tuple((label, value) for label, value in order.answers),
        payment_method_type=order.payment_method_type,
        payment_brand=order.payment_brand,
        payment_last4=order.payment_last4,
        waits_for=read_waits_for(order),
        excess_minor=order.excess_minor,
        currency=order.currency,
        subtotal_minor=order.subtotal_minor,
        discount_minor=order.discount_minor,
        discount_code=order.discount_code,
        referrer=order.referrer,
        tax_minor=order.tax_minor,
        total_minor=order.total_minor,
        fee_is_unknown=is_fee_unknown(order, booked),
        booked=booked,
        presentment_minor=order.presentment_minor,
        presentment_currency=order.presentment_currency,
        taxes=tax_words(order),
        invoice_number=order.invoice_number,
        invoice_url=order.invoice_url,
        checkout_text=order.checkout_text,
        has_accepted=order.has_accepted,
        is_paid=order.is_paid,
        has_failed=order.has_failed,
        refunded_minor=order.refunded_minor,
        awaits_answer=any(refund.status == TO_ANSWER for refund in refunds),
        is_disputed=order.is_disputed,
        dispute_status=order.dispute_status,
        decision=order.decision,
        looked_at=order.looked_at,
        access=contents.access,
        access_text=_access_text(contents, waiting_of(refunds)),
        order_url=order_url(order),
        link_version=order.token_version,
        notices=_read_notices(order),
        items=tuple(_item(item, devices, with_keys=with_keys) for item in contents.items),
        downloads=read_download_state(order),
        attempts=read_attempts(order),
        notes=read_notes(order),
        answers_sent=tuple(read_sent_answers([order.id]).values()),
        timeline=read_timeline(order, refunds),
    )


def _access_text(contents: OrderContents, waiting: Waiting) -> str:
    if contents.has_closed_items:
        return SOME_ITEMS_BEING_REFUNDED if waiting.get(contents.order.id) else SOME_ITEMS_REFUNDED
    return closed_sentence(contents.order, contents.access, waiting, is_upgrade=contents.is_upgrade)


def _read_notices(order: Order) -> tuple[HistoryNotice, ...]:
    """Open ones, oldest first."""
    rows = db.session.scalars(
        select(Notice)
        .where(
            Notice.mode == order.mode,
            Notice.closed_at.is_(None),
            is_about(order.id, order.number),
        )
        .order_by(Notice.created_at, Notice.id)
        .execution_options(populate_existing=True)
    )
    return tuple(HistoryNotice(id=row.id, kind=row.kind, text=row.text, created_at=row.created_at) for row in rows)


def _item(item: ItemContents, devices: Devices, *, with_keys: bool) -> HistoryItem:
    row = item.item
    return HistoryItem(
        position=row.position,
        description=row.description,
        quantity=row.quantity,
        subtotal_minor=row.subtotal_minor,
        discount_minor=row.discount_minor,
        tax_minor=row.tax_minor,
        total_minor=row.total_minor,
        is_known=row.product_id is not None,
        access=item.access,
        grants=tuple(_grant(grant, devices, with_keys=with_keys) for grant in item.grants),
    )


def _shown_key(grant: GrantContents, *, with_keys: bool) -> str | None:
    key = None if grant.license is None else grant.license.key
    return key if key is None or with_keys else hint(key)


def _grant(grant: GrantContents, devices: Devices, *, with_keys: bool) -> HistoryGrant:
    issued = grant.license
    of_license = devices.get(issued.id) if issued is not None else None
    return HistoryGrant(
        kind=grant.kind,
        product=grant.product_name,
        key=_shown_key(grant, with_keys=with_keys),
        license_id=issued.id if issued is not None else None,
        label=issued.label if issued is not None else None,
        generation=issued.generation if issued is not None else 0,
        is_withdrawn=issued is not None and issued.withdrawn_at is not None,
        expires_at=issued.expires_at if issued is not None else None,
        devices=tuple(of_license.devices) if of_license else (),
        device_count=of_license.total if of_license else 0,
        created_at=grant.created_at,
    )
