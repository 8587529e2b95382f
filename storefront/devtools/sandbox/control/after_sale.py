"""`/_sandbox/…`: what a bank, a buyer or the person at Stripe's dashboard would do after the sale."""

from flask import Blueprint, Response, jsonify

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.control.request_data import (
    choice,
    find_or_refuse,
    json_body,
    oldest_first,
    positive_number,
)
from storefront.devtools.sandbox.payments.dispute_evidence import find_verdict
from storefront.devtools.sandbox.payments.disputes import REASONS, STATUSES, move_dispute, open_dispute
from storefront.devtools.sandbox.payments.early_fraud_warnings import FRAUD_TYPES, warn
from storefront.devtools.sandbox.payments.payouts import pay_out_available
from storefront.devtools.sandbox.payments.refunds import (
    RefundEnd,
    ask_buyer,
    can_settle,
    refund_charge,
    settle_refund,
    usual_end,
)
from storefront.devtools.sandbox.payments.stripe_test_cards import RefundCourse
from storefront.devtools.sandbox.storage.store import current_store
from storefront.devtools.sandbox.tax.customer_tax_ids import verify

after_sale = Blueprint("after_sale", __name__)


@after_sale.get("/charges")
def charges() -> Response:
    """Return what was paid, oldest first, each with its newest dispute."""
    with current_store().work() as work:
        paid = [record for record in oldest_first(work, "charge") if record.body["status"] == "succeeded"]
        newest_disputes = {record.body["charge"]: record.body for record in oldest_first(work, "dispute")}
    return jsonify(data=[{**record.body, "dispute": newest_disputes.get(record.id)} for record in paid])


@after_sale.post("/charges/<charge_id>/refund")
def refund(charge_id: str) -> Response:
    """`{"amount": 500, "reason": …, "outcome": "succeeded" | "pending" | "failed"}`, all optional.

    `pending` waits for `/refunds/<id>/settle`; `failed` has succeeded first, as a refund that bounces does.
    """
    given = json_body()
    outcome = choice(given, "outcome", tuple(RefundCourse))
    course = None if outcome is None else RefundCourse(outcome)
    params = {
        "amount": positive_number(given, "amount"),
        "reason": choice(given, "reason", ("duplicate", "fraudulent", "requested_by_customer")),
    }
    with current_store().work() as work:
        charge = find_or_refuse(work, "charge", charge_id)
        refunded = work.records.get("refund", refund_charge(work, charge, params, course)["id"])
        if course is RefundCourse.BOUNCES:
            settle_refund(work, refunded, RefundEnd.FAILED)
        return jsonify(refunded.body)


@after_sale.post("/refunds/<refund_id>/settle")
def settle(refund_id: str) -> Response:
    """`{"result": "succeeded" | "failed" | "canceled"}`; without a result the test card or account decides."""
    result = choice(json_body(), "result", tuple(RefundEnd))
    with current_store().work() as work:
        pending = find_or_refuse(work, "refund", refund_id)
        end = usual_end(pending) if result is None else RefundEnd(result)
        if not can_settle(pending, end):
            raise invalid(f"This refund is {pending.body['status']} and cannot become {end}.")
        settle_refund(work, pending, end)
        return jsonify(pending.body)


@after_sale.post("/refunds/<refund_id>/ask")
def ask(refund_id: str) -> Response:
    """Ask the buyer of a pending refund by email where the money shall go."""
    with current_store().work() as work:
        pending = find_or_refuse(work, "refund", refund_id)
        if pending.body["status"] != "pending" or pending.body["charge"] is None:
            raise invalid(f"This refund is {pending.body['status']} and asks nobody.")
        ask_buyer(work, pending)
        return jsonify(pending.body)


@after_sale.post("/charges/<charge_id>/dispute")
def dispute(charge_id: str) -> Response:
    """`{"reason": "fraudulent", "status": "needs_response"}`, or any later status, with all events up to it."""
    given = json_body()
    reason, status = choice(given, "reason", REASONS), choice(given, "status", STATUSES)
    with current_store().work() as work:
        charge = find_or_refuse(work, "charge", charge_id)
        opened = open_dispute(work, charge, reason=reason or "fraudulent", status=status or "needs_response")
        return jsonify(opened.body)


@after_sale.post("/disputes/<dispute_id>/move")
def move(dispute_id: str) -> Response:
    """`{"status": "won"}`; without a status what the evidence's magic words ask for."""
    status = choice(json_body(), "status", STATUSES)
    with current_store().work() as work:
        moved = find_or_refuse(work, "dispute", dispute_id)
        next_status = status or find_verdict(moved)
        if next_status is None:
            raise ValueError("status is missing, and no evidence decides this dispute")
        move_dispute(work, moved, next_status)
        return jsonify(moved.body)


@after_sale.post("/charges/<charge_id>/fraud_warning")
def fraud_warning(charge_id: str) -> Response:
    """`{"fraud_type": "misc"}`: the issuer suspects fraud, and nobody has disputed yet."""
    fraud_type = choice(json_body(), "fraud_type", FRAUD_TYPES)
    with current_store().work() as work:
        charge = find_or_refuse(work, "charge", charge_id)
        return jsonify(warn(work, charge, fraud_type or "misc").body)


@after_sale.post("/payouts")
def payouts() -> Response:
    """Pay out what is available, as Stripe does by schedule: one payout for each currency that has money."""
    with current_store().work() as work:
        return jsonify(data=[payout.body for payout in pay_out_available(work)])


@after_sale.post("/tax_ids/<tax_id>/verify")
def verify_tax_id(tax_id: str) -> Response:
    """`{"status": "verified" | "unverified"}`; without a status the number decides."""
    status = choice(json_body("status"), "status", ("verified", "unverified"))
    with current_store().work() as work:
        record = find_or_refuse(work, "tax_id", tax_id)
        verify(work, record, status)
        return jsonify(record.body)
