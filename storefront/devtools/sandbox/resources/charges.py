"""Charges over the API."""

from stripe.params import ChargeListParams, ChargeListRefundsParams, ChargeRetrieveParams, ChargeUpdateParams

from storefront.devtools.sandbox.api.expansion import builds
from storefront.devtools.sandbox.api.lists import list_answer, list_records
from storefront.devtools.sandbox.api.members import inner
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.api.updates import change, save_change
from storefront.devtools.sandbox.storage.records import Json, Query
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


@route("GET /v1/charges/{id}", ChargeRetrieveParams)
def retrieve_charge(call: Call) -> Json:
    return call.get("charge").body


@route("POST /v1/charges/{id}", ChargeUpdateParams, unsupported=("shipping", "transfer_group", "customer"))
def update_charge(call: Call) -> Json:
    charge = call.get("charge")
    previous = change(charge, call.params, ("description", "metadata", "receipt_email"))
    report = inner(call.params, "fraud_details", "user_report")
    known = charge.body["fraud_details"].get("user_report")
    if report and report != known:
        previous["fraud_details"] = {"user_report": known}
        charge.body["fraud_details"]["user_report"] = report
    save_change(call.work, charge, previous)
    return charge.body


@route("GET /v1/charges", ChargeListParams)
def list_charges(call: Call) -> Json:
    filters = ("customer", "payment_intent", "transfer_group")
    return list_records(call, "charge", "/v1/charges", filters=filters)


@route("GET /v1/charges/{id}/refunds", ChargeListRefundsParams)
def list_charge_refunds(call: Call) -> Json:
    charge = call.get("charge")
    call.params["charge"] = charge.id
    return list_records(call, "refund", f"/v1/charges/{charge.id}/refunds", filters=("charge",))


@builds("charge", "refunds")
def build_refunds(work: UnitOfWork, body: Json) -> Json:
    records, has_more = work.records.page(Query(kind="refund", where=(("charge", body["id"]),)))
    refunds = [record.body for record in records]
    return list_answer(refunds, f"/v1/charges/{body['id']}/refunds", has_more=has_more)
