"""Coupons: how much a discount takes off."""

from stripe.params import (
    CouponCreateParams,
    CouponDeleteParams,
    CouponListParams,
    CouponRetrieveParams,
    CouponUpdateParams,
)

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.lists import list_records
from storefront.devtools.sandbox.api.parameter_checks import refuse_both, require, require_positive
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.api.updates import change, delete, new_metadata, save_change
from storefront.devtools.sandbox.catalog.validity import is_usable
from storefront.devtools.sandbox.ids import random_text
from storefront.devtools.sandbox.storage.records import Json
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


def count_redemption(work: UnitOfWork, coupon_id: str) -> None:
    """Count a use when the purchase completes, not when the code is typed."""
    coupon = work.records.find("coupon", coupon_id)
    if coupon is not None:
        coupon.body["times_redeemed"] += 1
        coupon.body["valid"] = is_usable(coupon, work.now)
        work.records.save(coupon)


def _check(params: Json) -> None:
    refuse_both(params, "percent_off", "amount_off")
    if "amount_off" in params:
        require(params, "currency")
        require_positive(params["amount_off"], "amount_off")
    elif "percent_off" in params:
        _check_percentage(params["percent_off"])
    else:
        raise invalid("You must pass either `percent_off` or `amount_off`.", is_stored=False)


def _check_percentage(percent_off: float) -> None:
    if not 0 < percent_off <= 100:
        raise invalid(
            "Invalid percent_off: must be greater than 0 and at most 100.", param="percent_off", is_stored=False
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
    save_change(call.work, coupon, change(coupon, call.params, ("metadata", "name")))
    return coupon.body


@route("DELETE /v1/coupons/{id}", CouponDeleteParams)
def delete_coupon(call: Call) -> Json:
    return delete(call.work, call.get("coupon", param="coupon"))


@route("GET /v1/coupons", CouponListParams)
def list_coupons(call: Call) -> Json:
    return list_records(call, "coupon", "/v1/coupons")
