"""Refunds of card charges, full and partial."""

from stripe.params import RefundCreateParams, RefundListParams, RefundRetrieveParams, RefundUpdateParams

from storefront.sandbox.errors import StripeApiError, exclusive, invalid, no_such
from storefront.sandbox.ids import new_id, random_text
from storefront.sandbox.money import display
from storefront.sandbox.payments.charges import add_transaction
from storefront.sandbox.records import Json, Record
from storefront.sandbox.resources.changes import change, new_metadata
from storefront.sandbox.resources.lists import list_records
from storefront.sandbox.routes import Call, route
from storefront.sandbox.work import Work


def _check(params: Json) -> None:
    if "charge" in params and "payment_intent" in params:
        raise exclusive("charge", "payment_intent")
    if "charge" not in params and "payment_intent" not in params:
        raise invalid(
            "One of the following params should be provided for this request: payment_intent or charge.",
            is_stored=False,
        )
    if params.get("amount", 1) < 1:
        raise invalid(
            "This value must be greater than or equal to 1.",
            param="amount",
            code="parameter_invalid_integer",
            is_stored=False,
        )


@route(
    "POST /v1/refunds",
    RefundCreateParams,
    check=_check,
    unsupported=(
        "currency",
        "customer",
        "instructions_email",
        "origin",
        "refund_application_fee",
        "reverse_transfer",
    ),
)
def create_refund(call: Call) -> Json:
    work, params = call.work, call.params
    charge = _charge(work, params)
    remainder = charge.body["amount"] - charge.body["amount_refunded"]
    if remainder == 0:
        raise invalid(f"Charge {charge.id} has already been refunded.", code="charge_already_refunded")
    amount = params.get("amount", remainder)
    if amount > remainder:
        raise _too_much(charge, amount, remainder)
    refund = _add_refund(work, charge, amount, params)
    work.emit("refund.created", refund.body)
    previous = {name: charge.body[name] for name in ("amount_refunded", "refunded")}
    charge.body["amount_refunded"] += amount
    charge.body["refunded"] = charge.body["amount_refunded"] == charge.body["amount"]
    work.records.save(charge)
    work.emit("charge.refunded", charge.body, {k: v for k, v in previous.items() if charge.body[k] != v})
    answer = {**refund.body}
    _find_reference(work, refund)
    return answer


def _charge(work: Work, params: Json) -> Record:
    if "charge" in params:
        charge = work.records.find("charge", params["charge"])
        if charge is None:
            raise no_such("charge", params["charge"], "charge")
    else:
        intent = work.records.find("payment_intent", params["payment_intent"])
        if intent is None:
            raise no_such("payment_intent", params["payment_intent"], "payment_intent")
        charge = work.records.find("charge", intent.body["latest_charge"] or "")
        if charge is None or charge.body["status"] != "succeeded":
            raise invalid(f"This PaymentIntent ({intent.id}) does not have a successful charge to refund.")
    if charge.body["status"] != "succeeded":
        raise invalid(f"Charge {charge.id} did not succeed and cannot be refunded.")
    if charge.body["payment_method_details"]["type"] != "card":
        raise invalid("The local sandbox refunds card payments only.")
    return charge


def _too_much(charge: Record, amount: int, remainder: int) -> StripeApiError:
    currency = charge.body["currency"]
    asked, left = (display(each, currency).removesuffix(" usd") for each in (amount, remainder))
    return invalid(f"Refund amount ({asked}) is greater than unrefunded amount on charge ({left})", param="amount")


def _add_refund(work: Work, charge: Record, amount: int, params: Json) -> Record:
    refund_id = new_id("re_3")
    transaction = add_transaction(
        work, amount=-amount, currency=charge.body["currency"], fee=0, kind="refund", source=refund_id
    )
    return work.records.add(
        {
            "id": refund_id,
            "object": "refund",
            "amount": amount,
            "balance_transaction": transaction.id,
            "charge": charge.id,
            "created": work.now,
            "currency": charge.body["currency"],
            "customer": charge.body["customer"],
            "customer_account": None,
            "destination_details": {
                "card": {
                    "reference_status": "pending",
                    "reference_type": "acquirer_reference_number",
                    "type": "refund",
                },
                "type": "card",
            },
            "metadata": new_metadata(params),
            "payment_intent": charge.body["payment_intent"],
            "payment_method": charge.body["payment_method"],
            "reason": params.get("reason"),
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "succeeded",
            "transfer_reversal": None,
        }
    )


def _find_reference(work: Work, refund: Record) -> None:
    """The bank's reference arrives afterwards; here at once, as the refund's last news."""
    previous = {"destination_details": {"card": dict(refund.body["destination_details"]["card"])}}
    card = {**refund.body["destination_details"]["card"]}
    card.update(reference=random_text(23), reference_status="available")
    refund.body["destination_details"] = {"card": card, "type": "card"}
    work.records.save(refund)
    work.emit("refund.updated", refund.body, previous)
    work.emit("charge.refund.updated", refund.body, previous)


@route("GET /v1/refunds/{id}", RefundRetrieveParams)
def retrieve_refund(call: Call) -> Json:
    return call.get("refund", param="refund").body


@route("POST /v1/refunds/{id}", RefundUpdateParams)
def update_refund(call: Call) -> Json:
    refund = call.get("refund", param="refund")
    previous = change(refund, call.params, ("metadata",))
    if previous:
        call.work.records.save(refund)
        call.work.emit("refund.updated", refund.body, previous)
        call.work.emit("charge.refund.updated", refund.body, previous)
    return refund.body


@route("GET /v1/refunds", RefundListParams)
def list_refunds(call: Call) -> Json:
    return list_records(call, "refund", "/v1/refunds", filters=("charge", "payment_intent"))
