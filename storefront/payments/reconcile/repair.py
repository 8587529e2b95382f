"""Looks at one Checkout Session: compares, and where something differs lets `fulfill_checkout` converge it."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from storefront.core.db import db
from storefront.core.errors import StripeBusy, StripeMissing
from storefront.core.queue import nudge
from storefront.orders.models import Order
from storefront.orders.queries import find_order
from storefront.payments.fulfillment.fulfill import Look, fulfill_checkout
from storefront.payments.fulfillment.missing import check_nobody_waits
from storefront.payments.fulfillment.recognize import recognize_checkout
from storefront.payments.reconcile.compare import Difference, find_difference
from storefront.payments.reconcile.strangers import note_stranger
from storefront.stripe_api.gateway import gateway
from storefront.stripe_api.seen import SeenCheckout

log = logging.getLogger(__name__)

T = TypeVar("T")

WAITS_SECONDS = (1, 2, 4, 8, 16)


def patiently(call: Callable[[], T]) -> T:
    """Again after a moment while Stripe asks to slow down.

    Raises:
        StripeBusy: it still did after half a minute.
    """
    for seconds in WAITS_SECONDS:
        try:
            return call()
        except StripeBusy:
            log.info("waiting as stripe asks", extra={"seconds": seconds})
            time.sleep(seconds)
    return call()


def _note_stranger(seen: SeenCheckout) -> None:
    """Only what is complete: an open one is read again, and costs nothing where no list names it."""
    if seen.status == "complete" and recognize_checkout(seen) is None:
        note_stranger(seen.id)


def repair(session_id: str, *, is_dry: bool) -> Difference | None:
    """Return what differed, and is repaired now unless this is a dry run. None when all agreed.

    Raises:
        StripeUnavailable: nothing is known.
        StripeMissing: an order waits for it, and Stripe does not know it under this key.
    """
    is_known = find_order(session_id) is not None
    try:
        # What is not known here may be another program's: whose it is, one question tells.
        seen = patiently(lambda: gateway().get_checkout(session_id, thorough=is_known))
    except StripeMissing:
        check_nobody_waits(session_id)
        return None
    difference = find_difference(seen)
    if difference is None and not is_known:
        _note_stranger(seen)
    if difference is None or is_dry:
        return difference
    # No webhook will come for this order: its mails need not wait for it.
    fulfillment = patiently(lambda: fulfill_checkout(session_id, Look.NOW, releases_mails=True))
    nudge("outbox")
    if difference.order_number is not None or fulfillment.order_id is None:
        return difference
    order = db.session.get_one(Order, fulfillment.order_id)
    return replace(difference, order_number=order.number)
