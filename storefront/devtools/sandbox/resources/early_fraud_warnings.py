"""Early fraud warnings over the API: read only."""

from stripe.params.radar import EarlyFraudWarningListParams, EarlyFraudWarningRetrieveParams

from storefront.devtools.sandbox.api.lists import list_records
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.payments.early_fraud_warnings import KIND
from storefront.devtools.sandbox.storage.records import Json


@route("GET /v1/radar/early_fraud_warnings/{id}", EarlyFraudWarningRetrieveParams)
def retrieve_warning(call: Call) -> Json:
    return call.get(KIND, param="early_fraud_warning").body


@route("GET /v1/radar/early_fraud_warnings", EarlyFraudWarningListParams)
def list_warnings(call: Call) -> Json:
    return list_records(call, KIND, "/v1/radar/early_fraud_warnings", filters=("charge", "payment_intent"))
