"""All data of one customer as one JSON object: what a person may ask for, in words a person can read."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from storefront.core import clock, money
from storefront.core.db import db
from storefront.customers.models import Customer, SignIn
from storefront.delivery.downloads.models import Download
from storefront.delivery.licenses.models import Activation, License
from storefront.mail.models import OutboxMessage
from storefront.orders.access import access, facts_of, item_access
from storefront.orders.after_sale import OrderChange, Refund
from storefront.orders.models import Grant, Order, OrderItem
from storefront.shop.catalog.models import ReleaseFile


def export_customer(customer_id: int) -> dict[str, Any]:
    """Times are ISO 8601 with their zone. Nine statements, however much it is."""
    customer = db.session.get_one(Customer, customer_id)
    orders = db.session.scalars(
        select(Order).where(Order.customer_id == customer_id).order_by(Order.placed_at, Order.id)
    ).all()
    ids = [order.id for order in orders]
    items, changes, refunds = (
        _by_order(db.session.scalars(select(table).where(table.order_id.in_(ids)).order_by(table.id)))
        for table in (OrderItem, OrderChange, Refund)
    )
    keys, downloads = _keys(ids), _downloads(ids)
    mails = db.session.scalars(
        select(OutboxMessage)
        .where(
            OutboxMessage.mode == customer.mode,
            OutboxMessage.recipient.in_({customer.email, *(order.email for order in orders)}),
        )
        .order_by(OutboxMessage.id)
    )
    return {
        "exported_at": clock.now().isoformat(),
        "email": customer.email,
        "customer_since": customer.created_at.isoformat(),
        "news_of_releases": customer.unsubscribed_at is None,
        "sessions": [
            {
                "browser": row.browser,
                "since": row.created_at.isoformat(),
                "last_seen_at": row.last_seen_at.isoformat(),
            }
            for row in db.session.scalars(
                select(SignIn).where(SignIn.customer_id == customer_id).order_by(SignIn.id)
            )
        ],
        "orders": [
            _order(order)
            | {
                "items": [_item(item, order, keys[item.id], downloads[item.id]) for item in items[order.id]],
                "refunds": [
                    {
                        "at": refund.created_at.isoformat(),
                        "amount": money.format_money(refund.amount_minor, refund.currency),
                        "status": refund.status,
                    }
                    for refund in refunds[order.id]
                ],
                "history": [
                    {"at": change.at.isoformat(), "what": change.what, "detail": change.detail}
                    for change in changes[order.id]
                ],
            }
            for order in orders
        ],
        "mails": [
            {
                "to": mail.recipient,
                "what": mail.kind,
                "state": mail.state.value,
                "sent_at": mail.sent_at.isoformat() if mail.sent_at else None,
            }
            for mail in mails
        ],
    }


def _by_order(rows: Iterable[Any]) -> defaultdict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.order_id].append(row)
    return found


def _order(order: Order) -> dict[str, Any]:
    return {
        "number": order.number,
        "placed_at": order.placed_at.isoformat(),
        "paid_at": order.paid_at.isoformat() if order.paid_at else None,
        "email": order.email,
        "name": order.name,
        "country": order.country,
        "tax_ids": order.tax_ids,
        "payment_method": order.payment_method_type,
        "currency": order.currency,
        "total": money.format_money(order.total_minor, order.currency),
        "tax": money.format_money(order.tax_minor, order.currency),
        "state": access(facts_of(order)).reason.value,
    }


def _item(item: OrderItem, order: Order, keys: list[Any], downloads: list[Any]) -> dict[str, Any]:
    return {
        "what": item.description,
        "quantity": item.quantity,
        "total": money.format_money(item.total_minor, order.currency),
        "license_keys": keys,
        "downloads": downloads,
    }


def _keys(order_ids: list[int]) -> defaultdict[int, list[Any]]:
    rows = db.session.execute(
        select(OrderItem, Order, License, Activation)
        .join(Order, Order.id == OrderItem.order_id)
        .join(Grant, Grant.order_item_id == OrderItem.id)
        .join(License, License.grant_id == Grant.id)
        .outerjoin(Activation, Activation.license_id == License.id)
        .where(OrderItem.order_id.in_(order_ids))
        .order_by(License.id, Activation.created_at)
    )
    found: defaultdict[int, list[Any]] = defaultdict(list)
    by_license: dict[int, dict[str, Any]] = {}
    for item, order, license_row, device in rows:
        if license_row.id not in by_license:
            # A key is handed out here as well: not one that was taken back.
            works = item_access(order, item).allowed and license_row.withdrawn_at is None
            key = license_row.key if works else None
            by_license[license_row.id] = {"key": key, "works": works, "devices": []}
            found[item.id].append(by_license[license_row.id])
        if device is not None:
            by_license[license_row.id]["devices"].append(
                {"name": device.name, "fingerprint": device.fingerprint, "since": device.created_at.isoformat()}
            )
    return found


def _downloads(order_ids: list[int]) -> defaultdict[int, list[Any]]:
    rows = db.session.execute(
        select(OrderItem.id, ReleaseFile.filename, Download.at)
        .join(Grant, Grant.order_item_id == OrderItem.id)
        .join(Download, Download.grant_id == Grant.id)
        .join(ReleaseFile, ReleaseFile.id == Download.release_file_id)
        .where(OrderItem.order_id.in_(order_ids))
        .order_by(Download.at)
    )
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for item_id, filename, at in rows:
        found[item_id].append({"file": filename, "at": at.isoformat()})
    return found
