"""Mandates over the API: read only; a bank changes them."""

from stripe.params import MandateRetrieveParams

from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.storage.records import Json


@route("GET /v1/mandates/{id}", MandateRetrieveParams)
def retrieve_mandate(call: Call) -> Json:
    return call.get("mandate", param="mandate").body
