"""PaymentMethods over the API: made by the page with the publishable key, or with a token."""

from stripe.params import PaymentMethodCreateParams, PaymentMethodRetrieveParams

from storefront.sandbox.payments.methods import add_method
from storefront.sandbox.records import Json
from storefront.sandbox.routes import Call, route
from storefront.sandbox.specs import INTEGER, TEXT, Kind, Spec

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
    extra={"card": _CARD},
    unsupported=("customer", "payment_method", "radar_options", "fingerprint", "customer_account"),
    is_public=True,
)
def create_payment_method(call: Call) -> Json:
    return add_method(call.work, call.params).body


@route("GET /v1/payment_methods/{id}", PaymentMethodRetrieveParams)
def retrieve_payment_method(call: Call) -> Json:
    return call.get("payment_method", param="payment_method").body
