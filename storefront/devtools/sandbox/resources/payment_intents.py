"""PaymentIntents over the API: read by shops, made by the command line."""

from dataclasses import replace

from stripe.params import (
    PaymentIntentCancelParams,
    PaymentIntentConfirmParams,
    PaymentIntentCreateParams,
    PaymentIntentListParams,
    PaymentIntentRetrieveParams,
    PaymentIntentUpdateParams,
)

from storefront.devtools.sandbox.api.errors import invalid, missing
from storefront.devtools.sandbox.api.lists import list_records
from storefront.devtools.sandbox.api.members import hash_of, inner
from storefront.devtools.sandbox.api.parameter_checks import check_customer
from storefront.devtools.sandbox.api.parameter_types import TEXTS, Spec, spec_of
from storefront.devtools.sandbox.api.routes import Call, route
from storefront.devtools.sandbox.api.updates import change
from storefront.devtools.sandbox.api.versions import ENDIVE, Removed
from storefront.devtools.sandbox.money import display, maximum, minimum_charge
from storefront.devtools.sandbox.payments import payment_intents
from storefront.devtools.sandbox.payments.bank_transfers import remaining
from storefront.devtools.sandbox.payments.payment_methods import add_method, find_method
from storefront.devtools.sandbox.storage.records import Json, Record

_UNSUPPORTED = (
    "amount_details",
    "application_fee_amount",
    "customer_account",
    "hooks",
    "mandate",
    "on_behalf_of",
    "payment_details",
    "payment_method_options.card",
    "payment_method_options.us_bank_account",
    "radar_options",
    "transfer_data",
)


def _also(spec: Spec, path: tuple[str, ...], value: str) -> Spec:
    """Return the specification with one more value for the member that the path leads to."""
    if not path:
        return replace(spec, values=(*spec.values, value))
    return replace(spec, fields={**spec.fields, path[0]: _also(spec.fields[path[0]], path[1:], value)})


# The command line's fixture says `jp_bank_account`, a type that no library knows, and Stripe takes it.
_OPTIONS = _also(
    spec_of(PaymentIntentCreateParams).fields["payment_method_options"],
    ("customer_balance", "bank_transfer", "type"),
    "jp_bank_account",
)


@route(
    "POST /v1/payment_intents",
    PaymentIntentCreateParams,
    extra={"payment_method_options": _OPTIONS},
    removed={"payment_method_types": Removed(spec=TEXTS, since=ENDIVE)},
    unsupported=_UNSUPPORTED,
)
def create_intent(call: Call) -> Json:
    params, work = call.params, call.work
    _check_amount(params["amount"], params["currency"].lower())
    if params.get("capture_method") == "manual":
        raise invalid("The local sandbox has no manual capture.", param="capture_method")
    check_customer(work, params)
    _mend_transfer_type(params)
    types = params.get("payment_method_types") or params.get("allowed_payment_method_types") or _types(params)
    automatic = {"allow_redirects": "always", "enabled": True} if call.version is not None else None
    intent = payment_intents.add_intent(work, {"automatic_payment_methods": automatic, **params}, types=types)
    if params.get("payment_method") or params.get("payment_method_data"):
        _set_method(call, intent)
    if params.get("confirm"):
        _confirm(call, intent)
    return intent.body


def _mend_transfer_type(params: Json) -> None:
    options = inner(params, "payment_method_options", "customer_balance") or {}
    transfer = hash_of(options, "bank_transfer")
    if transfer.get("type") == "jp_bank_account":
        transfer["type"] = "jp_bank_transfer"


def _types(params: Json) -> list[str]:
    """Return card, and the type of the data that came along."""
    given = inner(params, "payment_method_data", "type")
    return ["card"] if given in {None, "card"} else ["card", given]


def _set_method(call: Call, intent: Record) -> None:
    intent.body.update(payment_method=_given_method(call).id, status="requires_confirmation")
    call.work.records.save(intent)


def _given_method(call: Call) -> Record:
    """Return the method that is named, or the one that its data makes."""
    name = call.params.get("payment_method")
    return find_method(call.work, name) if name else add_method(call.work, call.params["payment_method_data"])


def _check_amount(amount: int, currency: str) -> None:
    least, most = minimum_charge(currency), maximum(currency)
    if not least <= amount <= most:
        raise invalid(
            f"Amount must be at least {display(least, currency)} and at most {most}.",
            param="amount",
            code="amount_too_small" if amount < least else "amount_too_large",
        )


def _confirm(call: Call, intent: Record) -> None:
    name = intent.body["payment_method"]
    if name is None:
        raise missing("payment_method")
    method = find_method(call.work, name)
    if method.body["type"] not in intent.body["payment_method_types"] and call.version is not None:
        raise invalid(
            f"The PaymentMethod type {method.body['type']} is not allowed by this PaymentIntent.",
            param="payment_method",
        )
    charge = payment_intents.confirm(call.work, intent, method, call.params.get("return_url"))
    if charge is not None:
        payment_intents.book_charge(call.work, charge)


def _own(call: Call) -> Record:
    """Return an intent that the merchant may act on; those of Checkout Sessions belong to the session."""
    intent = call.get("payment_intent", param="intent")
    if intent.private.get("session"):
        raise invalid(
            "You can't confirm or cancel the PaymentIntent for a Checkout Session. To cancel, expire the Checkout"
            " Session."
        )
    return intent


@route(
    "POST /v1/payment_intents/{id}/confirm",
    PaymentIntentConfirmParams,
    removed={"payment_method_types": Removed(spec=TEXTS, since=ENDIVE)},
    unsupported=_UNSUPPORTED,
)
def confirm_intent(call: Call) -> Json:
    intent = _own(call)
    if intent.body["status"] not in {"requires_payment_method", "requires_confirmation", "requires_action"}:
        raise _unexpected(intent, "confirm")
    if call.params.get("payment_method") or call.params.get("payment_method_data"):
        intent.body["payment_method"] = _given_method(call).id
    _confirm(call, intent)
    return intent.body


@route("POST /v1/payment_intents/{id}/cancel", PaymentIntentCancelParams)
def cancel_intent(call: Call) -> Json:
    """A transfer that a completed Checkout Session waits for may be given up; no open Session's payment."""
    intent = call.get("payment_intent", param="intent")
    if remaining(intent) is None:
        intent = _own(call)
    if intent.body["status"] in {"succeeded", "canceled", "processing"}:
        raise _unexpected(intent, "cancel")
    payment_intents.cancel(call.work, intent, call.params.get("cancellation_reason"))
    return intent.body


def _unexpected(intent: Record, verb: str) -> Exception:
    return invalid(
        f"You cannot {verb} this PaymentIntent because it has a status of {intent.body['status']}.",
        code="payment_intent_unexpected_state",
    )


@route("GET /v1/payment_intents/{id}", PaymentIntentRetrieveParams, unsupported=("client_secret",))
def retrieve_intent(call: Call) -> Json:
    return call.get("payment_intent", param="intent").body


@route(
    "POST /v1/payment_intents/{id}",
    PaymentIntentUpdateParams,
    unsupported=(
        *(name for name in _UNSUPPORTED if name != "mandate"),
        "payment_method_data",
        "payment_method_options",
        "amount",
        "capture_method",
        "currency",
        "customer",
        "payment_method",
        "setup_future_usage",
    ),
)
def update_intent(call: Call) -> Json:
    intent = call.get("payment_intent", param="intent")
    change(intent, call.params, ("description", "metadata", "receipt_email"))
    call.work.records.save(intent)
    return intent.body


@route("GET /v1/payment_intents", PaymentIntentListParams, unsupported=("customer_account",))
def list_intents(call: Call) -> Json:
    return list_records(call, "payment_intent", "/v1/payment_intents", filters=("customer",))
