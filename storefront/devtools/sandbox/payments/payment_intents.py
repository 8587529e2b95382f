"""PaymentIntents: made, confirmed, challenged, charged, declined, settled.

Every function stores what it changes and emits the events of that step, in Stripe's order.
"""

from storefront.devtools.sandbox.api.addresses import whole_shipping
from storefront.devtools.sandbox.api.errors import StripeApiError, missing
from storefront.devtools.sandbox.api.updates import new_metadata
from storefront.devtools.sandbox.ids import client_secret, new_id
from storefront.devtools.sandbox.payments.after_payment import apply_test_behavior
from storefront.devtools.sandbox.payments.charges import book, mark_declined, mark_succeeded, new_charge
from storefront.devtools.sandbox.payments.declines import DECLINES, Decline
from storefront.devtools.sandbox.payments.delayed import (
    start_debit,
    start_transfer,
    start_voucher,
    take_back_funds,
)
from storefront.devtools.sandbox.payments.kinds import Course, course_of
from storefront.devtools.sandbox.payments.outcomes import card_error, fail, succeed
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
            },
            **params.get("payment_method_options", {}),
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


def confirm(work: UnitOfWork, intent: Record, method: Record, return_url: str | None = None) -> Record | None:
    """Try to pay. Return the new charge, or None when the buyer must do something first.

    `return_url` is where a page elsewhere leads back to. Raises the decline as Stripe's 402; what happened until
    then stays.
    """
    intent.body.update(payment_method=method.id, last_payment_error=None, next_action=None)
    course = course_of(method.body["type"])
    if course is Course.REDIRECT or _challenges(method):
        action = _redirect(work, intent, return_url) if course is Course.REDIRECT else _challenge(intent)
        intent.body.update(status="requires_action", next_action=action)
        work.records.save(intent)
        work.emit("payment_intent.requires_action", intent.body)
        return None
    if course is Course.VOUCHER:
        start_voucher(work, intent, method)
        return None
    if course is Course.TRANSFER:
        return start_transfer(work, intent, method)
    return _charge(work, intent, method, authenticated=False)


def _challenges(method: Record) -> bool:
    card = CARDS.get(method.private["number"])
    return method.body["type"] == "card" and card is not None and card.challenges


def authenticate(work: UnitOfWork, intent: Record, *, passed: bool) -> Record:
    """Take the buyer's answer to the challenge; raise Stripe's 402 when it failed."""
    method = work.records.get("payment_method", intent.body["payment_method"])
    if passed:
        intent.body["next_action"] = None
        return _charge(work, intent, method, authenticated=True)
    fail(work, intent, method, AUTHENTICATION_FAILED, None)
    raise card_error(intent, method, AUTHENTICATION_FAILED, None)


def _charge(work: UnitOfWork, intent: Record, method: Record, *, authenticated: bool) -> Record:
    decline = _decline(method)
    if decline is not None:
        raise _refuse(work, intent, method, decline, authenticated=authenticated)
    if course_of(method.body["type"]) is Course.DEBIT:
        return start_debit(work, intent, method)
    charge = new_charge(work, intent, method, status="succeeded", authenticated=authenticated)
    mark_succeeded(charge)
    work.records.add(charge.body, charge.private)
    succeed(work, intent, charge)
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
    fail(work, intent, method, decline, charge.id)
    return card_error(intent, method, decline, charge.id)


def cancel(work: UnitOfWork, intent: Record, reason: str | None) -> None:
    take_back_funds(work, intent)
    intent.body.update(status="canceled", canceled_at=work.now, cancellation_reason=reason, next_action=None)
    work.records.save(intent)
    work.emit("payment_intent.canceled", intent.body)


def book_charge(work: UnitOfWork, charge: Record) -> None:
    """Take the last step of every payment that succeeded, and do what its card has in store for it."""
    if charge.body["status"] != "succeeded":
        return
    if work.settings.fees_after_seconds:
        work.set_timer("fee", charge.id, work.now + work.settings.fees_after_seconds)
    else:
        book_now(work, charge)


def book_now(work: UnitOfWork, charge: Record) -> None:
    book(work, charge)
    apply_test_behavior(work, charge)


def _decline_of_card(number: str) -> Decline | None:
    card = CARDS.get(number)
    name = "test_mode_live_card" if card is None else card.decline
    return None if name is None else DECLINES[name]


def _decline(method: Record) -> Decline | None:
    if method.body["type"] == "card":
        return _decline_of_card(method.private["number"])
    if course_of(method.body["type"]) is not Course.DEBIT:
        return None
    return DECLINES["fraudulent"] if get_account(method).is_blocked else None


def _redirect(work: UnitOfWork, intent: Record, return_url: str | None) -> Json:
    if not return_url:
        raise missing("return_url")
    url = f"{work.base_url}/redirects/{intent.id}"
    return {"type": "redirect_to_url", "redirect_to_url": {"return_url": return_url, "url": url}}


def _challenge(intent: Record) -> Json:
    return {
        "type": "use_stripe_sdk",
        "use_stripe_sdk": {"type": "stripe_3ds2_challenge", "payment_intent": intent.id},
    }
