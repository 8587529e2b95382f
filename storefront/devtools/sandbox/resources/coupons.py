"""Coupons: how much a discount takes off."""

from stripe.params import (
    CouponCreateParams,
    CouponDeleteParams,
    CouponListParams,
    CouponRetrieveParams,
    CouponUpdateParams,
)

from storefront.devtools.sandbox.api.errors import exclusive, invalid
from storefront.devtools.sandbox.api.expansion import builds
from storefront.devtools.sandbox.api.lists import list_records
from storefront.devtools.sandbox.api.members import hash_of, inner
from storefront.devtools.sandbox.api.parameter_checks import (
    get_undeleted,
    refuse_both,
    require,
    require_positive,
)
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.api.updates import change, delete, new_metadata, save_change
from storefront.devtools.sandbox.catalog.validity import is_usable
from storefront.devtools.sandbox.ids import random_text
from storefront.devtools.sandbox.money import CURRENCIES
from storefront.devtools.sandbox.storage.records import Json, Query, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


def count_redemption(work: UnitOfWork, coupon_id: str) -> None:
    """Count a use when the purchase completes, not when the code is typed."""
    coupon = work.records.find("coupon", coupon_id)
    if coupon is not None:
        coupon.body["times_redeemed"] += 1
        coupon.body["valid"] = is_usable(coupon, work.now)
        work.records.save(coupon)


_LATEST_SECONDS = 5 * 366 * 86_400
_LONGEST_NAME = 40


def _check(params: Json) -> None:
    refuse_both(params, "percent_off", "amount_off")
    _check_name(params)
    check_currency_options(hash_of(params, "currency_options"), "currency_options", "amount_off")
    if params.get("duration") == "repeating":
        require(params, "duration_in_months")
    if "duration_in_months" in params:
        require_positive(params["duration_in_months"], "duration_in_months")
    if "max_redemptions" in params:
        require_positive(params["max_redemptions"], "max_redemptions")
    if params.get("currency_options") and "amount_off" not in params:
        raise exclusive("percent_off", "currency_options")
    _check_off(params)


def _check_off(params: Json) -> None:
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


def _check_name(params: Json) -> None:
    if len(params.get("name") or "") > _LONGEST_NAME:
        raise invalid(f"Invalid string: must be at most {_LONGEST_NAME} characters", param="name", is_stored=False)


def check_currency_options(options: Json, name: str, member: str) -> None:
    """Judge a map of currencies to amounts, of coupons and of promotion codes alike."""
    for currency, option in options.items():
        if currency not in CURRENCIES:
            raise invalid(f"Invalid currency: {currency}.", param=f"{name}[{currency}]", is_stored=False)
        require(option, member, name=f"{name}[{currency}]")
        require_positive(option[member], f"{name}[{currency}][{member}]")


def _check_against_shop(work: UnitOfWork, params: Json) -> list[str] | None:
    """Return the products that the coupon is for; None for all."""
    redeem_by = params.get("redeem_by")
    if redeem_by is not None and not work.now < redeem_by <= work.now + _LATEST_SECONDS:
        raise invalid("redeem_by must be in the future, by at most five years.", param="redeem_by")
    products: list[str] | None = inner(params, "applies_to", "products")
    for place, product_id in enumerate(products or []):
        get_undeleted(work, "product", product_id, f"applies_to[products][{place}]")
    return products


@builds("coupon", "applies_to")
def _build_applies_to(work: UnitOfWork, coupon: Json) -> Json | None:
    products = work.records.get("coupon", coupon["id"]).private.get("products")
    return {"products": products} if products else None


@builds("coupon", "currency_options")
def _build_currency_options(work: UnitOfWork, coupon: Json) -> Json | None:
    if coupon["amount_off"] is None:
        return None
    more: Json = work.records.get("coupon", coupon["id"]).private.get("currency_options") or {}
    return {coupon["currency"]: {"amount_off": coupon["amount_off"]}, **more}


@route("POST /v1/coupons", CouponCreateParams, check=_check)
def create_coupon(call: Call) -> Json:
    params, work = call.params, call.work
    products = _check_against_shop(work, params)
    coupon_id = params.get("id") or random_text(8)
    earlier = work.records.find("coupon", coupon_id)
    if earlier is not None and not earlier.deleted:
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
    private = {"products": products, "currency_options": hash_of(params, "currency_options")}
    if earlier is None:
        work.records.add(body, private)
    else:  # Stripe gives the id of a deleted coupon away again
        work.records.save(Record(body=body, private=private))
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
    coupon = call.get("coupon", param="coupon")
    _switch_codes_off(call.work, coupon.id)
    return delete(call.work, coupon)


def _switch_codes_off(work: UnitOfWork, coupon_id: str) -> None:
    """A promotion code is active only while its coupon is valid: its name is free again."""
    active = Query(kind="promotion_code", where=(("promotion.coupon", coupon_id), ("active", True)))
    while (code := work.records.find_newest(active)) is not None:
        code.body["active"] = False
        save_change(work, code, {"active": True})


@route("GET /v1/coupons", CouponListParams)
def list_coupons(call: Call) -> Json:
    return list_records(call, "coupon", "/v1/coupons")
