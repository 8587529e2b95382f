"""All data of one customer as one JSON object: what a person may ask for, in words a person can read."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from storefront.audit.record import record_reading_if_asked
from storefront.buyers.account.export_gifts import given_to_json, read_gifts, read_received, received_to_json
from storefront.buyers.availability.forget import export_requests
from storefront.buyers.reminders.left import export_left
from storefront.core import clock, money
from storefront.core.db import db
from storefront.core.errors import NotFound
from storefront.core.runtime import settings
from storefront.customers.at_stripe import list_at_stripe
from storefront.customers.models import Customer, OfferConsent, SignIn, email_key
from storefront.customers.offers import list_consents
from storefront.customers.unproven import find_known
from storefront.delivery.contents import ItemContents, OrderContents, read_all_contents
from storefront.delivery.downloads.models import Download
from storefront.delivery.licenses.device_names import shown_fingerprint
from storefront.delivery.licenses.issued import IssuedLicense
from storefront.delivery.licenses.models import Activation
from storefront.delivery.refusals import Refusal
from storefront.mail.models import WRITTEN_BY_HAND, OutboxMessage
from storefront.orders.after_sale import OrderChange, Refund
from storefront.orders.gift_models import Gift
from storefront.orders.models import Grant, Order, OrderItem
from storefront.orders.sent_answers import WrittenAnswer, read_sent_answers
from storefront.orders.tax_words import tax_words
from storefront.shop.catalog.models import ReleaseFile

Json = dict[str, Any]
ById = defaultdict[int, list[Json]]
NEVER_BOUGHT = "somebody who never bought"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What is told of orders beside their contents: by license id, by item id, and three times by order id."""

    devices: ById
    downloads: ById
    refunds: ById
    changes: ById
    refusals: ById


def export_customer(customer_id: int) -> Json:
    """Return everything as JSON. Times are ISO 8601 with their zone. Fourteen statements, however much it is."""
    customer = db.session.get_one(Customer, customer_id)
    orders = db.session.scalars(
        select(Order).where(Order.customer_id == customer_id).order_by(Order.placed_at, Order.id)
    ).all()
    contents, received = read_all_contents(orders, with_files=False), read_received(customer_id)
    parts = _read_parts([*contents, *received])
    gifts = read_gifts(each.order for each in (*contents, *received))
    exported = {
        "exported_at": clock.now().isoformat(),
        "email": customer.email,
        "customer_since": customer.created_at.isoformat(),
        "news_of_releases": customer.unsubscribed_at is None,
        "news_and_offers": [_consent_to_json(each) for each in list_consents(customer_id)],
        "sessions": _sessions(customer_id),
        "customers_at_stripe": list_at_stripe(customer_id),  # where Stripe keeps cards that were saved
        "orders": [_order(each, parts) | _given(each, gifts) for each in contents],
        "gifts": [
            received_to_json(each, gifts[each.order.id], [_received(item, parts) for item in each.items])
            for each in received
        ],
        "mails": _emails(customer, orders),
        "left_at_checkout": export_left({email_key(email) for email in (customer.email, *_addresses(orders))}),
        "wants_to_hear_of": export_requests({customer.email, *_addresses(orders)}),
    }
    record_reading_if_asked("customer.exported", subject_kind="customer", subject=f"customer {customer_id}")
    return exported


def export_address(email: str) -> Json:
    """Return everything of a customer, or what somebody who never bought left at Checkout or waits for.

    Raises:
        NotFound: nothing is known of this address.
    """
    customer = find_known(email)
    if customer is not None:
        return export_customer(customer.id)
    left, wanted = export_left({email_key(email)}), export_requests({email})
    if not left and not wanted:
        raise nobody(email)
    record_reading_if_asked("customer.exported", subject_kind="customer", subject=NEVER_BOUGHT)
    return {
        "exported_at": clock.now().isoformat(),
        "email": email,
        "left_at_checkout": left,
        "wants_to_hear_of": wanted,
    }


def nobody(email: str) -> NotFound:
    mode = settings().mode
    return NotFound(
        f"Nobody bought with {email} in {mode} mode, left a checkout to be reminded of, or waits for a product."
    )


def _read_parts(contents: Sequence[OrderContents]) -> _Parts:
    order_ids = [order_contents.order.id for order_contents in contents]
    licenses = [
        license_.id for order_contents in contents for item in order_contents.items for license_ in item.licenses
    ]
    return _Parts(
        devices=_devices(licenses),
        downloads=_downloads(order_ids),
        refunds=_refunds(order_ids),
        changes=_changes(order_ids),
        refusals=_refusals(order_ids),
    )


def _consent_to_json(said: OfferConsent) -> Json:
    return {
        "at": said.created_at.isoformat(),
        "agrees": said.agrees,
        "where": said.place,
        "about": said.about,
        "words": said.words,
    }


def _sessions(customer_id: int) -> list[Json]:
    rows = db.session.scalars(select(SignIn).where(SignIn.customer_id == customer_id).order_by(SignIn.id))
    return [
        {"browser": row.browser, "since": row.created_at.isoformat(), "last_seen_at": row.last_seen_at.isoformat()}
        for row in rows
    ]


def _addresses(orders: Iterable[Order]) -> set[str]:
    return {order.email for order in orders if order.email}


def _emails(customer: Customer, orders: Iterable[Order]) -> list[Json]:
    addresses = {customer.email, *_addresses(orders)}
    rows = db.session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.mode == customer.mode, OutboxMessage.recipient.in_(addresses))
        .order_by(OutboxMessage.id)
    ).all()
    by_hand = {row.order_id for row in rows if row.kind in WRITTEN_BY_HAND and row.order_id}
    written = read_sent_answers(by_hand) if by_hand else {}
    return [
        {
            "to": row.recipient,
            "what": row.kind,
            "state": row.state.value,
            "sent_at": row.sent_at.isoformat() if row.sent_at else None,
        }
        | _written(row, written)
        for row in rows
    ]


def _written(row: OutboxMessage, written: dict[int, WrittenAnswer]) -> Json:
    """Return the words of an email that somebody who helps wrote. Its links stand in it by their names."""
    answer = written.get(int(row.about or 0)) if row.kind in WRITTEN_BY_HAND else None
    return {} if answer is None else {"subject": answer.subject, "text": answer.body}


def _order(contents: OrderContents, parts: _Parts) -> Json:
    order = contents.order
    taxes = tax_words(order)
    return {
        "number": order.number,
        "placed_at": order.placed_at.isoformat(),
        "paid_at": order.paid_at.isoformat() if order.paid_at else None,
        "email": order.email,
        "name": order.name,
        "business_name": order.business_name,
        "country": order.country,
        "billing_address": order.billing_address,
        "tax_ids": order.tax_ids,
        "phone": order.phone,
        "answers": [{"question": label, "answer": value} for label, value in order.answers],
        "payment_method": order.payment_method_type,
        "card_brand": order.payment_brand,
        "last_four_digits": order.payment_last4,
        "shown_at_checkout": order.checkout_text,
        "accepted_at_checkout": order.has_accepted,
        "currency": order.currency,
        "discount": money.format_money(order.discount_minor, order.currency),
        "discount_code": order.discount_code,
        "came_from": order.referrer,
        "total": money.format_money(order.total_minor, order.currency),
        "tax": money.format_money(order.tax_minor, order.currency),
        "taxes": [
            {"tax": line.label, "amount": money.format_money(line.amount_minor, order.currency)}
            for line in taxes.lines
        ],
        "reverse_charge": taxes.reverse_charge or None,
        "invoice": order.invoice_number,
        "state": contents.access.reason.value,
        "items": [_item(item, order.currency, parts) for item in contents.items],
        "refunds": parts.refunds[order.id],
        "history": _history(order, parts),
        "refusals": [] if order.is_gift else parts.refusals[order.id],  # of who has the keys
    }


def _history(order: Order, parts: _Parts) -> list[Json]:
    """Return what happened; of a gift nothing of its keys, which are another's."""
    changes = parts.changes[order.id]
    return [change for change in changes if not (order.is_gift and change["what"].startswith("key_"))]


def _given(contents: OrderContents, gifts: dict[int, Gift]) -> Json:
    return {"gift": given_to_json(gifts.get(contents.order.id))}


def _received(contents: ItemContents, parts: _Parts) -> Json:
    """Return an item without its price."""
    return {name: value for name, value in _item(contents, "usd", parts).items() if name != "total"}


def _item(contents: ItemContents, currency: str, parts: _Parts) -> Json:
    item = contents.item
    return {
        "what": item.description,
        "quantity": item.quantity,
        "total": money.format_money(item.total_minor, currency),
        "includes": [goods.name for goods in contents.goods if goods.name],
        "license_keys": [_license(license_, parts.devices[license_.id]) for license_ in contents.licenses],
        "downloads": parts.downloads[item.id] if contents.goods else [],  # of a gift they are another's
    }


def _license(license_: IssuedLicense, devices: list[Json]) -> Json:
    """Return a license; its key only where it was not taken back, because this hands keys out as well."""
    works = license_.key is not None and license_.withdrawn_at is None
    key = license_.key if works else None
    return {"key": key, "name": license_.label, "works": works, "devices": devices}


def _devices(license_ids: Sequence[int]) -> ById:
    rows = db.session.scalars(
        select(Activation).where(Activation.license_id.in_(license_ids)).order_by(Activation.created_at)
    )
    by_license: ById = defaultdict(list)
    for row in rows:
        fingerprint = shown_fingerprint(row.fingerprint)
        device = {"name": row.name, "fingerprint": fingerprint, "since": row.created_at.isoformat()}
        by_license[row.license_id].append(device)
    return by_license


def _downloads(order_ids: Sequence[int]) -> ById:
    rows = db.session.execute(
        select(OrderItem.id, ReleaseFile.filename, Download.at, Download.client)
        .join(Grant, Grant.order_item_id == OrderItem.id)
        .join(Download, Download.grant_id == Grant.id)
        .join(ReleaseFile, ReleaseFile.id == Download.release_file_id)
        .where(OrderItem.order_id.in_(order_ids))
        .order_by(Download.at)
    )
    by_item: ById = defaultdict(list)
    for item_id, filename, at, client in rows:
        by_item[item_id].append({"file": filename, "at": at.isoformat(), "with": client})
    return by_item


def _refunds(order_ids: Sequence[int]) -> ById:
    rows = db.session.scalars(select(Refund).where(Refund.order_id.in_(order_ids)).order_by(Refund.id))
    by_order: ById = defaultdict(list)
    for row in rows:
        amount = money.format_money(row.amount_minor, row.currency)
        by_order[row.order_id].append({"at": row.created_at.isoformat(), "amount": amount, "status": row.status})
    return by_order


def _refusals(order_ids: Sequence[int]) -> ById:
    rows = db.session.scalars(select(Refusal).where(Refusal.order_id.in_(order_ids)).order_by(Refusal.at))
    by_order: ById = defaultdict(list)
    for row in rows:
        refused = {"at": row.at.isoformat(), "what": row.what, "of": row.subject, "why": row.reason}
        by_order[row.order_id].append(refused | {"with": row.client, "times": row.times, "device": row.detail})
    return by_order


def _changes(order_ids: Sequence[int]) -> ById:
    rows = db.session.scalars(
        select(OrderChange).where(OrderChange.order_id.in_(order_ids)).order_by(OrderChange.id)
    )
    by_order: ById = defaultdict(list)
    for row in rows:
        by_order[row.order_id].append({"at": row.at.isoformat(), "what": row.what, "detail": row.detail})
    return by_order
