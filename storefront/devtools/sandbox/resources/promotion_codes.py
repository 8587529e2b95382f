"""Promotion codes: what a buyer types to get a coupon's discount."""

import re

from stripe.params import (
    PromotionCodeCreateParams,
    PromotionCodeListParams,
    PromotionCodeRetrieveParams,
    PromotionCodeUpdateParams,
)

from storefront.devtools.sandbox.api.errors import invalid, missing
from storefront.devtools.sandbox.api.expansion import builds
from storefront.devtools.sandbox.api.lists import list_records
from storefront.devtools.sandbox.api.members import hash_of, inner
from storefront.devtools.sandbox.api.parameter_checks import (
    check_customer,
    get_undeleted,
    require,
    require_positive,
)
from storefront.devtools.sandbox.api.parameter_types import TEXT
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.api.updates import change, new_metadata, save_change
from storefront.devtools.sandbox.api.versions import CLOVER, Removed
from storefront.devtools.sandbox.catalog.validity import is_past, is_usable, is_used_up
from storefront.devtools.sandbox.ids import new_id, random_text
from storefront.devtools.sandbox.resources.coupons import check_currency_options
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_CONDITIONS = {
    "code": "upper(json_extract(body, '$.code')) = upper(?)",
    "coupon": "json_extract(body, '$.promotion.coupon') = ?",
}


def find_active_code(work: UnitOfWork, code: str) -> Record | None:
    """Codes are compared without regard to case."""
    row = work.records.connection.execute(
        "SELECT id FROM objects WHERE kind = 'promotion_code' AND json_extract(body, '$.active')"
        " AND upper(json_extract(body, '$.code')) = upper(?)",
        (code,),
    ).fetchone()
    return None if row is None else work.records.get("promotion_code", row["id"])


def count_code_redemption(work: UnitOfWork, promotion_code_id: str) -> None:
    code = work.records.get("promotion_code", promotion_code_id)
    code.body["times_redeemed"] += 1
    if is_used_up(code.body):
        code.body["active"] = False
    work.records.save(code)


_CODE = re.compile(r"[A-Za-z0-9-]{1,500}")
_LATEST_SECONDS = 5 * 366 * 86_400


def _check(params: Json) -> None:
    if "code" in params and not _CODE.fullmatch(params["code"]):
        raise invalid(
            "The promotion code may have letters, digits and dashes only, 500 of them at most.",
            param="code",
            is_stored=False,
        )
    if "max_redemptions" in params:
        require_positive(params["max_redemptions"], "max_redemptions")
    _check_restrictions(hash_of(params, "restrictions"))


def _check_restrictions(restrictions: Json) -> None:
    if "minimum_amount" in restrictions:
        require(restrictions, "minimum_amount_currency", name="restrictions")
        require_positive(restrictions["minimum_amount"], "restrictions[minimum_amount]")
    options = hash_of(restrictions, "currency_options")
    if options:
        require(restrictions, "minimum_amount", name="restrictions")
    check_currency_options(options, "restrictions[currency_options]", "minimum_amount")


def _check_times(work: UnitOfWork, params: Json, coupon: Json) -> None:
    """Refuse a code that is over at once, or that would outlast its coupon.

    Source: https://docs.stripe.com/billing/subscriptions/coupons, "Promotion codes".
    """
    expires_at, limit = params.get("expires_at"), params.get("max_redemptions")
    if expires_at is not None and not work.now < expires_at <= work.now + _LATEST_SECONDS:
        raise invalid("expires_at must be in the future, by at most five years.", param="expires_at")
    if _is_more(expires_at, coupon["redeem_by"]):
        raise invalid("A promotion code cannot expire after its coupon.", param="expires_at")
    if _is_more(limit, coupon["max_redemptions"]):
        raise invalid("A promotion code cannot be redeemed more often than its coupon.", param="max_redemptions")


def _is_more(asked: int | None, limit: int | None) -> bool:
    return asked is not None and limit is not None and asked > limit


@builds("promotion_code", "restrictions.currency_options")
def _build_currency_options(work: UnitOfWork, code: Json) -> Json | None:
    restrictions = code["restrictions"]
    if restrictions["minimum_amount"] is None:
        return None
    more: Json = work.records.get("promotion_code", code["id"]).private.get("currency_options") or {}
    first = {"minimum_amount": restrictions["minimum_amount"]}
    return {restrictions["minimum_amount_currency"]: first, **more}


@route(
    "POST /v1/promotion_codes",
    PromotionCodeCreateParams,
    check=_check,
    # The coupon stood at the top; the command line still writes it so.
    removed={"coupon": Removed(spec=TEXT, since=CLOVER)},
    optional=("promotion",),
    unsupported=("customer_account",),
)
def create_promotion_code(call: Call) -> Json:
    params, work = call.params, call.work
    coupon_id = _coupon_id(params)
    coupon = get_undeleted(work, "coupon", coupon_id, "promotion[coupon]")
    if not is_usable(coupon, work.now):
        raise invalid("This coupon is no longer valid.", param="promotion[coupon]", code="coupon_expired")
    check_customer(work, params)
    _check_times(work, params, coupon.body)
    code = params.get("code") or random_text(8).upper()
    if find_active_code(work, code) is not None:
        raise invalid(f"An active promotion code with `code: {code}` already exists.", param="code")
    body: Json = {
        "id": new_id("promo_1"),
        "object": "promotion_code",
        "active": params.get("active", True),
        "code": code,
        "created": work.now,
        "customer": params.get("customer"),
        "customer_account": None,
        "expires_at": params.get("expires_at"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": new_metadata(params),
        "promotion": {"coupon": coupon_id, "type": "coupon"},
        "restrictions": _restrictions(hash_of(params, "restrictions")),
        "times_redeemed": 0,
    }
    options = inner(params, "restrictions", "currency_options") or {}
    work.records.add(body, {"currency_options": options})
    work.emit("promotion_code.created", body)
    return body


def _coupon_id(params: Json) -> str:
    coupon_id = inner(params, "promotion", "coupon") or params.get("coupon")
    if not coupon_id:
        raise missing("promotion[coupon]")
    return str(coupon_id)


def _restrictions(given: Json) -> Json:
    return {
        "first_time_transaction": given.get("first_time_transaction", False),
        "minimum_amount": given.get("minimum_amount"),
        "minimum_amount_currency": given.get("minimum_amount_currency"),
    }


@route("GET /v1/promotion_codes/{id}", PromotionCodeRetrieveParams)
def retrieve_promotion_code(call: Call) -> Json:
    return call.get("promotion_code", param="promotion_code").body


def _require_usable(work: UnitOfWork, code: Json) -> None:
    """Refuse to switch on what is over, or what another active code took the place of."""
    coupon = work.records.get("coupon", code["promotion"]["coupon"])
    if is_past(code["expires_at"], work.now) or is_used_up(code) or not is_usable(coupon, work.now):
        raise invalid("This promotion code is over and cannot be made active again.", param="active")
    if find_active_code(work, code["code"]) is not None:
        raise invalid(f"An active promotion code with `code: {code['code']}` already exists.", param="active")


@route("POST /v1/promotion_codes/{id}", PromotionCodeUpdateParams, unsupported=("restrictions",))
def update_promotion_code(call: Call) -> Json:
    code = call.get("promotion_code", param="promotion_code")
    if call.params.get("active") and not code.body["active"]:
        _require_usable(call.work, code.body)
    save_change(call.work, code, change(code, call.params, ("active", "metadata")))
    return code.body


@route("GET /v1/promotion_codes", PromotionCodeListParams, unsupported=("customer_account",))
def list_promotion_codes(call: Call) -> Json:
    names = [name for name in _CONDITIONS if name in call.params]
    return list_records(
        call,
        "promotion_code",
        "/v1/promotion_codes",
        filters=("active", "customer"),
        sql=tuple(_CONDITIONS[name] for name in names),
        values=tuple(call.params[name] for name in names),
    )
