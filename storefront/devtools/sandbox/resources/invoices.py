"""Invoices of Checkout, to be read; the sandbox makes no others."""

from stripe.params import InvoiceListLinesParams, InvoiceListParams, InvoiceRetrieveParams

from storefront.devtools.sandbox.api.lists import list_records, page_of
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.storage.records import Json


@route("GET /v1/invoices/{id}", InvoiceRetrieveParams)
def retrieve_invoice(call: Call) -> Json:
    return call.get("invoice", param="invoice").body


@route("GET /v1/invoices", InvoiceListParams, unsupported=("customer_account", "due_date", "subscription"))
def list_invoices(call: Call) -> Json:
    return list_records(call, "invoice", "/v1/invoices", filters=("collection_method", "customer", "status"))


@route("GET /v1/invoices/{id}/lines", InvoiceListLinesParams)
def list_invoice_lines(call: Call) -> Json:
    invoice = call.get("invoice", param="invoice").body
    return page_of(invoice["lines"]["data"], call.params, invoice["lines"]["url"])
