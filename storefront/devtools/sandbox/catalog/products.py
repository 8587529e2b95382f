"""How a product is made: by its own call, by `product_data` of a price, or inline in a Checkout Session."""

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.members import copied, list_of
from storefront.devtools.sandbox.api.updates import new_metadata
from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_COPIED = ("description", "shippable", "statement_descriptor", "tax_code", "unit_label", "url")


def add_product(work: UnitOfWork, params: Json, *, is_inline: bool = False) -> Record:
    """Make a product; an inline one is inactive and emits no event."""
    body: Json = {
        "id": params.get("id") or new_id("prod_"),
        "object": "product",
        "active": params.get("active", not is_inline),
        "created": work.now,
        "default_price": None,
        "images": list_of(params, "images"),
        "livemode": False,
        "marketing_features": list_of(params, "marketing_features"),
        "metadata": new_metadata(params),
        "name": params["name"],
        "package_dimensions": None,
        "tax_details": None,
        "type": params.get("type", "service"),
        "updated": work.now,
        **copied(params, _COPIED),
    }
    if work.records.find("product", body["id"]) is not None:
        raise invalid(f"Product already exists: {body['id']}", param="id", code="resource_already_exists")
    record = work.records.add(body)
    if not is_inline:
        work.emit("product.created", body)
    return record
