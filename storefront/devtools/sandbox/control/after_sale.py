"""`/_sandbox/…`: what a bank, a buyer or the person at Stripe's dashboard would do after the sale."""

from flask import Blueprint, Response, jsonify

from storefront.devtools.sandbox.api.errors import invalid
from storefront.devtools.sandbox.control.request_data import choice, find_or_refuse, json_body
from storefront.devtools.sandbox.payments.dispute_evidence import find_verdict
from storefront.devtools.sandbox.payments.disputes import REASONS, STATUSES, move_dispute, open_dispute
from storefront.devtools.sandbox.payments.early_fraud_warnings import FRAUD_TYPES, warn
from storefront.devtools.sandbox.payments.refunds import (
    RefundEnd,
    can_settle,
    refund_charge,
    settle_refund,
    usual_end,
)
from storefront.devtools.sandbox.payments.stripe_test_cards import RefundCourse
from storefront.devtools.sandbox.storage.records import Query
from storefront.devtools.sandbox.storage.store import current_store

# Inside `control`, whose guard and error answers hold here too.
after_sale = Blueprint("after_sale", __name__)


@after_sale.get("/charges")
def charges() -> Response:
    """What was paid, oldest first, each with its newest dispute."""
    with current_store().work() as work:
        found, _ = work.records.page(Query(kind="charge", limit=100_000))
        disputes, _ = work.records.page(Query(kind="dispute", limit=100_000))
    newest = {each.body["charge"]: each.body for each in reversed(disputes)}
    return jsonify(
        data=[
            {**record.body, "dispute": newest.get(record.id)}
            for record in reversed(found)
            if record.body["status"] == "succeeded"
        ]
    )


@after_sale.post("/charges/<charge_id>/refund")
def refund(charge_id: str) -> Response:
    """`{"amount": 500, "reason": …, "outcome": "succeeded" | "pending" | "failed"}`, all optional.

    `pending` waits for `/refunds/<id>/settle`; `failed` has succeeded first, as a refund that bounces does.
    """
    given = json_body()
    amount, outcome = given.get("amount"), choice(given, "outcome", tuple(RefundCourse))
    if amount is not None and (isinstance(amount, bool) or not isinstance(amount, int) or amount < 1):
        raise ValueError("amount must be a positive whole number")
    reason = choice(given, "reason", ("duplicate", "fraudulent", "requested_by_customer"))
    params = {"amount": amount, "reason": reason}
    with current_store().work() as work:
        charge = find_or_refuse(work, "charge", charge_id)
        course = None if outcome is None else RefundCourse(outcome)
        made = work.records.get("refund", refund_charge(work, charge, params, course)["id"])
        if course is RefundCourse.BOUNCES:
            settle_refund(work, made, RefundEnd.FAILED)
        return jsonify(made.body)


@after_sale.post("/refunds/<refund_id>/settle")
def settle(refund_id: str) -> Response:
    """`{"result": "succeeded" | "failed" | "canceled"}`; without a result the test card or account decides."""
    result = choice(json_body(), "result", tuple(RefundEnd))
    with current_store().work() as work:
        found = find_or_refuse(work, "refund", refund_id)
        end = usual_end(found) if result is None else RefundEnd(result)
        if not can_settle(found, end):
            raise invalid(f"This refund is {found.body['status']} and cannot become {end}.")
        settle_refund(work, found, end)
        return jsonify(found.body)


@after_sale.post("/charges/<charge_id>/dispute")
def dispute(charge_id: str) -> Response:
    """`{"reason": "fraudulent", "status": "needs_response"}`, or any later status, with all events up to it."""
    given = json_body()
    reason, status = choice(given, "reason", REASONS), choice(given, "status", STATUSES)
    with current_store().work() as work:
        charge = find_or_refuse(work, "charge", charge_id)
        made = open_dispute(work, charge, reason=reason or "fraudulent", status=status or "needs_response")
        return jsonify(made.body)


@after_sale.post("/disputes/<dispute_id>/move")
def move(dispute_id: str) -> Response:
    """`{"status": "won"}`; without a status what the evidence's magic words ask for."""
    status = choice(json_body(), "status", STATUSES)
    with current_store().work() as work:
        found = find_or_refuse(work, "dispute", dispute_id)
        wanted = status or find_verdict(found)
        if wanted is None:
            raise ValueError("status is missing, and no evidence decides this dispute")
        move_dispute(work, found, wanted)
        return jsonify(found.body)


@after_sale.post("/charges/<charge_id>/fraud_warning")
def fraud_warning(charge_id: str) -> Response:
    """`{"fraud_type": "misc"}`: the issuer suspects fraud, and nobody has disputed yet."""
    fraud_type = choice(json_body(), "fraud_type", FRAUD_TYPES)
    with current_store().work() as work:
        charge = find_or_refuse(work, "charge", charge_id)
        return jsonify(warn(work, charge, fraud_type or "misc").body)
