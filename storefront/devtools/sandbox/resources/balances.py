"""The account's balance over the API, and payouts by hand, which arrive two days later."""

from stripe.params import (
    BalanceRetrieveParams,
    PayoutCreateParams,
    PayoutListParams,
    PayoutRetrieveParams,
    PayoutUpdateParams,
)

from storefront.devtools.sandbox.api.errors import StripeApiError
from storefront.devtools.sandbox.api.lists import list_records
from storefront.devtools.sandbox.api.parameter_checks import require_positive
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.api.updates import change, new_metadata, save_change
from storefront.devtools.sandbox.payments.account_balance import balance
from storefront.devtools.sandbox.payments.payouts import add_payout
from storefront.devtools.sandbox.storage.records import Json


@route("GET /v1/balance", BalanceRetrieveParams)
def retrieve_balance(call: Call) -> Json:
    return balance(call.work)


def _check(params: Json) -> None:
    require_positive(params["amount"], "amount")


@route(
    "POST /v1/payouts",
    PayoutCreateParams,
    check=_check,
    unsupported=("destination", "payout_method", "source_type"),
)
def create_payout(call: Call) -> Json:
    work, params = call.work, call.params
    currency = params["currency"].lower()
    held = {row["currency"]: row["amount"] for row in balance(work)["available"]}
    if params["amount"] > held.get(currency, 0):
        raise StripeApiError(
            400, "You have insufficient funds in your Stripe account.", code="balance_insufficient"
        )
    chosen = {**params, "metadata": new_metadata(params)}
    return add_payout(work, amount=params["amount"], currency=currency, automatic=False, chosen=chosen).body


@route("GET /v1/payouts/{id}", PayoutRetrieveParams)
def retrieve_payout(call: Call) -> Json:
    return call.get("payout").body


@route("POST /v1/payouts/{id}", PayoutUpdateParams)
def update_payout(call: Call) -> Json:
    payout = call.get("payout")
    save_change(call.work, payout, change(payout, call.params, ("metadata",)))
    return payout.body


@route("GET /v1/payouts", PayoutListParams, unsupported=("arrival_date", "destination"))
def list_payouts(call: Call) -> Json:
    return list_records(call, "payout", "/v1/payouts", filters=("status",))
