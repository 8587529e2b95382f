"""PaymentIntents: made, confirmed, challenged, charged, declined, settled.

Every function stores what it changes and emits the events of that step, in Stripe's order.
"""

from storefront.devtools.sandbox.api.addresses import whole_shipping
from storefront.devtools.sandbox.api.errors import StripeApiError
from storefront.devtools.sandbox.api.updates import new_metadata
from storefront.devtools.sandbox.ids import client_secret, new_id
from storefront.devtools.sandbox.payments.after_payment import apply_test_behavior
from storefront.devtools.sandbox.payments.charges import (
    book,
    mark_bank_failure,
    mark_declined,
    mark_succeeded,
    new_charge,
)
from storefront.devtools.sandbox.payments.declines import BANK_FAILURES, DECLINES, Decline
from storefront.devtools.sandbox.payments.payment_methods import get_account
from storefront.devtools.sandbox.payments.stripe_test_cards import CARDS
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

AUTHENTICATION_FAILED = Decline(
    code="payment_intent_authentication_failure",
    message="We are unable to authenticate your payment method. Please choose a different payment method and try"
    " again.",
)


def add_intent(work: UnitOfWork, params: Json, *, types: list[str], session_id: str | None = None) -> Record:
    """Make one from `params` as in `POST /v1/payment_intents`, which `payment_intent_data` is a part of."""
    intent_id = new_id("pi_3")
    body: Json = {
        "id": intent_id,
        "object": "payment_intent",
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "amount": params["amount"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": params.get("automatic_payment_methods"),
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": params.get("capture_method", "automatic_async"),
        "client_secret": client_secret(intent_id),
        "confirmation_method": params.get("confirmation_method", "automatic"),
        "created": work.now,
        "currency": params["currency"].lower(),
        "customer": params.get("customer"),
        "customer_account": None,
        "description": params.get("description"),
        "excluded_payment_method_types": params.get("excluded_payment_method_types"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "managed_payments": {"enabled": False},
        "metadata": new_metadata(params),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {
                "installments": None,
                "mandate_options": None,
                "network": None,
                "request_three_d_secure": "automatic",
            }
        },
        "payment_method_types": types,
        "payment_record": None,
        "processing": None,
        "receipt_email": params.get("receipt_email") or None,
        "review": None,
        "setup_future_usage": params.get("setup_future_usage"),
        "shipping": whole_shipping(params.get("shipping")),
        "source": None,
        "statement_descriptor": params.get("statement_descriptor"),
        "statement_descriptor_suffix": params.get("statement_descriptor_suffix"),
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": params.get("transfer_group"),
    }
    intent = work.records.add(body, {"session": session_id})
    work.emit("payment_intent.created", body)
    return intent


def confirm(work: UnitOfWork, intent: Record, method: Record) -> Record | None:
    """Try to pay. Return the new charge, or None when the buyer must authenticate first.

    Raises the decline as Stripe's 402; what happened until then stays.
    """
    intent.body.update(payment_method=method.id, last_payment_error=None, next_action=None)
    card = CARDS.get(method.private["number"])
    if method.body["type"] == "card" and card is not None and card.challenges:
        intent.body.update(status="requires_action", next_action=_challenge(intent))
        work.records.save(intent)
        work.emit("payment_intent.requires_action", intent.body)
        return None
    return _charge(work, intent, method, authenticated=False)


def authenticate(work: UnitOfWork, intent: Record, *, passed: bool) -> Record:
    """Take the buyer's answer to the challenge; raise Stripe's 402 when it failed."""
    method = work.records.get("payment_method", intent.body["payment_method"])
    if passed:
        intent.body["next_action"] = None
        return _charge(work, intent, method, authenticated=True)
    _fail(work, intent, method, AUTHENTICATION_FAILED, None)
    raise _card_error(intent, method, AUTHENTICATION_FAILED, None)


def _charge(work: UnitOfWork, intent: Record, method: Record, *, authenticated: bool) -> Record:
    decline = _decline(method)
    if decline is not None:
        raise _refuse(work, intent, method, decline, authenticated=authenticated)
    if method.body["type"] != "card":
        return _start_debit(work, intent, method)
    charge = new_charge(work, intent, method, status="succeeded", authenticated=authenticated)
    mark_succeeded(charge)
    work.records.add(charge.body, charge.private)
    _succeed(work, intent, charge)
    return charge


def _refuse(
    work: UnitOfWork, intent: Record, method: Record, decline: Decline, *, authenticated: bool
) -> StripeApiError:
    """Store the failed charge; return the error that tells of it."""
    charge = new_charge(work, intent, method, status="failed", authenticated=authenticated)
    mark_declined(charge, method, decline)
    work.records.add(charge.body, charge.private)
    intent.body["latest_charge"] = charge.id
    work.emit("charge.failed", charge.body)
    _fail(work, intent, method, decline, charge.id)
    return _card_error(intent, method, decline, charge.id)


def _start_debit(work: UnitOfWork, intent: Record, method: Record) -> Record:
    """Make the charge of a bank debit, whose money comes days later or never."""
    charge = new_charge(work, intent, method, status="pending", authenticated=False)
    work.records.add(charge.body, charge.private)
    intent.body.update(status="processing", latest_charge=charge.id)
    work.records.save(intent)
    work.emit("payment_intent.processing", intent.body)
    work.emit("charge.pending", charge.body)
    if get_account(method).settles:
        work.settle_later("settle", intent.id)
    return charge


def settle(work: UnitOfWork, intent: Record, *, succeeds: bool | None = None) -> Record:
    """End a processing bank debit and return its charge; `None` lets the test account decide."""
    work.drop_timer("settle", intent.id)
    method = work.records.get("payment_method", intent.body["payment_method"])
    charge = work.records.get("charge", intent.body["latest_charge"])
    failure = get_account(method).failure
    is_success = failure is None if succeeds is None else succeeds
    if is_success:
        mark_succeeded(charge)
        work.records.save(charge)
        _succeed(work, intent, charge)
    else:
        _fail_debit(work, intent, charge, method, failure or "generic_could_not_process")
    return charge


def _fail_debit(work: UnitOfWork, intent: Record, charge: Record, method: Record, failure: str) -> None:
    mark_bank_failure(charge, failure)
    work.records.save(charge)
    work.emit("charge.failed", charge.body)
    intent.body.update(
        status="requires_payment_method",
        payment_method=None,
        last_payment_error={
            "charge": charge.id,
            "code": "payment_intent_payment_attempt_failed",
            "doc_url": "https://stripe.com/docs/error-codes/payment-intent-payment-attempt-failed",
            "message": BANK_FAILURES[charge.body["failure_code"]],
            "payment_method": method.body,
            "type": "invalid_request_error",
        },
    )
    work.records.save(intent)
    work.emit("payment_intent.payment_failed", intent.body)


def cancel(work: UnitOfWork, intent: Record, reason: str | None) -> None:
    intent.body.update(status="canceled", canceled_at=work.now, cancellation_reason=reason, next_action=None)
    work.records.save(intent)
    work.emit("payment_intent.canceled", intent.body)


def book_charge(work: UnitOfWork, charge: Record) -> None:
    """Take the last step of every payment that succeeded, and do what its card has in store for it."""
    if charge.body["status"] == "succeeded":
        book(work, charge)
        apply_test_behavior(work, charge)


def _succeed(work: UnitOfWork, intent: Record, charge: Record) -> None:
    work.emit("charge.succeeded", charge.body)
    intent.body.update(
        status="succeeded",
        latest_charge=charge.id,
        amount_received=intent.body["amount"],
        last_payment_error=None,
        next_action=None,
    )
    work.records.save(intent)
    work.emit("payment_intent.succeeded", intent.body)


def _fail(work: UnitOfWork, intent: Record, method: Record, decline: Decline, charge_id: str | None) -> None:
    error: Json = {
        "code": decline.code,
        "doc_url": f"https://stripe.com/docs/error-codes/{decline.code.replace('_', '-')}",
        "message": decline.message,
        "payment_method": method.body,
        "type": "card_error" if charge_id else "invalid_request_error",
    }
    error.update(_optional_members(decline, charge_id))
    intent.body.update(
        status="requires_payment_method", payment_method=None, next_action=None, last_payment_error=error
    )
    work.records.save(intent)
    work.emit("payment_intent.payment_failed", intent.body)


def _card_error(intent: Record, method: Record, decline: Decline, charge_id: str | None) -> StripeApiError:
    return StripeApiError(
        402,
        decline.message,
        kind="card_error",
        code=decline.code,
        param="",
        keeps_work=True,
        payment_intent=intent.body,
        payment_method=method.body,
        **_optional_members(decline, charge_id),
    )


def _optional_members(decline: Decline, charge_id: str | None) -> Json:
    """Return what an error only shows where it is known."""
    members = {"advice_code": decline.advice_code, "charge": charge_id, "decline_code": decline.decline_code}
    return {name: value for name, value in members.items() if value is not None}


def _decline(method: Record) -> Decline | None:
    if method.body["type"] == "card":
        card = CARDS.get(method.private["number"])
        name = "test_mode_live_card" if card is None else card.decline
        return None if name is None else DECLINES[name]
    return DECLINES["fraudulent"] if get_account(method).is_blocked else None


def _challenge(intent: Record) -> Json:
    return {
        "type": "use_stripe_sdk",
        "use_stripe_sdk": {"type": "stripe_3ds2_challenge", "payment_intent": intent.id},
    }
