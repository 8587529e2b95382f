"""Balance transactions: what a payment or refund did to the account's money."""

from stripe.params import BalanceTransactionListParams, BalanceTransactionRetrieveParams

from storefront.devtools.sandbox.api.lists import list_records
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.storage.records import Json


@route("GET /v1/balance_transactions/{id}", BalanceTransactionRetrieveParams)
def retrieve_transaction(call: Call) -> Json:
    return call.get("balance_transaction").body


@route("GET /v1/balance_transactions", BalanceTransactionListParams, unsupported=("payout",))
def list_transactions(call: Call) -> Json:
    filters = ("currency", "source", "type")
    return list_records(call, "balance_transaction", "/v1/balance_transactions", filters=filters)
