"""Tax ids of a Customer over the API."""

from stripe.params import (
    CustomerCreateTaxIdParams,
    CustomerDeleteTaxIdParams,
    CustomerListTaxIdsParams,
    CustomerRetrieveTaxIdParams,
)

from storefront.devtools.sandbox.api.errors import not_found
from storefront.devtools.sandbox.api.lists import list_records
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.tax.customer_tax_ids import add_tax_id
from storefront.devtools.sandbox.tax.tax_ids import checked


@route("POST /v1/customers/{id}/tax_ids", CustomerCreateTaxIdParams)
def create_tax_id(call: Call) -> Json:
    customer = call.get("customer")
    tax_id = checked(call.params["type"], call.params["value"], "")
    return add_tax_id(call.work, customer.id, tax_id, customer.body["name"]).body


@route("GET /v1/customers/{id}/tax_ids", CustomerListTaxIdsParams)
def list_tax_ids(call: Call) -> Json:
    customer = call.get("customer")
    call.params["customer"] = customer.id
    return list_records(call, "tax_id", f"/v1/customers/{customer.id}/tax_ids", filters=("customer",))


@route("GET /v1/customers/{id}/tax_ids/{id}", CustomerRetrieveTaxIdParams)
def retrieve_tax_id(call: Call) -> Json:
    return _tax_id(call).body


@route("DELETE /v1/customers/{id}/tax_ids/{id}", CustomerDeleteTaxIdParams)
def delete_tax_id(call: Call) -> Json:
    tax_id = _tax_id(call)
    call.work.emit("customer.tax_id.deleted", tax_id.body)
    tax_id.deleted = True
    call.work.records.save(tax_id)
    return {"id": tax_id.id, "object": "tax_id", "deleted": True}


def _tax_id(call: Call) -> Record:
    customer = call.get("customer")
    tax_id = call.work.records.find("tax_id", call.ids[1])
    if tax_id is None or tax_id.deleted or tax_id.body["customer"] != customer.id:
        raise not_found("tax_id", call.ids[1])
    return tax_id
