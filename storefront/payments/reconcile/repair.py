"""Looks at one Checkout Session: compares, and where something differs lets `fulfill_checkout` converge it."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from storefront.core.errors import StripeBusy, StripeMissing
from storefront.core.queue import nudge
from storefront.mail import outbox
from storefront.orders.lifecycle import find_order
from storefront.payments.fulfillment.fulfill import Look, Outcome, fulfill_checkout
from storefront.payments.reconcile.compare import Difference, find_difference
from storefront.stripe_api.gateway import gateway

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


def repair(session_id: str, *, is_dry: bool) -> Difference | None:
    """What differed, and is repaired now unless this is a dry run. None when all agreed.

    Raises:
        StripeUnavailable: nothing is known.
    """
    try:
        seen = patiently(lambda: gateway().get_checkout(session_id, thorough=True))
    except StripeMissing:
        return None
    difference = find_difference(seen)
    if difference is None or is_dry:
        return difference
    patiently(lambda: fulfill_checkout(session_id, Look.NOW, also=_release))
    nudge("outbox")
    if difference.order_number is None:
        order = find_order(session_id)
        return Difference(order_number=order.number if order else None, sentences=difference.sentences)
    return difference


def _release(session: Session, _outcome: Outcome, order_id: int | None) -> None:
    """No webhook will come for this one: its mails need not wait for it."""
    if order_id is not None:
        outbox.release(session, order_id)
