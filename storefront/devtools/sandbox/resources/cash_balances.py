"""Cash balances of customers: what bank transfers have brought, and the test helper that sends one."""

from stripe.params import (
    CustomerListCashBalanceTransactionsParams,
    CustomerRetrieveCashBalanceParams,
    CustomerRetrieveCashBalanceTransactionParams,
)
from stripe.params.test_helpers import CustomerFundCashBalanceParams

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.expansion import builds
from storefront.devtools.sandbox.api.lists import list_records
from storefront.devtools.sandbox.api.parameter_checks import require_positive
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.checkout.completion import receive_transfer
from storefront.devtools.sandbox.payments.bank_transfers import TYPES
from storefront.devtools.sandbox.payments.cash import cash_balance
from storefront.devtools.sandbox.storage.records import Json
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_KIND = "customer_cash_balance_transaction"


@route("GET /v1/customers/{id}/cash_balance", CustomerRetrieveCashBalanceParams)
def retrieve_cash_balance(call: Call) -> Json:
    return cash_balance(call.get("customer"))


@route("GET /v1/customers/{id}/cash_balance_transactions", CustomerListCashBalanceTransactionsParams)
def list_cash_transactions(call: Call) -> Json:
    customer = call.get("customer")
    call.params["customer"] = customer.id
    return list_records(
        call, _KIND, f"/v1/customers/{customer.id}/cash_balance_transactions", filters=("customer",)
    )


@route(
    "GET /v1/customers/{id}/cash_balance_transactions/{transaction}", CustomerRetrieveCashBalanceTransactionParams
)
def retrieve_cash_transaction(call: Call) -> Json:
    return call.get(_KIND, place=1, param="transaction").body


def _check_fund(params: Json) -> None:
    require_positive(params["amount"], "amount")
    if params["currency"].lower() not in TYPES:
        raise invalid(f"Bank transfers do not take {params['currency']}.", param="currency", is_stored=False)


@route("POST /v1/test_helpers/customers/{id}/fund_cash_balance", CustomerFundCashBalanceParams, check=_check_fund)
def fund_cash_balance(call: Call) -> Json:
    """Let a bank transfer arrive, and return the transaction that it makes."""
    customer, params = call.get("customer"), call.params
    currency = params["currency"].lower()
    return receive_transfer(call.work, customer, params["amount"], currency, params.get("reference")).body


@builds("customer", "cash_balance")
def build_cash_balance(work: UnitOfWork, body: Json) -> Json:
    return cash_balance(work.records.get("customer", body["id"]))
