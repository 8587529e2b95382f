"""Promotion codes: what a buyer types to get a coupon's discount."""

from stripe.params import (
    PromotionCodeCreateParams,
    PromotionCodeListParams,
    PromotionCodeRetrieveParams,
    PromotionCodeUpdateParams,
)

from storefront.devtools.sandbox.api.errors import invalid, missing
from storefront.devtools.sandbox.api.lists import list_records
from storefront.devtools.sandbox.api.parameter_checks import check_customer, get_undeleted
from storefront.devtools.sandbox.api.parameter_types import TEXT
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.api.updates import change, new_metadata, save_change
from storefront.devtools.sandbox.api.versions import CLOVER, Removed
from storefront.devtools.sandbox.catalog.validity import is_used_up
from storefront.devtools.sandbox.ids import new_id, random_text
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


@route(
    "POST /v1/promotion_codes",
    PromotionCodeCreateParams,
    # The coupon stood at the top; the command line still writes it so.
    removed={"coupon": Removed(spec=TEXT, since=CLOVER)},
    optional=("promotion",),
    unsupported=("customer_account", "restrictions.currency_options"),
)
def create_promotion_code(call: Call) -> Json:
    params, work = call.params, call.work
    coupon_id = _coupon_id(params)
    get_undeleted(work, "coupon", coupon_id, "promotion[coupon]")
    check_customer(work, params)
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
        "restrictions": _restrictions(params.get("restrictions") or {}),
        "times_redeemed": 0,
    }
    work.records.add(body)
    work.emit("promotion_code.created", body)
    return body


def _coupon_id(params: Json) -> str:
    coupon_id = (params.get("promotion") or {}).get("coupon") or params.get("coupon")
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


@route("POST /v1/promotion_codes/{id}", PromotionCodeUpdateParams, unsupported=("restrictions",))
def update_promotion_code(call: Call) -> Json:
    code = call.get("promotion_code", param="promotion_code")
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
