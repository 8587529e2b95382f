"""Disputes: the sandbox makes none yet, so lists are empty and every id is unknown."""

from stripe.params import DisputeListParams, DisputeRetrieveParams

from storefront.sandbox.records import Json
from storefront.sandbox.resources.lists import list_records
from storefront.sandbox.routes import Call, route


@route("GET /v1/disputes/{id}", DisputeRetrieveParams)
def retrieve_dispute(call: Call) -> Json:
    return call.get("dispute", param="dispute").body


@route("GET /v1/disputes", DisputeListParams)
def list_disputes(call: Call) -> Json:
    return list_records(call, "dispute", "/v1/disputes", filters=("charge", "payment_intent"))
