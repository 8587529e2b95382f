"""PaymentMethods over the API: made by the page with the publishable key, or with a token; kept by customers."""

from stripe.params import (
    CustomerListPaymentMethodsParams,
    PaymentMethodAttachParams,
    PaymentMethodCreateParams,
    PaymentMethodDetachParams,
    PaymentMethodListParams,
    PaymentMethodRetrieveParams,
)

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.api.lists import list_records
from storefront.devtools.sandbox.api.parameter_checks import get_undeleted, require
from storefront.devtools.sandbox.api.parameter_types import INTEGER, TEXT, Kind, Spec
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.checkout.saved_methods import detach
from storefront.devtools.sandbox.payments.payment_methods import add_method, find_method
from storefront.devtools.sandbox.storage.records import Json, Record

# The SDK's type knows number, expiry, cvc and token as two different hashes; one that knows both.
_CARD = Spec(
    kind=Kind.HASH,
    fields={
        "cvc": TEXT,
        "exp_month": INTEGER,
        "exp_year": INTEGER,
        "networks": Spec(kind=Kind.HASH, fields={"preferred": TEXT}),
        "number": TEXT,
        "token": TEXT,
    },
)


@route(
    "POST /v1/payment_methods",
    PaymentMethodCreateParams,
    extra={"card": _CARD, "wallet": TEXT},
    unsupported=("customer", "payment_method", "radar_options", "fingerprint", "customer_account"),
    is_public=True,
)
def create_payment_method(call: Call) -> Json:
    """Take card data, a token or an account; `wallet` is the sandbox's own word for a phone that held the card."""
    params = {**call.params}
    wallet = params.pop("wallet", None)
    if wallet is not None:
        params["card"] = {**params.get("card", {}), "wallet": wallet}
    return add_method(call.work, params).body


@route("GET /v1/payment_methods/{id}", PaymentMethodRetrieveParams)
def retrieve_payment_method(call: Call) -> Json:
    return call.get("payment_method", param="payment_method").body


@route("GET /v1/payment_methods", PaymentMethodListParams, unsupported=("customer_account",))
def list_payment_methods(call: Call) -> Json:
    return list_records(
        call, "payment_method", "/v1/payment_methods", filters=("customer", "type", "allow_redisplay")
    )


@route(
    "GET /v1/customers/{id}/payment_methods", CustomerListPaymentMethodsParams, unsupported=("customer_account",)
)
def list_customer_methods(call: Call) -> Json:
    customer = call.get("customer")
    call.params["customer"] = customer.id
    url = f"/v1/customers/{customer.id}/payment_methods"
    return list_records(call, "payment_method", url, filters=("customer", "type", "allow_redisplay"))


@route("POST /v1/payment_methods/{id}/attach", PaymentMethodAttachParams, unsupported=("customer_account",))
def attach_payment_method(call: Call) -> Json:
    """Attach to one customer for good: what was given back cannot be used again, as at Stripe."""
    require(call.params, "customer")
    customer = get_undeleted(call.work, "customer", call.params["customer"], "customer")
    method = find_method(call.work, call.ids[0])
    if method.body["customer"] not in (None, customer.id):
        raise invalid("The payment method you provided has already been attached to a customer.")
    if method.body["customer"] is None:
        _keep(call, method, customer.id)
        call.work.emit("payment_method.attached", method.body)
    return method.body


@route("POST /v1/payment_methods/{id}/detach", PaymentMethodDetachParams)
def detach_payment_method(call: Call) -> Json:
    method = call.get("payment_method", param="payment_method")
    if method.body["customer"] is None:
        raise invalid(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
            param="payment_method",
        )
    detach(call.work, method)
    return method.body


def _keep(call: Call, method: Record, customer: str | None) -> None:
    method.body["customer"] = customer
    call.work.records.save(method)
