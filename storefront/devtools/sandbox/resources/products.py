"""Products: what is sold."""

from stripe.params import (
    ProductCreateParams,
    ProductDeleteParams,
    ProductListParams,
    ProductRetrieveParams,
    ProductUpdateParams,
)

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.lists import list_records, one_of
from storefront.devtools.sandbox.api.members import list_of
from storefront.devtools.sandbox.api.parameter_checks import get_named
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.api.updates import change, delete, save_change
from storefront.devtools.sandbox.catalog.products import add_product
from storefront.devtools.sandbox.resources.prices import add_price
from storefront.devtools.sandbox.storage.records import Json

_CHANGEABLE = (
    "active",
    "default_price",
    "description",
    "images",
    "marketing_features",
    "metadata",
    "name",
    "shippable",
    "statement_descriptor",
    "tax_code",
    "unit_label",
    "url",
)


@route(
    "POST /v1/products",
    ProductCreateParams,
    unsupported=(
        "package_dimensions",
        "tax_details",
        "default_price_data.custom_unit_amount",
        "default_price_data.currency_options",
    ),
)
def create_product(call: Call) -> Json:
    product = add_product(call.work, call.params)
    price = call.params.get("default_price_data")
    if price:
        default_price = add_price(call.work, {**price, "product": product.id}, product.id)
        product.body["default_price"] = default_price.id
        call.work.records.save(product)
    return product.body


@route("GET /v1/products/{id}", ProductRetrieveParams)
def retrieve_product(call: Call) -> Json:
    return call.get("product").body


@route("POST /v1/products/{id}", ProductUpdateParams, unsupported=("package_dimensions", "tax_details"))
def update_product(call: Call) -> Json:
    product = call.get("product")
    price_id = call.params.get("default_price")
    if price_id:
        get_named(call.work, "price", price_id, "default_price")
    previous = change(product, call.params, _CHANGEABLE)
    for name in ("images", "marketing_features"):
        product.body[name] = product.body[name] or []
    if previous:
        previous["updated"] = product.body["updated"]
        product.body["updated"] = call.work.now
    save_change(call.work, product, previous)
    return product.body


@route("DELETE /v1/products/{id}", ProductDeleteParams)
def delete_product(call: Call) -> Json:
    product = call.get("product")
    row = call.work.records.connection.execute(
        "SELECT 1 FROM objects WHERE kind = 'price' AND json_extract(body, '$.product') = ?", (product.id,)
    ).fetchone()
    if row is not None:
        raise invalid("This product cannot be deleted because it has one or more user-created prices.", param="id")
    return delete(call.work, product)


@route("GET /v1/products", ProductListParams)
def list_products(call: Call) -> Json:
    ids = list_of(call.params, "ids")
    filters = ("active", "shippable", "type", "url")
    return list_records(call, "product", "/v1/products", filters=filters, sql=one_of("id", ids), values=tuple(ids))
