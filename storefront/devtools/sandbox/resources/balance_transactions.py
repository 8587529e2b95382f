"""Balance transactions: what a payment or refund did to the account's money."""

from stripe.params import BalanceTransactionListParams, BalanceTransactionRetrieveParams

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.lists import list_records
from storefront.devtools.sandbox.api.parameter_checks import get_named
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.payments.payouts import IN_PAYOUT
from storefront.devtools.sandbox.storage.records import Json


@route("GET /v1/balance_transactions/{id}", BalanceTransactionRetrieveParams)
def retrieve_transaction(call: Call) -> Json:
    return call.get("balance_transaction").body


@route("GET /v1/balance_transactions", BalanceTransactionListParams)
def list_transactions(call: Call) -> Json:
    """With `payout`, what an automatic payout is made of: only of those Stripe keeps it."""
    filters = ("currency", "source", "type")
    sql, values = _payout(call)
    return list_records(
        call, "balance_transaction", "/v1/balance_transactions", filters=filters, sql=sql, values=values
    )


def _payout(call: Call) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if "payout" not in call.params:
        return (), ()
    payout = get_named(call.work, "payout", call.params["payout"], "payout")
    if not payout.body["automatic"]:
        raise invalid("Balance transaction history can only be filtered on automatic transfers, not manual.")
    return (IN_PAYOUT,), (payout.id,)
