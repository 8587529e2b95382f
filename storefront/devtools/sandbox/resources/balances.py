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
from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.payments.account_balance import balance
from storefront.devtools.sandbox.payments.charges import add_transaction
from storefront.devtools.sandbox.storage.records import Json

_ARRIVES_SECONDS = 2 * 86_400


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
    payout_id = new_id("po_1")
    transaction = add_transaction(
        work, amount=-params["amount"], currency=currency, kind="payout", source=payout_id
    )
    transaction.body["available_on"] = work.now
    work.records.save(transaction)
    payout = work.records.add(
        {
            "id": payout_id,
            "object": "payout",
            "amount": params["amount"],
            "application_fee": None,
            "application_fee_amount": None,
            "arrival_date": work.now + _ARRIVES_SECONDS,
            "automatic": False,
            "balance_transaction": transaction.id,
            "created": work.now,
            "currency": currency,
            "description": params.get("description"),
            "destination": None,
            "failure_balance_transaction": None,
            "failure_code": None,
            "failure_message": None,
            "livemode": False,
            "metadata": new_metadata(params),
            "method": params.get("method", "standard"),
            "original_payout": None,
            "payout_method": None,
            "reconciliation_status": "not_applicable",
            "reversed_by": None,
            "source_type": "card",
            "statement_descriptor": params.get("statement_descriptor"),
            "status": "pending",
            "trace_id": None,
            "type": "bank_account",
        }
    )
    work.emit("payout.created", payout.body)
    return payout.body


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
