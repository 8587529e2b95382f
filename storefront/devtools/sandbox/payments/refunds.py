"""Refunds: made, settled by the bank, failed or canceled; the charge always shows what is refunded now."""

from enum import StrEnum

from storefront.devtools.sandbox.api.errors import StripeApiError, invalid, missing
from storefront.devtools.sandbox.api.updates import difference, new_metadata
from storefront.devtools.sandbox.ids import new_id, random_text
from storefront.devtools.sandbox.money import display
from storefront.devtools.sandbox.payments.cash import cash_balance, cash_of, move_cash
from storefront.devtools.sandbox.payments.charges import add_transaction
from storefront.devtools.sandbox.payments.disputes import charge_is_disputed
from storefront.devtools.sandbox.payments.early_fraud_warnings import close_warnings
from storefront.devtools.sandbox.payments.kinds import KINDS, Course, course_of
from storefront.devtools.sandbox.payments.presentment import presentment_of_refund
from storefront.devtools.sandbox.payments.stripe_test_cards import CARDS, RefundCourse
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


class RefundEnd(StrEnum):
    """How a refund may end after its first answer."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


_INSTRUCTIONS_SECONDS = 45 * 86_400
# How a refund ends that has not ended at once.
_LATER_ENDS = {RefundCourse.PENDING: RefundEnd.SUCCEEDED, RefundCourse.BOUNCES: RefundEnd.FAILED}
_FAILURE_REASONS = {RefundEnd.FAILED: "expired_or_canceled_card", RefundEnd.CANCELED: "merchant_request"}


def refund_charge(work: UnitOfWork, charge: Record, params: Json, course: RefundCourse | None = None) -> Json:
    """Refund with `params` as in `POST /v1/refunds`; return what Stripe answers before the bank has said a word.

    Without a course the test card or account decides, and the timer ends it; with one, it waits to be settled, and
    nobody is asked before `ask_buyer`.
    Raises Stripe's 400 when there is nothing, or not so much, left to refund, or a dispute is open.
    """
    amount = _check_amount(charge, params.get("amount"))
    _check_refundable(work, charge)
    chosen = course or _usual_course(work, charge)
    status = _first_status(charge, chosen, asks=course is None)
    refund = _add_refund(work, charge, amount, params, status=status)
    work.emit("refund.created", refund.body)
    _change_refunded(work, charge, amount)
    work.emit("charge.refunded", charge.body, _previous_refunded(charge, amount))
    if charge.body["refunded"]:
        close_warnings(work, charge)
    answer = {**refund.body}
    if chosen is RefundCourse.SUCCEEDS:
        _add_bank_reference(work, refund)
        return answer
    refund.private["end"] = _LATER_ENDS[chosen]
    work.records.save(refund)
    if course is None:
        work.settle_later("refund", refund.id)
    return answer


def can_settle(refund: Record, end: RefundEnd) -> bool:
    """Allow any end for a refund that is not through; one that has succeeded may still bounce."""
    status = refund.body["status"]
    return status in {"pending", "requires_action"} or (status == "succeeded" and end is RefundEnd.FAILED)


def usual_end(refund: Record) -> RefundEnd:
    """Return what the test card or account has in mind for a refund that is not through yet."""
    return RefundEnd(refund.private.get("end") or RefundEnd.SUCCEEDED)


def _members_of_status(work: UnitOfWork, charge: Record, params: Json, status: str) -> Json:
    if status == "requires_action":
        return _instructions(work, charge, params)
    return {"pending_reason": "processing"} if status == "pending" else {}


def _check_refundable(work: UnitOfWork, charge: Record) -> None:
    kind = KINDS[charge.body["payment_method_details"]["type"]]
    if not kind.is_refundable:
        raise invalid(f"Charge {charge.id} cannot be refunded: {kind.label} does not support refunds.")
    if charge_is_disputed(work, charge.id):
        raise invalid(f"Charge {charge.id} has been charged back; cannot issue a refund.", code="charge_disputed")


def settle_refund(work: UnitOfWork, refund: Record, end: RefundEnd) -> None:
    """Take the bank's last word. What failed or was canceled is no longer refunded."""
    work.drop_timer("refund", refund.id)
    refund.private.pop("end", None)
    previous = _end_waiting(refund)
    refund.body["status"] = end.value
    if end is RefundEnd.SUCCEEDED:
        work.records.save(refund)
        emit_update(work, refund, previous)
        _add_bank_reference(work, refund)
        return
    if refund.body["charge"] is None:
        _keep_cash(work, refund, previous)
        return
    back = add_transaction(
        work,
        amount=refund.body["amount"],
        currency=refund.body["currency"],
        kind="refund_failure",
        source=refund.id,
    )
    refund.body.update(failure_balance_transaction=back.id, failure_reason=_failure_reason(refund, end))
    previous.update(failure_balance_transaction=None, failure_reason=None)
    work.records.save(refund)
    _change_refunded(work, work.records.get("charge", refund.body["charge"]), -refund.body["amount"])
    work.emit("refund.updated", refund.body, previous)
    if end is RefundEnd.FAILED:
        work.emit("refund.failed", refund.body)
    work.emit("charge.refund.updated", refund.body, previous)


def ask_buyer(work: UnitOfWork, refund: Record) -> None:
    """Ask the buyer of a refund that Stripe looked at first where the money shall go."""
    previous = _end_waiting(refund)
    charge = work.records.get("charge", refund.body["charge"])
    refund.body.update(status="requires_action", **_instructions(work, charge, {}))
    work.records.save(refund)
    emit_update(work, refund, previous)


def _keep_cash(work: UnitOfWork, refund: Record, previous: Json) -> None:
    """Give cash that its bank did not take back to the balance that it came from."""
    customer = work.records.get("customer", refund.body["customer"])
    move_cash(work, customer, refund.body["currency"], refund.body["amount"], "return_canceled")
    refund.body["failure_reason"] = "declined"
    work.records.save(refund)
    work.emit("refund.updated", refund.body, {**previous, "failure_reason": None})
    work.emit("refund.failed", refund.body)


def _check_amount(charge: Record, wanted: int | None) -> int:
    """Return the wanted amount, or all that is left, in minor units."""
    body = charge.body
    if body["status"] != "succeeded":
        raise invalid(f"Charge {charge.id} did not succeed and cannot be refunded.")
    remainder = int(body["amount"] - body["amount_refunded"])
    if remainder == 0:
        raise invalid(f"Charge {charge.id} has already been refunded.", code="charge_already_refunded")
    amount = remainder if wanted is None else wanted
    if amount > remainder:
        raise _too_much(charge, amount, remainder)
    return amount


def _too_much(charge: Record, amount: int, remainder: int) -> StripeApiError:
    currency = charge.body["currency"]
    wanted, left = (
        display(amount, currency).removesuffix(" usd"),
        display(remainder, currency).removesuffix(" usd"),
    )
    return invalid(
        f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({left})", param="amount"
    )


def _usual_course(work: UnitOfWork, charge: Record) -> RefundCourse:
    kind = charge.body["payment_method_details"]["type"]
    if kind != "card":
        return RefundCourse.SUCCEEDS if course_of(kind) is Course.TRANSFER else RefundCourse.PENDING
    method = work.records.get("payment_method", charge.body["payment_method"])
    card = CARDS.get(method.private["number"])
    return card.refund if card else RefundCourse.SUCCEEDS


def _first_status(charge: Record, course: RefundCourse, *, asks: bool) -> str:
    """Return what Stripe answers first; a convenience store's buyer must say where the money goes."""
    if course is not RefundCourse.PENDING:
        return "succeeded"
    is_konbini = charge.body["payment_method_details"]["type"] == "konbini"
    return "requires_action" if asks and is_konbini else "pending"


def _end_waiting(refund: Record) -> Json:
    """Take away what a refund shows while it waits; return what it showed."""
    previous: Json = {"status": refund.body["status"]}
    if refund.body.pop("pending_reason", None) is not None:
        previous["pending_reason"] = "processing"
    if refund.body.get("next_action") is not None:
        previous["next_action"] = refund.body.pop("next_action")
    return previous


def _add_refund(work: UnitOfWork, charge: Record, amount: int, params: Json, *, status: str) -> Record:
    kind = charge.body["payment_method_details"]["type"]
    is_card = kind == "card"
    refund_id = new_id("re_3" if is_card else "pyr_3")
    transaction = add_transaction(
        work,
        amount=-amount,
        currency=charge.body["currency"],
        kind="refund" if is_card else "payment_refund",
        category="refund",
        source=refund_id,
    )
    body: Json = {
        "id": refund_id,
        "object": "refund",
        "amount": amount,
        "balance_transaction": transaction.id,
        "charge": charge.id,
        "created": work.now,
        "currency": charge.body["currency"],
        "customer": charge.body["customer"],
        "customer_account": None,
        "metadata": new_metadata(params),
        "payment_intent": charge.body["payment_intent"],
        "payment_method": charge.body["payment_method"],
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": status,
        "transfer_reversal": None,
        **_destination(kind),
    }
    body |= _members_of_status(work, charge, params, status)
    presentment = presentment_of_refund(charge.body, amount)
    if presentment is not None:
        body["presentment_details"] = presentment
    refund = work.records.add(body)
    if course_of(kind) is Course.TRANSFER:
        _give_back_cash(work, charge, refund)
    return refund


def _destination(kind: str) -> Json:
    """Return where the money goes, for the kinds that Stripe says it of."""
    details: dict[str, Json] = {
        "card": {
            "reference_status": "pending",
            "reference_type": "acquirer_reference_number",
            "type": "refund",
        },
        "klarna": {"reference": None, "reference_status": "pending"},
        "multibanco": {"reference": None, "reference_status": "pending"},
    }
    if course_of(kind) is Course.TRANSFER:
        return {"destination_details": {"customer_cash_balance": {}, "type": "customer_cash_balance"}}
    return {"destination_details": {kind: details[kind], "type": kind}} if kind in details else {}


def _instructions(work: UnitOfWork, charge: Record, params: Json) -> Json:
    """Return what asks the buyer by email where the money shall go."""
    email = params.get("instructions_email") or charge.body["billing_details"]["email"]
    if not email:
        raise missing("instructions_email")
    details = {
        "email_sent": {"email_sent_at": work.now, "email_sent_to": email},
        "expires_at": work.now + _INSTRUCTIONS_SECONDS,
    }
    action = {"type": "display_details", "display_details": details}
    return {"instructions_email": email, "next_action": action}


def _give_back_cash(work: UnitOfWork, charge: Record, refund: Record) -> None:
    customer = work.records.get("customer", charge.body["customer"])
    currency, amount = refund.body["currency"], refund.body["amount"]
    about = {"refund": refund.id}
    move_cash(work, customer, currency, amount, "refunded_from_payment", refunded_from_payment=about)
    work.emit("cash_balance.funds_available", cash_balance(customer))


def return_cash(work: UnitOfWork, customer: Record, params: Json) -> Json:
    """Send cash of the balance back to the customer's bank: `origin=customer_balance` of `POST /v1/refunds`."""
    amount, currency = params["amount"], params["currency"].lower()
    if amount > cash_of(customer, currency):
        raise invalid("The customer's cash balance has less than this amount.", param="amount")
    move_cash(work, customer, currency, -amount, "return_initiated")
    refund = work.records.add(
        {
            "id": new_id("pyr_3"),
            "object": "refund",
            "amount": amount,
            "balance_transaction": None,
            "charge": None,
            "created": work.now,
            "currency": currency,
            "customer": customer.id,
            "customer_account": None,
            "metadata": new_metadata(params),
            "payment_intent": None,
            "payment_method": None,
            "reason": params.get("reason"),
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "pending",
            "transfer_reversal": None,
            "pending_reason": "processing",
        }
    )
    work.emit("refund.created", refund.body)
    work.settle_later("refund", refund.id)
    return refund.body


def _change_refunded(work: UnitOfWork, charge: Record, amount: int) -> None:
    charge.body["amount_refunded"] += amount
    charge.body["refunded"] = charge.body["amount_refunded"] == charge.body["amount"]
    work.records.save(charge)


def _previous_refunded(charge: Record, amount: int) -> Json:
    previous: Json = {"amount_refunded": charge.body["amount_refunded"] - amount}
    if charge.body["refunded"]:
        previous["refunded"] = False
    return previous


def _add_bank_reference(work: UnitOfWork, refund: Record) -> None:
    """Add the bank's reference, where the kind has one, as the last event; at Stripe it comes days later."""
    kind = refund.body.get("destination_details", {}).get("type")
    if kind not in {"card", "klarna", "multibanco"}:
        return
    old = refund.body["destination_details"][kind]
    known = {**old, "reference": random_text(23), "reference_status": "available"}
    refund.body["destination_details"] = {kind: known, "type": kind}
    work.records.save(refund)
    emit_update(work, refund, {"destination_details": {kind: difference(old, known)}})


def emit_update(work: UnitOfWork, refund: Record, previous: Json) -> None:
    work.emit("refund.updated", refund.body, previous)
    work.emit("charge.refund.updated", refund.body, previous)


def _failure_reason(refund: Record, end: RefundEnd) -> str:
    is_card = refund.body.get("destination_details", {}).get("type") == "card"
    is_bank = end is RefundEnd.FAILED and not is_card
    return "declined" if is_bank else _FAILURE_REASONS[end]
