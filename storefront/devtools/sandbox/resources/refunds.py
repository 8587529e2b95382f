"""Refunds over the API, full and partial."""

from stripe.params import (
    RefundCancelParams,
    RefundCreateParams,
    RefundListParams,
    RefundRetrieveParams,
    RefundUpdateParams,
)

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.lists import list_records
from storefront.devtools.sandbox.api.parameter_checks import (
    get_named,
    get_undeleted,
    refuse_both,
    require,
    require_positive,
)
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.api.updates import change
from storefront.devtools.sandbox.payments.refunds import (
    RefundEnd,
    emit_update,
    refund_charge,
    return_cash,
    settle_refund,
)
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


def _check(params: Json) -> None:
    refuse_both(params, "charge", "payment_intent")
    if params.get("origin") == "customer_balance":
        require(params, "amount", "currency", "customer")
    elif "charge" not in params and "payment_intent" not in params:
        raise invalid(
            "One of the following params should be provided for this request: payment_intent or charge.",
            is_stored=False,
        )
    require_positive(params.get("amount", 1), "amount")


@route(
    "POST /v1/refunds",
    RefundCreateParams,
    check=_check,
    unsupported=(
        "refund_application_fee",
        "reverse_transfer",
    ),
)
def create_refund(call: Call) -> Json:
    if call.params.get("origin") == "customer_balance":
        customer = get_undeleted(call.work, "customer", call.params["customer"], "customer")
        return return_cash(call.work, customer, call.params)
    return refund_charge(call.work, _charge(call.work, call.params), call.params)


def _charge(work: UnitOfWork, params: Json) -> Record:
    if "charge" in params:
        return get_named(work, "charge", params["charge"], "charge")
    intent = get_named(work, "payment_intent", params["payment_intent"], "payment_intent")
    charge = work.records.find("charge", intent.body["latest_charge"] or "")
    if charge is None or charge.body["status"] != "succeeded":
        raise invalid(f"This PaymentIntent ({intent.id}) does not have a successful charge to refund.")
    return charge


@route("GET /v1/refunds/{id}", RefundRetrieveParams)
def retrieve_refund(call: Call) -> Json:
    return call.get("refund", param="refund").body


@route("POST /v1/refunds/{id}", RefundUpdateParams)
def update_refund(call: Call) -> Json:
    refund = call.get("refund", param="refund")
    previous = change(refund, call.params, ("metadata",))
    if previous:
        call.work.records.save(refund)
        emit_update(call.work, refund, previous)
    return refund.body


@route("POST /v1/refunds/{id}/cancel", RefundCancelParams)
def cancel_refund(call: Call) -> Json:
    refund = call.get("refund", param="refund")
    if refund.body["status"] not in {"pending", "requires_action"}:
        raise invalid(f"Refund {refund.id} is {refund.body['status']}; only a pending refund can be canceled.")
    settle_refund(call.work, refund, RefundEnd.CANCELED)
    return refund.body


@route("GET /v1/refunds", RefundListParams)
def list_refunds(call: Call) -> Json:
    return list_records(call, "refund", "/v1/refunds", filters=("charge", "payment_intent"))
