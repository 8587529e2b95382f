"""How a try to pay ends: what the PaymentIntent says then, its events, and the error that tells the buyer."""

from storefront.devtools.sandbox.api.errors import StripeApiError
from storefront.devtools.sandbox.payments.declines import Decline
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


def succeed(work: UnitOfWork, intent: Record, charge: Record) -> None:
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


def fail(work: UnitOfWork, intent: Record, method: Record, decline: Decline, charge_id: str | None) -> None:
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


def card_error(intent: Record, method: Record, decline: Decline, charge_id: str | None) -> StripeApiError:
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
