"""Until when, and how often, a coupon or a promotion code can be used."""

from storefront.devtools.sandbox.storage.records import Json, Record


def is_past(moment: int | None, now: int) -> bool:
    """Compare Unix seconds; no moment never passes."""
    return moment is not None and moment <= now


def is_used_up(body: Json) -> bool:
    limit = body["max_redemptions"]
    return limit is not None and body["times_redeemed"] >= limit


def is_usable(coupon: Record, now: int) -> bool:
    return not (coupon.deleted or is_past(coupon.body["redeem_by"], now) or is_used_up(coupon.body))
