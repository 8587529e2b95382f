"""Prices: what a product costs in one currency."""

from decimal import Decimal

from stripe.params import PriceCreateParams, PriceListParams, PriceRetrieveParams, PriceUpdateParams

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.lists import list_records, one_of
from storefront.devtools.sandbox.api.members import list_of, member_name
from storefront.devtools.sandbox.api.parameter_checks import get_undeleted, refuse_both, require_either
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.api.updates import change, new_metadata, save_change
from storefront.devtools.sandbox.catalog.amounts import check_amount
from storefront.devtools.sandbox.catalog.custom_unit_amount import read_custom_unit_amount
from storefront.devtools.sandbox.catalog.products import add_product
from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


def add_price(
    work: UnitOfWork, params: Json, product_id: str, *, name: str = "", emits: bool = True, is_active: bool = True
) -> Record:
    """`name`: how the caller's parameter is called, for the error's `param`."""
    currency = params["currency"].lower()
    custom = read_custom_unit_amount(params, currency)
    amount, exact = (None, None) if custom else _amount(params, currency, name)
    recurring = params.get("recurring")
    body: Json = {
        "id": new_id("price_1"),
        "object": "price",
        "active": params.get("active", is_active),
        "billing_scheme": params.get("billing_scheme", "per_unit"),
        "created": work.now,
        "currency": currency,
        "custom_unit_amount": custom,
        "livemode": False,
        "lookup_key": params.get("lookup_key"),
        "metadata": new_metadata(params),
        "nickname": params.get("nickname"),
        "product": product_id,
        "recurring": recurring and _recurring(recurring),
        "tax_behavior": params.get("tax_behavior", "unspecified"),
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if recurring else "one_time",
        "unit_amount": amount,
        "unit_amount_decimal": exact,
    }
    _claim_lookup_key(work, body["lookup_key"], transfers=params.get("transfer_lookup_key", False))
    record = work.records.add(body)
    if emits:
        work.emit("price.created", body)
    return record


def _amount(params: Json, currency: str, name: str) -> tuple[int | None, str]:
    """Return the amount in minor units, null if it has decimals, and as exact text."""
    refuse_both(params, "unit_amount", "unit_amount_decimal", name)
    require_either(params, "unit_amount", "unit_amount_decimal", name)
    exact = Decimal(params["unit_amount_decimal" if "unit_amount_decimal" in params else "unit_amount"])
    check_amount(exact, currency, member_name(name, "unit_amount"))
    if exact == exact.to_integral_value():
        return int(exact), str(int(exact))
    return None, format(exact.normalize(), "f")


def _recurring(params: Json) -> Json:
    return {
        "interval": params["interval"],
        "interval_count": params.get("interval_count", 1),
        "meter": params.get("meter"),
        "trial_period_days": params.get("trial_period_days"),
        "usage_type": params.get("usage_type", "licensed"),
    }


def _claim_lookup_key(work: UnitOfWork, key: str | None, *, transfers: bool) -> None:
    if not key:
        return
    row = work.records.connection.execute(
        "SELECT id FROM objects WHERE kind = 'price' AND json_extract(body, '$.lookup_key') = ?", (key,)
    ).fetchone()
    if row is None:
        return
    if not transfers:
        raise invalid(f"A price (`{row['id']}`) already uses that lookup key.", param="lookup_key")
    holder = work.records.get("price", row["id"])
    holder.body["lookup_key"] = None
    work.records.save(holder)


def _check_new_price(params: Json) -> None:
    require_either(params, "product", "product_data")
    refuse_both(params, "product", "product_data")


@route(
    "POST /v1/prices",
    PriceCreateParams,
    check=_check_new_price,
    unsupported=("currency_options", "tiers", "tiers_mode", "transform_quantity"),
)
def create_price(call: Call) -> Json:
    params, work = call.params, call.work
    if "product_data" in params:
        product_id = add_product(work, params["product_data"]).id
    else:
        product_id = get_undeleted(work, "product", params["product"], "product").id
    return add_price(work, params, product_id).body


@route("GET /v1/prices/{id}", PriceRetrieveParams)
def retrieve_price(call: Call) -> Json:
    return call.get("price", param="price").body


def _check_behavior(price: Record, wanted: str | None) -> None:
    if wanted and price.body["tax_behavior"] not in {"unspecified", wanted}:
        raise invalid("You cannot change the `tax_behavior` of a price once it is set.", param="tax_behavior")


@route("POST /v1/prices/{id}", PriceUpdateParams, unsupported=("currency_options",))
def update_price(call: Call) -> Json:
    price = call.get("price", param="price")
    key = call.params.get("lookup_key")
    if key and key != price.body["lookup_key"]:
        _claim_lookup_key(call.work, key, transfers=call.params.get("transfer_lookup_key", False))
    _check_behavior(price, call.params.get("tax_behavior"))
    previous = change(price, call.params, ("active", "lookup_key", "metadata", "nickname", "tax_behavior"))
    save_change(call.work, price, previous)
    return price.body


@route("GET /v1/prices", PriceListParams, unsupported=("recurring",))
def list_prices(call: Call) -> Json:
    keys = list_of(call.params, "lookup_keys")
    sql = one_of("json_extract(body, '$.lookup_key')", keys)
    filters = ("active", "currency", "product", "type")
    return list_records(call, "price", "/v1/prices", filters=filters, sql=sql, values=tuple(keys))
