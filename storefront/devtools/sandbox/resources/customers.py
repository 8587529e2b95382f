"""Customers, as the shop makes them or Checkout makes them on the way."""

from stripe.params import (
    CustomerCreateParams,
    CustomerDeleteParams,
    CustomerListParams,
    CustomerRetrieveParams,
    CustomerUpdateParams,
)

from storefront.devtools.sandbox.api.addresses import whole_address, whole_shipping
from storefront.devtools.sandbox.api.errors import not_found
from storefront.devtools.sandbox.api.lists import list_records
from storefront.devtools.sandbox.api.members import list_of
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.api.updates import change, delete, new_metadata, save_change
from storefront.devtools.sandbox.checkout.saved_methods import detach_all
from storefront.devtools.sandbox.ids import new_id, random_text
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_UNSUPPORTED = (
    "balance",
    "business_name",
    "cash_balance",
    "individual_name",
    "invoice_settings",
    "payment_method",
    "source",
    "tax",
    "tax_id_data",
    "test_clock",
)


_CHANGEABLE = (
    "address",
    "description",
    "email",
    "metadata",
    "name",
    "phone",
    "preferred_locales",
    "shipping",
    "tax_exempt",
)


def add_customer(work: UnitOfWork, params: Json) -> Record:
    body: Json = {
        "id": new_id("cus_"),
        "object": "customer",
        "address": whole_address(params.get("address")),
        "balance": 0,
        "created": work.now,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": params.get("description"),
        "discount": None,
        "email": params.get("email"),
        "invoice_prefix": params.get("invoice_prefix") or random_text(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": new_metadata(params),
        "name": params.get("name") or None,
        "next_invoice_sequence": params.get("next_invoice_sequence", 1),
        "phone": params.get("phone"),
        "preferred_locales": list_of(params, "preferred_locales"),
        "shipping": whole_shipping(params.get("shipping")),
        "tax_exempt": params.get("tax_exempt") or "none",
        "test_clock": None,
    }
    record = work.records.add(body)
    work.emit("customer.created", body)
    return record


@route("POST /v1/customers", CustomerCreateParams, unsupported=_UNSUPPORTED)
def create_customer(call: Call) -> Json:
    return add_customer(call.work, call.params).body


@route("GET /v1/customers/{id}", CustomerRetrieveParams)
def retrieve_customer(call: Call) -> Json:
    """Answer with a stub for a deleted customer, which other deleted objects do not have."""
    customer = call.work.records.find("customer", call.ids[0])
    if customer is None:
        raise not_found("customer", call.ids[0])
    return {"id": customer.id, "object": "customer", "deleted": True} if customer.deleted else customer.body


@route(
    "POST /v1/customers/{id}",
    CustomerUpdateParams,
    unsupported=(*_UNSUPPORTED, "default_source"),
)
def update_customer(call: Call) -> Json:
    customer = call.get("customer")
    params = {**call.params}
    if params.get("address"):
        params["address"] = whole_address(params["address"])
    if params.get("shipping"):
        params["shipping"] = whole_shipping(params["shipping"])
    save_change(call.work, customer, change(customer, params, _CHANGEABLE))
    return customer.body


@route("DELETE /v1/customers/{id}", CustomerDeleteParams)
def delete_customer(call: Call) -> Json:
    customer = call.get("customer")
    detach_all(call.work, customer.id)
    return delete(call.work, customer)


@route("GET /v1/customers", CustomerListParams, unsupported=("test_clock",))
def list_customers(call: Call) -> Json:
    return list_records(call, "customer", "/v1/customers", filters=("email",))
