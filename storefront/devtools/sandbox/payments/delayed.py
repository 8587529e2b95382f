"""Payments whose money comes later: debits, vouchers and bank transfers, from the Pay button to their end."""

from storefront.devtools.sandbox.api.errors import missing
from storefront.devtools.sandbox.api.members import inner
from storefront.devtools.sandbox.payments.bank_transfers import instructions
from storefront.devtools.sandbox.payments.cash import cash_of, move_cash
from storefront.devtools.sandbox.payments.charges import mark_bank_failure, mark_succeeded, new_charge
from storefront.devtools.sandbox.payments.declines import BANK_FAILURES
from storefront.devtools.sandbox.payments.kinds import Course, course_of
from storefront.devtools.sandbox.payments.mandates import add_mandate, update_mandate
from storefront.devtools.sandbox.payments.outcomes import succeed
from storefront.devtools.sandbox.payments.payment_methods import get_account
from storefront.devtools.sandbox.payments.vouchers import MULTIBANCO_GRACE_SECONDS, drop_plan, next_action, plan
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_EXPIRED = {
    "code": "payment_intent_payment_attempt_expired",
    "message": "The voucher of this payment was not paid in time.",
}


def start_debit(work: UnitOfWork, intent: Record, method: Record) -> Record:
    """Make the charge of a bank debit, whose money comes days later or never."""
    mandate = add_mandate(work, method, intent)
    charge = new_charge(work, intent, method, status="pending", authenticated=False, mandate=mandate.id)
    work.records.add(charge.body, charge.private)
    intent.body.update(status="processing", latest_charge=charge.id)
    work.records.save(intent)
    work.emit("payment_intent.processing", intent.body)
    work.emit("charge.pending", charge.body)
    if get_account(method).settles:
        work.settle_later("settle", intent.id)
    return charge


def start_voucher(work: UnitOfWork, intent: Record, method: Record) -> None:
    """Show the buyer what to pay and where; there is no charge before it is paid."""
    action = next_action(work, intent, method)
    intent.private["voucher"] = action
    intent.body.update(status="requires_action", next_action=action)
    work.records.save(intent)
    work.emit("payment_intent.requires_action", intent.body)
    plan(work, intent, method)


def start_transfer(work: UnitOfWork, intent: Record, method: Record) -> Record | None:
    """Take what the customer's cash balance has; show where to send the rest."""
    if intent.body["customer"] is None:
        raise missing("customer")
    intent.private["funded"] = 0
    return apply_cash(work, intent, method, is_first=True)


def apply_cash(work: UnitOfWork, intent: Record, method: Record, *, is_first: bool = False) -> Record | None:
    """Use the customer's cash for this payment; return the charge once all of it is there."""
    amount, currency = intent.body["amount"], intent.body["currency"]
    customer = work.records.get("customer", intent.body["customer"])
    taken = min(cash_of(customer, currency), amount - intent.private["funded"])
    if taken:
        about = {"payment_intent": intent.id}
        move_cash(work, customer, currency, -taken, "applied_to_payment", applied_to_payment=about)
        intent.private["funded"] += taken
    if intent.private["funded"] == amount:
        return _pay(work, intent, method)
    action = instructions(work, intent, customer, remaining=amount - intent.private["funded"])
    intent.body.update(status="requires_action", next_action=action)
    work.records.save(intent)
    if is_first:
        work.emit("payment_intent.requires_action", intent.body)
    if taken:
        work.emit("payment_intent.partially_funded", intent.body)
    return None


def take_back_funds(work: UnitOfWork, intent: Record) -> None:
    """Give what a canceled payment has received back to its customer's cash balance."""
    funded = intent.private.get("funded") or 0
    if funded and intent.body["status"] != "succeeded":
        customer = work.records.get("customer", intent.body["customer"])
        about = {"payment_intent": intent.id}
        move_cash(
            work,
            customer,
            intent.body["currency"],
            funded,
            "unapplied_from_payment",
            unapplied_from_payment=about,
        )
        intent.private["funded"] = 0


def _pay(work: UnitOfWork, intent: Record, method: Record) -> Record:
    charge = new_charge(work, intent, method, status="succeeded", authenticated=False)
    mark_succeeded(charge)
    work.records.add(charge.body, charge.private)
    succeed(work, intent, charge)
    return charge


def can_settle(intent: Record) -> bool:
    """Tell whether the payment waits for a bank, or for somebody who pays its voucher."""
    action = intent.body["next_action"] or {"type": ""}
    shows_voucher = str(action["type"]).endswith("_display_details")
    status = str(intent.body["status"])
    return status == "processing" or (status == "requires_action" and shows_voucher)


def settle(
    work: UnitOfWork, intent: Record, *, succeeds: bool | None = None, failure: str | None = None
) -> Record | None:
    """End a debit or a voucher; return its charge, which an unpaid voucher has none of.

    `None` lets the test account or address decide; `failure` is the bank's code.
    """
    method = work.records.get("payment_method", intent.body["payment_method"])
    drop_plan(work, intent)
    if course_of(method.body["type"]) is Course.VOUCHER:
        if succeeds is not False:
            return _pay(work, intent, method)
        _fail(work, intent, {**_EXPIRED, "payment_method": method.body})
        return None
    return _settle_debit(work, intent, method, succeeds, failure)


def failed_method(work: UnitOfWork, intent: Record) -> Record | None:
    """Return what the payment was tried with that came to nothing; None where it did not fail."""
    tried = inner(intent.body, "last_payment_error", "payment_method") or {}
    if intent.body["status"] != "requires_payment_method" or "id" not in tried:
        return None
    return work.records.find("payment_method", tried["id"])


def pay_after_failure(work: UnitOfWork, intent: Record, method: Record) -> Record:
    """Pay what has failed by a new charge: Stripe's documents rule it out, and a shop should not lose it."""
    intent.body["payment_method"] = method.id
    return _pay(work, intent, method)


def _settle_debit(
    work: UnitOfWork, intent: Record, method: Record, succeeds: bool | None, failure: str | None
) -> Record:
    charge = work.records.get("charge", intent.body["latest_charge"])
    planned = failure or get_account(method).failure
    is_success = planned is None if succeeds is None else succeeds
    _tell_mandate(work, charge, "accepted" if is_success else "revoked")
    if is_success:
        mark_succeeded(charge)
        work.records.save(charge)
        succeed(work, intent, charge)
        return charge
    mark_bank_failure(charge, planned or "generic_could_not_process")
    work.records.save(charge)
    work.emit("charge.failed", charge.body)
    _fail(work, intent, _bank_error(charge, method))
    return charge


def _bank_error(charge: Record, method: Record) -> Json:
    return {
        "charge": charge.id,
        "code": "payment_intent_payment_attempt_failed",
        "message": BANK_FAILURES[charge.body["failure_code"]],
        "payment_method": method.body,
    }


def _tell_mandate(work: UnitOfWork, charge: Record, status: str) -> None:
    """Let a Bacs mandate follow its first payment; other banks say nothing of theirs."""
    details = charge.body["payment_method_details"]
    if details["type"] == "bacs_debit":
        mandate = work.records.get("mandate", details["bacs_debit"]["mandate"])
        if mandate.body["status"] == "pending":
            update_mandate(work, mandate, status)


def _fail(work: UnitOfWork, intent: Record, known: Json) -> None:
    code = known["code"].replace("_", "-")
    error = {"doc_url": f"https://stripe.com/docs/error-codes/{code}", "type": "invalid_request_error", **known}
    intent.body.update(
        status="requires_payment_method", payment_method=None, next_action=None, last_payment_error=error
    )
    work.records.save(intent)
    work.emit("payment_intent.payment_failed", intent.body)


def end_voucher(work: UnitOfWork, intent: Record) -> bool:
    """Take a voucher's last hour; return whether the payment has failed now.

    Multibanco first waits a few days more for money that is on its way.
    """
    method = work.records.get("payment_method", intent.body["payment_method"])
    if method.body["type"] != "multibanco" or intent.body["status"] == "processing":
        return True
    intent.body.update(status="processing", next_action=None)
    work.records.save(intent)
    work.emit("payment_intent.processing", intent.body)
    work.set_timer("voucher", intent.id, work.now + MULTIBANCO_GRACE_SECONDS)
    return False
