"""Coupons and Promotion Codes at Stripe, made and switched off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storefront.core.errors import StripeMissing, StripeRefused
from storefront.stripe_api.gateway import gateway
from storefront.stripe_api.refusals import readable

EXISTS = "resource_already_exists"
LONGEST_NAME = 40  # https://docs.stripe.com/api/coupons/create


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCoupon:
    """A Coupon as Stripe has it now."""

    is_active: bool
    times_redeemed: int
    is_used_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCode:
    """A Promotion Code as Stripe has it now: active only while its coupon is valid."""

    id: str
    coupon_id: str | None
    is_active: bool
    times_redeemed: int
    is_used_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponTerms:
    """What a Coupon takes off: a percentage, or amounts in minor units by currency."""

    percent: float | None
    amounts: Mapping[str, int]
    products: Sequence[str]
    most_uses: int | None = None
    ends_at: datetime | None = None


def ensure_coupon(coupon_id: str, name: str, terms: CouponTerms, *, metadata: dict[str, str]) -> bool:
    """Make a Coupon under an id of our own: the second of two callers finds it made.

    Returns False where the id was given away and the Coupon is there no more.

    Raises:
        StripeUnavailable, StripeRefused: the same call may be repeated.
    """
    params: Any = {
        "id": coupon_id,
        "name": name[:LONGEST_NAME],
        "duration": "once",
        "metadata": metadata,
        **_off(terms),
        **_limits(terms),
    }
    try:
        gateway().ask(lambda client: client.v1.coupons.create(params))
    except StripeRefused as refused:
        if refused.stripe_code != EXISTS:
            raise
        return _find_coupon(coupon_id) is not None
    return True


def _limits(terms: CouponTerms) -> dict[str, Any]:
    limits: dict[str, Any] = {"applies_to": {"products": list(terms.products)}} if terms.products else {}
    if terms.most_uses is not None:
        limits["max_redemptions"] = terms.most_uses
    if terms.ends_at is not None:
        limits["redeem_by"] = int(terms.ends_at.timestamp())
    return limits


def _off(terms: CouponTerms) -> dict[str, Any]:
    if terms.percent is not None:
        return {"percent_off": terms.percent}
    (currency, amount), *more = terms.amounts.items()
    off: dict[str, Any] = {"amount_off": amount, "currency": currency}
    return off | ({"currency_options": {code: {"amount_off": minor} for code, minor in more}} if more else {})


@readable()
def create_code(
    code: str,
    coupon_id: str,
    *,
    minimums: Mapping[str, int],
    most_uses: int | None,
    ends_at: datetime | None,
    metadata: dict[str, str],
    idempotency_key: str,
) -> SeenCode:
    """Raises StripeRefused, e.g. where another active Promotion Code has the same code."""
    params: Any = {
        "promotion": {"type": "coupon", "coupon": coupon_id},
        "code": code,
        "metadata": metadata,
        **({"max_redemptions": most_uses} if most_uses is not None else {}),
        **({"expires_at": int(ends_at.timestamp())} if ends_at is not None else {}),
        **({"restrictions": _restrictions(minimums)} if minimums else {}),
    }
    options: Any = {"idempotency_key": idempotency_key}
    return _seen(gateway().ask(lambda client: client.v1.promotion_codes.create(params, options)))


def _restrictions(minimums: Mapping[str, int]) -> dict[str, Any]:
    (currency, amount), *more = minimums.items()
    restrictions: dict[str, Any] = {"minimum_amount": amount, "minimum_amount_currency": currency}
    options = {code: {"minimum_amount": minor} for code, minor in more}
    return restrictions | ({"currency_options": options} if options else {})


@readable()
def find_active_code(code: str) -> SeenCode | None:
    """Find who has this code at Stripe now, whether the shop made it or somebody by hand."""
    params: Any = {"code": code, "active": True, "limit": 1}
    found = gateway().ask(lambda client: client.v1.promotion_codes.list(params))["data"]
    return _seen(found[0]) if found else None


def find_at_stripe(promotion_code_id: str | None, coupon_id: str) -> SeenCode | SeenCoupon | None:
    """Find a Promotion Code, or a Coupon that has none; None where Stripe knows it no more."""
    return _find_coupon(coupon_id) if promotion_code_id is None else _find_code(promotion_code_id)


@readable()
def _find_code(promotion_code_id: str) -> SeenCode | None:
    try:
        return _seen(gateway().ask(lambda client: client.v1.promotion_codes.retrieve(promotion_code_id)))
    except StripeMissing:
        return None


@readable()
def _find_coupon(coupon_id: str) -> SeenCoupon | None:
    try:
        raw = gateway().ask(lambda client: client.v1.coupons.retrieve(coupon_id))
    except StripeMissing:
        return None
    times = int(raw["times_redeemed"])
    return SeenCoupon(is_active=bool(raw["valid"]), times_redeemed=times, is_used_up=_is_used_up(raw))


@readable()
def close_code(promotion_code_id: str) -> SeenCode:
    """Switch a Promotion Code off: Stripe deletes none. Safe to repeat. Raises StripeMissing."""
    params: Any = {"active": False}
    return _seen(gateway().ask(lambda client: client.v1.promotion_codes.update(promotion_code_id, params)))


def close_coupon(coupon_id: str) -> None:
    """Delete a Coupon, so that no new Session takes it; what it took off before stays. Raises StripeMissing."""
    gateway().ask(lambda client: client.v1.coupons.delete(coupon_id))


def _seen(raw: dict[str, Any]) -> SeenCode:
    coupon = raw["promotion"]["coupon"]
    return SeenCode(
        id=raw["id"],
        coupon_id=coupon["id"] if isinstance(coupon, dict) else coupon,
        is_active=bool(raw["active"]),
        times_redeemed=int(raw["times_redeemed"]),
        is_used_up=_is_used_up(raw),
    )


def _is_used_up(raw: dict[str, Any]) -> bool:
    most = raw["max_redemptions"]
    return most is not None and int(raw["times_redeemed"]) >= int(most)
