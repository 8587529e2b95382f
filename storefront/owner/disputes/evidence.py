"""What our rows know that speaks for the shop: by Stripe's names of the fields of evidence.

https://docs.stripe.com/api/disputes/evidence_object
"""

from collections.abc import Iterable, Iterator

from sqlalchemy import select

from storefront.core import money
from storefront.core.db import db
from storefront.mail.models import TO_OWNER, MailState, OutboxMessage
from storefront.orders.models import Order, OrderItem
from storefront.owner.disputes.access_log import read_access_log
from storefront.owner.disputes.cut import cut, cut_longest
from storefront.owner.disputes.plain import with_plain_spaces, without_unshown
from storefront.owner.history.order import OrderHistory, read_history
from storefront.owner.history.timeline import MomentKind
from storefront.payments.fulfillment.upgrades import find_upgrade_of
from storefront.shop.catalog.models import Product
from storefront.stripe_api.own_words import spell_words

LABELS = {
    "product_description": "What was sold",
    "customer_name": "Buyer's name",
    "customer_email_address": "Buyer's email address",
    "billing_address": "Billing address",
    "service_date": "When it was delivered",
    "access_activity_log": "Keys, downloads and devices",
    "refund_policy_disclosure": "Terms and refunds, as the buyer saw them",
    "uncategorized_text": "Receipt, emails, and anything else",
}
ONE_LINE = ("customer_name", "customer_email_address", "billing_address", "service_date")
# Characters: `maxLength` at https://github.com/stripe/openapi. All of ours together stay below Stripe's 150,000.
LONGEST, LONGEST_LINE = 20_000, 5_000


def collect_evidence(order: Order) -> dict[str, str]:
    """Return a text for each field, empty where we know nothing. Keys are masked: the bank may pass it on."""
    history = read_history(order)
    texts = {
        "product_description": _join(_products(order)),
        "customer_name": history.business_name or history.name or "",
        "customer_email_address": history.email,
        "billing_address": _address(history),
        "service_date": f"{order.fulfilled_at:%Y-%m-%d}" if order.fulfilled_at else "",
        "access_activity_log": _join(cut_longest(read_access_log(order, history), LONGEST)),
        "refund_policy_disclosure": _terms(history),
        "uncategorized_text": _join([*_receipt(history), *_upgrades(order), "", *_emails(order)]),
    }
    plain = {name: without_unshown(with_plain_spaces(text)) for name, text in texts.items()}
    return {name: cut(text, longest_of(name)).strip() for name, text in plain.items()}


def longest_of(field: str) -> int:
    return LONGEST_LINE if field in ONE_LINE else LONGEST


def _join(lines: Iterable[str]) -> str:
    return "\n".join(lines).strip()


def _products(order: Order) -> Iterator[str]:
    rows = db.session.execute(
        select(OrderItem.quantity, OrderItem.description, Product.summary)
        .outerjoin(Product, Product.id == OrderItem.product_id)
        .where(OrderItem.order_id == order.id)
        .order_by(OrderItem.position)
    )
    yield "Digital goods, delivered on the order's page and by email:"
    for quantity, description, summary in rows:
        yield f"{quantity} x {description}{f'. {summary}' if summary else ''}"


def _address(history: OrderHistory) -> str:
    parts = history.billing_address or {}
    names = ("line1", "line2", "postal_code", "city", "state", "country")
    return ", ".join(str(parts[name]) for name in names if parts.get(name)) or history.country or ""


def _terms(history: OrderHistory) -> str:
    if not history.checkout_text:
        return ""
    how = "The buyer ticked a box beside these words" if history.has_accepted else "Shown above the pay button"
    return f"{how}:\n{spell_words(history.checkout_text)}"


def _receipt(history: OrderHistory) -> Iterator[str]:
    yield f"Order {history.number}"
    for item in history.items:
        yield f"{item.quantity} x {item.description}: {money.format_money(item.total_minor, history.currency)}"
    yield f"Total: {money.format_money(history.total_minor, history.currency)}"
    for moment in history.timeline:
        if moment.kind is MomentKind.SALE:
            yield f"{moment.at:%Y-%m-%d %H:%M} UTC  {moment.text}"


def _upgrades(order: Order) -> Iterator[str]:
    for number in find_upgrade_of(db.session(), order.id):
        yield f"Upgrade of what order {number} had handed out"


def _emails(order: Order) -> Iterator[str]:
    """Yield those that left for the buyer, or for who receives the gift: not what the shop warned its owner of."""
    rows = db.session.execute(
        select(OutboxMessage.sent_at, OutboxMessage.kind, OutboxMessage.recipient)
        .where(
            OutboxMessage.order_id == order.id,
            OutboxMessage.state == MailState.SENT,
            OutboxMessage.kind.not_in(TO_OWNER),
        )
        .order_by(OutboxMessage.id)
    )
    for sent_at, kind, recipient in rows:
        to = f" to {recipient}" if recipient else ""  # after the owner's retention nobody knows whom
        yield f"{sent_at:%Y-%m-%d %H:%M} UTC  Email “{kind.replace('_', ' ')}” sent{to}"
