"""The one rule of whether a license works: the API, license files, the revocation list and pages ask it alike."""

from datetime import datetime

from storefront.delivery.licenses.codes import CODES_OF_REASONS, Code
from storefront.orders.access import access
from storefront.orders.facts import Facts


def license_refusal(
    facts: Facts,
    *,
    withdrawn_at: datetime | None,
    expires_at: datetime | None,
    now: datetime,
    is_replaced: bool = False,
) -> Code | None:
    """Return what stands against a license, whoever asks, or None; of several the one that `Code` lists first.

    `is_replaced` is about the key that was asked for; `withdrawn_at` about the key alone, not its order.
    """
    if is_replaced:
        return Code.REPLACED
    if withdrawn_at is not None:
        return Code.WITHDRAWN
    of_order = access(facts)
    if not of_order.allowed:
        return CODES_OF_REASONS[of_order.reason]
    return Code.EXPIRED if _has_expired(expires_at, now) else None


def _has_expired(expires_at: datetime | None, now: datetime) -> bool:
    return expires_at is not None and expires_at <= now
