"""How a Checkout Session ends: paid, waiting for the bank, free, or expired."""

from storefront.devtools.sandbox.api.addresses import full_address
from storefront.devtools.sandbox.api.members import inner
from storefront.devtools.sandbox.checkout.collected import names_of
from storefront.devtools.sandbox.checkout.intents import cancel_intent
from storefront.devtools.sandbox.checkout.invoices import add_invoice, announce_invoice
from storefront.devtools.sandbox.checkout.payer import Payer, ensure_customer, payer_from
from storefront.devtools.sandbox.checkout.payment_links import count_completion
from storefront.devtools.sandbox.checkout.recovery import add_recovery
from storefront.devtools.sandbox.checkout.saved_methods import keep_method
from storefront.devtools.sandbox.checkout.session_body import requires_terms
from storefront.devtools.sandbox.checkout.typed_fields import write_typed
from storefront.devtools.sandbox.payments import payment_intents
from storefront.devtools.sandbox.payments.delayed import end_voucher, pay_after_failure, settle
from storefront.devtools.sandbox.payments.funding import fund
from storefront.devtools.sandbox.resources.coupons import count_redemption
from storefront.devtools.sandbox.resources.promotion_codes import count_code_redemption
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork
from storefront.devtools.sandbox.tax.customer_tax_ids import keep_tax_ids


def complete(work: UnitOfWork, session: Record, payer: Payer, payment_status: str, intent: Record | None) -> None:
    """Close the session: the buyer is done; whether the money is there is another matter."""
    body = session.body
    body.update(
        status="complete",
        payment_status=payment_status,
        url=None,
        payment_intent=None if intent is None else intent.id,
        customer=ensure_customer(work, session, payer),
        customer_details=_customer_details(work, session, payer),
        collected_information={**names_of(session), "shipping_details": None},
    )
    if body["consent_collection"] is not None:
        body["consent"] = _consent(body)
    if payment_status == "paid":
        add_invoice(work, session, payer)
    keep_method(work, session, intent)
    session.private["completed_at"] = work.now
    work.drop_timer("expire", session.id)
    work.records.save(session)
    _count_discount(work, session)
    work.emit("checkout.session.completed", body)
    announce_invoice(work, session)
    _tell_customer_and_link(work, body, payer)


def _tell_customer_and_link(work: UnitOfWork, body: Json, payer: Payer) -> None:
    if body["customer"] is not None:
        keep_tax_ids(work, body["customer"], payer.tax_ids, payer.name)
    if body["payment_link"] is not None:
        count_completion(work, body["payment_link"])


def _customer_details(work: UnitOfWork, session: Record, payer: Payer) -> Json:
    customer = work.records.find("customer", session.body["customer"] or "")
    return {
        **names_of(session),
        "address": full_address(payer.address),
        "email": payer.email,
        "name": payer.name,
        "phone": write_typed(session),
        "tax_exempt": customer.body["tax_exempt"] if customer else "none",
        "tax_ids": list(payer.tax_ids),
    }


def _consent(body: Json) -> Json:
    return {
        "promotions": inner(body, "consent", "promotions"),
        "terms_of_service": "accepted" if requires_terms(body) else None,
    }


def _count_discount(work: UnitOfWork, session: Record) -> None:
    if session.private["promotion_code"] is not None:
        count_code_redemption(work, session.private["promotion_code"])
    if session.private["coupon"] is not None:
        count_redemption(work, session.private["coupon"])


def settle_payment(
    work: UnitOfWork, intent: Record, *, succeeds: bool | None = None, failure: str | None = None
) -> None:
    """Let a debit or a voucher end, and tell the session it paid for."""
    _end_late(work, intent, settle(work, intent, succeeds=succeeds, failure=failure))


def settle_after_failure(work: UnitOfWork, intent: Record, method: Record) -> None:
    """Let money come for a session whose payment has failed."""
    _end_late(work, intent, pay_after_failure(work, intent, method))


def end_voucher_of(work: UnitOfWork, intent: Record) -> None:
    """Take the hour at which a voucher can no longer be paid."""
    if end_voucher(work, intent):
        settle_payment(work, intent, succeeds=False)


def receive_transfer(
    work: UnitOfWork, customer: Record, amount: int, currency: str, reference: str | None
) -> Record:
    """Let a bank transfer arrive, and tell the sessions that are paid by it; return its transaction."""
    arrived, paid = fund(work, customer, amount, currency, reference)
    for intent, charge in paid:
        _end_late(work, intent, charge)
    return arrived


def _end_late(work: UnitOfWork, intent: Record, charge: Record | None) -> None:
    session_id = intent.private.get("session")
    if session_id is not None:
        is_paid = charge is not None and charge.body["status"] == "succeeded"
        _emit_debit_result(work, work.records.get("checkout.session", session_id), is_paid=is_paid)
    if charge is not None:
        payment_intents.book_charge(work, charge)


def _emit_debit_result(work: UnitOfWork, session: Record, *, is_paid: bool) -> None:
    if is_paid:
        session.body["payment_status"] = "paid"
        add_invoice(work, session, payer_from(session.private["payer"]))
        work.records.save(session)
    work.emit(f"checkout.session.async_payment_{'succeeded' if is_paid else 'failed'}", session.body)
    announce_invoice(work, session)


def expire(work: UnitOfWork, session: Record) -> None:
    session.body.update(status="expired", url=None)
    add_recovery(work, session)
    work.drop_timer("expire", session.id)
    work.records.save(session)
    work.emit("checkout.session.expired", session.body)
    cancel_intent(work, session)
