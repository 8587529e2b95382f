"""The row of a new order, made once for each Checkout Session.

Number, link and keys derive from the Session's id and SECRET_KEY. An order that is younger than the backup a shop
came back from is made again by reconciliation, and what its buyer was mailed is true again.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.core import clock, tokens
from storefront.core.db import insert_entity
from storefront.core.languages import find_language
from storefront.core.referrers import clean_name
from storefront.core.runtime import settings
from storefront.orders.links import derive_order_token
from storefront.orders.looks import apply_facts
from storefront.orders.models import Order
from storefront.orders.waits_for import DEBITS
from storefront.shop.catalog.own_sessions import entries_of_checkout, is_marked
from storefront.stripe_api import own_words
from storefront.stripe_api.seen import SeenCheckout

NUMBER_LENGTH = 8
REFERRER = "referrer"  # in a Session's metadata, also in a Payment Link's
# Begins the id in place of a Checkout Session of what an owner gave for free: Stripe has none. It is older than
# the gifts that buyers pay for (`gifts.py`); orders of shops hold it, so it stays.
GIVEN = "gift_"
NUMBERS = 4  # that are tried: at a million orders, one in 80,000 meets a number that is taken


class NumbersTaken(Exception):
    """Chance does not do that. The order is not lost: it is tried again, and the owner is told."""


def insert_order(
    session: Session,
    seen: SeenCheckout,
    *,
    mode: str,
    customer_id: int,
    is_gift: bool = False,
    given_because: str | None = None,
) -> Order | None:
    """Return the order if this call made it: its row is locked then. It has the facts of `seen`, as of ticket 1.

    Its buyer has what it hands out, unless it is a gift: that is nobody's before its day. One that is paid is
    `fulfilled_at` now, however late it is found: the same transaction hands out what it has.
    """
    seed = tokens.derive_seed(f"{mode}:{seen.id}", purpose="order", secret_key=settings().secret_key)
    order = _from_session(seen, seed, mode=mode, customer_id=customer_id)
    order.is_gift, order.holder_id = is_gift, None if is_gift else customer_id
    order.given_because = given_because
    apply_facts(order, seen, ticket=order.look_ticket)
    order.fulfilled_at = clock.now() if order.is_paid else None
    for attempt in range(1, NUMBERS + 1):
        order.number = _number(seed, attempt)
        if insert_entity(session, order):
            return order
        if session.scalar(select(Order.id).where(Order.checkout_session_id == seen.id)):
            return None
    raise NumbersTaken(f"{NUMBERS} order numbers for {seen.id} are taken")


def _number(seed: bytes, attempt: int) -> str:
    purpose, secret_key = f"order number:{attempt}", settings().secret_key
    return tokens.derive_readable(seed, NUMBER_LENGTH, purpose=purpose, secret_key=secret_key)


def _paid_at(seen: SeenCheckout) -> datetime | None:
    """Return when it was paid, by Stripe: what is found days late, or again after a restore, was paid on its day.

    What was free has no charge: found after its Session's time, it stands at the moment when that was created. A
    debit's charge is days older than its money, and buyers are not to lose these days: it is paid now.
    """
    if not seen.is_paid:
        return None
    now = clock.now()
    if seen.payment is None:
        return seen.created_at if seen.expires_at < now else now
    if seen.payment.method.type in DEBITS:
        return now
    return min(seen.payment.charged_at or now, now)  # Stripe's clock may be ahead


def _from_session(seen: SeenCheckout, seed: bytes, *, mode: str, customer_id: int) -> Order:
    return Order(
        mode=mode,
        checkout_session_id=seen.id,
        payment_link_id=seen.payment_link_id,
        customer_id=customer_id,
        email=(seen.email or "").strip(),
        name=seen.name,
        language=find_language(seen.locale),
        country=seen.country,
        billing_address=seen.address,
        tax_ids=seen.tax_ids,
        phone=seen.phone,
        answers=seen.answers,
        currency=seen.currency,
        subtotal_minor=seen.subtotal_minor,
        discount_minor=seen.discount_minor,
        referrer=_referrer(seen),
        discount_code=seen.discount.code if seen.discount else None,
        tax_minor=seen.tax_minor,
        total_minor=seen.total_minor,
        taxes=seen.taxes,
        stripe_customer_id=seen.customer_id,
        **_consent(seen),
        look_ticket=1,
        facts_ticket=0,
        is_paid=seen.is_paid,
        paid_at=_paid_at(seen),
        looked_at=clock.now(),
        token_seed=seed,
        token_hash=tokens.hash_token(derive_order_token(seed, version=1)),
        placed_at=seen.created_at,
        **_rare(seen),
    )


def _referrer(seen: SeenCheckout) -> str | None:
    """Return where the buyer came from; Payment Links of this shop say it, too."""
    return clean_name(seen.metadata.get(REFERRER, "")) or None if is_marked(seen.metadata) else None


def _consent(seen: SeenCheckout) -> dict[str, str | bool | None]:
    """Return what Stripe's form said, or the shop's own where that was shown."""
    own = entries_of_checkout(seen.metadata)
    return {
        "checkout_text": seen.checkout_text or own_words.read_words(own),
        "has_accepted": seen.has_accepted or own_words.has_accepted(own),
    }


def _rare(seen: SeenCheckout) -> dict[str, str | int]:
    """Return what few orders have: the statement has no more columns than it needs (`insert_entity()`)."""
    values = {
        "recovered_from": seen.recovered_from,
        "business_name": seen.business_name,
        "presentment_minor": seen.presentment_minor,
        "presentment_currency": seen.presentment_currency,
    }
    return {name: value for name, value in values.items() if value is not None}
