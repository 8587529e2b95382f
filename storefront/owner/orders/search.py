"""What somebody pasted into the search: a number, an address, a key, a link, the digits of a card, a Stripe id."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, or_, select, union, union_all

from storefront.core import tokens
from storefront.core.db import db
from storefront.core.email_addresses import SIGNS, UNSEEN, pasted_address
from storefront.core.runtime import settings
from storefront.core.text_search import has_text
from storefront.customers.models import Customer, email_key
from storefront.customers.unproven import unproven_key
from storefront.delivery.licenses.models import License, RetiredKey
from storefront.delivery.licenses.sealed import hashes_of
from storefront.orders.after_sale import Dispute, FraudWarning, Refund
from storefront.orders.gift_models import Gift, GiftLink
from storefront.orders.models import Grant, ItemPart, Order, OrderItem, OrderLink
from storefront.orders.money_lines import MoneyLine
from storefront.owner.orders.pasted import find_invoice_numbers, find_last_four, find_numbers, find_page_tokens

MOST_WORDS = 8
AfterSale = type[Refund] | type[Dispute] | type[FraudWarning]
AFTER_SALE: dict[str, AfterSale] = {
    "re": Refund,
    "pyr": Refund,
    "dp": Dispute,
    "du": Dispute,
    "issfr": FraudWarning,
}
OF_ORDER = {
    "cs": Order.checkout_session_id,
    "pi": Order.payment_intent_id,
    "cus": Order.stripe_customer_id,
}
OF_LINE = {
    "ch": MoneyLine.source_id,
    "py": MoneyLine.source_id,
    "txn": MoneyLine.id,
    "po": MoneyLine.payout_id,
}
STRIPE_ID = re.compile(rf"(?<![\w-])({'|'.join([*OF_ORDER, *OF_LINE, *AFTER_SALE])})_\w+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Named:
    """`ids` selects the orders by an index; `condition` asks it of one that is read anyway.

    `is_narrow`: however many they are, they are fewer than the orders that were placed meanwhile.
    """

    ids: Select[int]
    condition: ColumnElement[bool]
    is_narrow: bool = False


def of_address(email: str) -> Named:
    """Name the orders of an address in any spelling, also of who only got free things, or gifts."""
    keys = email_key(email), unproven_key(email)
    customers = select(Customer.id).where(Customer.mode == settings().mode, Customer.email_key.in_(keys))
    given = select(Gift.order_id).where(Gift.email_key == keys[0], Gift.order_id.is_not(None))
    condition = Order.customer_id.in_(customers) | Order.id.in_(given)
    # Two searches, each by its index: of one with OR, PostgreSQL reads every order.
    bought = select(Order.id).where(Order.customer_id.in_(customers))
    return Named(select(union(bought, given).subquery().c.id), condition, is_narrow=True)


def with_product(product_id: int) -> Named:
    """Name the orders that sold a product, by itself or in a bundle."""
    lines = select(OrderItem.order_id).where(OrderItem.product_id == product_id)
    in_bundles = select(OrderItem.order_id).join(ItemPart, ItemPart.order_item_id == OrderItem.id)
    in_bundles = in_bundles.where(ItemPart.product_id == product_id)
    ids = select(union_all(lines, in_bundles).subquery().c.order_id)
    conditions = [sold.where(OrderItem.order_id == Order.id).exists() for sold in (lines, in_bundles)]
    return Named(ids, or_(*conditions))


def of_country(country: str) -> Named:
    return _by_column(Order.country == country.upper())


def recognize(pasted: str) -> Named | None:
    """Return which orders the text names; None where it names none, and is words to look for.

    A key or a link that was replaced still names its order. One statement for each thing that the text may be.
    """
    for named in _read_as_names(pasted.strip().strip(UNSEEN).strip()):
        if db.session.scalar(named.ids.limit(1)) is not None:
            return named
    return _find_by_key(pasted.strip())


def has_words(text: str) -> ColumnElement[bool]:
    """Tell of each order whether each word is in its buyer's name or address, or one is its invoice number."""
    words = [word for word in map(_without_signs, text.split()) if word] or text.split()
    return or_(and_(*map(_has_word, words[:MOST_WORDS])), Order.invoice_number.in_(find_invoice_numbers(text)))


def _without_signs(word: str) -> str:
    return word.strip(SIGNS)


def _has_word(word: str) -> ColumnElement[bool]:
    is_in = (has_text(column, word) for column in (Order.name, Order.email))
    return or_(*is_in, Order.invoice_number == word.upper())


def _read_as_names(text: str) -> Iterator[Named]:
    """Yield what the text may name, surest first."""
    page_tokens = find_page_tokens(text)
    if page_tokens:  # before addresses: one may stand beside the link, or in what follows it
        yield _by_links(list(map(tokens.hash_token, page_tokens)))
    stripe_id = STRIPE_ID.search(text)
    if "@" in text:  # before the kinds of ids: none of them holds it, and an address may begin like one
        yield of_address(pasted_address(text))
    elif stripe_id:
        yield _by_stripe_id(stripe_id[1], stripe_id[0])
    else:
        yield from _read_as_printed(text)


def _read_as_printed(text: str) -> Iterator[Named]:
    """Read what pages and receipts show: a number, or the last digits of a card."""
    yield _by_column(Order.number.in_(find_numbers(text)))
    last_four = find_last_four(text)
    if last_four:
        yield _by_column(Order.payment_last4 == last_four)


def _by_links(hashes: list[str]) -> Named:
    now = select(Order.id).where(Order.token_hash.in_(hashes))
    before = select(OrderLink.order_id).where(OrderLink.token_hash.in_(hashes))
    given = select(Gift.order_id).join(GiftLink, GiftLink.gift_id == Gift.id)
    given = given.where(GiftLink.token_hash.in_(hashes), Gift.order_id.is_not(None))
    return _by_rows(select(union(now, before, given).subquery().c.id))


def _by_stripe_id(kind: str, stripe_id: str) -> Named:
    if kind in OF_ORDER:
        return _by_column(OF_ORDER[kind] == stripe_id)
    if kind in OF_LINE:
        booked = select(MoneyLine.payment_intent_id).where(OF_LINE[kind] == stripe_id)
        return _by_column(Order.payment_intent_id.in_(booked))
    rows = AFTER_SALE[kind]
    return _by_rows(select(rows.order_id).where(rows.id == stripe_id))


def _by_column(condition: ColumnElement[bool]) -> Named:
    return Named(select(Order.id).where(condition), condition)


def _by_rows(ids: Select[int]) -> Named:
    return Named(ids, Order.id.in_(ids))


def _find_by_key(key: str) -> Named | None:
    """Look for the license first: asked in one statement, PostgreSQL may read all lines that were ever sold."""
    hashes = hashes_of(key).all
    now = select(License.id).where(License.key_hash.in_(hashes))
    before = select(RetiredKey.license_id).where(RetiredKey.key_hash.in_(hashes))
    license_ids = db.session.scalars(now.union_all(before)).all()
    if not license_ids:
        return None
    lines = select(OrderItem.order_id).join(Grant, Grant.order_item_id == OrderItem.id)
    return _by_rows(lines.join(License, License.grant_id == Grant.id).where(License.id.in_(license_ids)))
