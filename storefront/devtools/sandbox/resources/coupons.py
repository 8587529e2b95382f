"""Coupons: how much a discount takes off."""

from stripe.params import (
    CouponCreateParams,
    CouponDeleteParams,
    CouponListParams,
    CouponRetrieveParams,
    CouponUpdateParams,
)

from storefront.devtools.sandbox.api.errors import exclusive, invalid, missing
from storefront.devtools.sandbox.api.lists import list_records
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.api.updates import change, delete, new_metadata
from storefront.devtools.sandbox.ids import random_text
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


def is_usable(coupon: Record, now: int) -> bool:
    body = coupon.body
    if coupon.deleted or (body["redeem_by"] is not None and body["redeem_by"] <= now):
        return False
    return body["max_redemptions"] is None or body["times_redeemed"] < body["max_redemptions"]


def count_redemption(work: UnitOfWork, coupon_id: str) -> None:
    """Counted when a purchase completes, not when the code is typed."""
    coupon = work.records.find("coupon", coupon_id)
    if coupon is not None:
        coupon.body["times_redeemed"] += 1
        coupon.body["valid"] = is_usable(coupon, work.now)
        work.records.save(coupon)


def _check(params: Json) -> None:
    if "percent_off" in params and "amount_off" in params:
        raise exclusive("percent_off", "amount_off")
    if "percent_off" not in params and "amount_off" not in params:
        raise invalid("You must pass either `percent_off` or `amount_off`.", is_stored=False)
    if "amount_off" in params and "currency" not in params:
        raise missing("currency")
    if not 0 < params.get("percent_off", 1) <= 100:
        raise invalid(
            "Invalid percent_off: must be greater than 0 and at most 100.", param="percent_off", is_stored=False
        )
    if params.get("amount_off", 1) < 1:
        raise invalid(
            "This value must be greater than or equal to 1.",
            param="amount_off",
            code="parameter_invalid_integer",
            is_stored=False,
        )


@route("POST /v1/coupons", CouponCreateParams, check=_check, unsupported=("applies_to", "currency_options"))
def create_coupon(call: Call) -> Json:
    params, work = call.params, call.work
    coupon_id = params.get("id") or random_text(8)
    if work.records.find("coupon", coupon_id) is not None:
        raise invalid("Coupon already exists.", param="id", code="resource_already_exists")
    body: Json = {
        "id": coupon_id,
        "object": "coupon",
        "amount_off": params.get("amount_off"),
        "created": work.now,
        "currency": params["currency"].lower() if "amount_off" in params else None,
        "duration": params.get("duration", "once"),
        "duration_in_months": params.get("duration_in_months"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": new_metadata(params),
        "name": params.get("name"),
        "percent_off": params.get("percent_off"),
        "redeem_by": params.get("redeem_by"),
        "times_redeemed": 0,
        "valid": True,
    }
    work.records.add(body)
    work.emit("coupon.created", body)
    return body


@route("GET /v1/coupons/{id}", CouponRetrieveParams)
def retrieve_coupon(call: Call) -> Json:
    coupon = call.get("coupon", param="coupon")
    coupon.body["valid"] = is_usable(coupon, call.work.now)
    return coupon.body


@route("POST /v1/coupons/{id}", CouponUpdateParams, unsupported=("currency_options",))
def update_coupon(call: Call) -> Json:
    coupon = call.get("coupon", param="coupon")
    previous = change(coupon, call.params, ("metadata", "name"))
    if previous:
        call.work.records.save(coupon)
        call.work.emit("coupon.updated", coupon.body, previous)
    return coupon.body


@route("DELETE /v1/coupons/{id}", CouponDeleteParams)
def delete_coupon(call: Call) -> Json:
    return delete(call.work, call.get("coupon", param="coupon"))


@route("GET /v1/coupons", CouponListParams)
def list_coupons(call: Call) -> Json:
    return list_records(call, "coupon", "/v1/coupons")
